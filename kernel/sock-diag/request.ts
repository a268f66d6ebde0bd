import { IPPROTO_TCP } from '../libc.ts'
import {
  ANY_FAMILY,
  ATTRIBUTE_HEADER_BYTES,
  attribute,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_HEADER_BYTES,
  REQUEST_BYTES,
  SOCK_DIAG_BY_FAMILY,
  TCPDIAG_GETSOCK,
  TCPDIAG_REQUEST_BYTES,
} from './layout.ts'

/** What to dump. */
export interface DumpQuery {
  /** AF_INET, AF_INET6, or ANY_FAMILY for both in one walk. */
  family: number
  /** IPPROTO_TCP (the default) or IPPROTO_UDP; ANY_FAMILY knows only TCP. */
  protocol?: number
  /** `1 << state` for each state wanted; see `states`. */
  states: number
  /** Attributes wanted; see `wants`. 0 for the bare records. */
  wants?: number
  /** Only sockets with this own port: cheaper than bytecode. */
  port?: number
  /** A filter made by the functions of bytecode.ts. */
  filter?: Buffer
}

/** The bytes of a dump request: nlmsghdr, the question, and the filter as an attribute. The sequence number is at byte 8. */
export function dumpRequest(query: DumpQuery): Buffer {
  const question = query.family === ANY_FAMILY ? questionForAny(query) : questionForOne(query)
  const filterBytes = query.filter === undefined ? 0 : ATTRIBUTE_HEADER_BYTES + query.filter.length
  const bytes = Buffer.alloc(NLMSG_HEADER_BYTES + question.length + filterBytes)
  bytes.writeUInt32LE(bytes.length, 0)
  bytes.writeUInt16LE(query.family === ANY_FAMILY ? TCPDIAG_GETSOCK : SOCK_DIAG_BY_FAMILY, 4)
  bytes.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6)
  question.copy(bytes, NLMSG_HEADER_BYTES)
  if (query.filter !== undefined) {
    const at = NLMSG_HEADER_BYTES + question.length
    bytes.writeUInt16LE(filterBytes, at)
    bytes.writeUInt16LE(attribute.bytecode, at + 2)
    query.filter.copy(bytes, at + ATTRIBUTE_HEADER_BYTES)
  }
  return bytes
}

/** struct inet_diag_req_v2: family, protocol, attributes, states, then the socket's name. */
function questionForOne({ family, protocol = IPPROTO_TCP, states, wants = 0, port = 0 }: DumpQuery): Buffer {
  const bytes = Buffer.alloc(REQUEST_BYTES)
  bytes[0] = family
  bytes[1] = protocol
  bytes[2] = wants
  bytes.writeUInt32LE(states >>> 0, 4)
  bytes.writeUInt16BE(port, 8)
  bytes.fill(0xff, 48, 56) // no cookie
  return bytes
}

/** struct inet_diag_req: a family that the kernel ignores (inet_diag_dump_compat), attributes, name, states. */
function questionForAny({ states, wants = 0, port = 0 }: DumpQuery): Buffer {
  const bytes = Buffer.alloc(TCPDIAG_REQUEST_BYTES)
  bytes[3] = wants
  bytes.writeUInt16BE(port, 4)
  bytes.fill(0xff, 44, 52)
  bytes.writeUInt32LE(states >>> 0, 52)
  return bytes
}
