import { AF_INET, AF_INET6, IPPROTO_RAW, IPPROTO_TCP } from '../libc.ts'
import {
  ANY_FAMILY,
  ATTRIBUTE_HEADER_BYTES,
  attribute,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_HEADER_BYTES,
  REQUEST_BYTES,
  REQUEST_PROTOCOL,
  SOCK_DIAG_BY_FAMILY,
  states,
  TCPDIAG_GETSOCK,
  TCPDIAG_REQUEST_BYTES,
} from './layout.ts'

/** What to dump. */
export interface DumpQuery {
  /** AF_INET, AF_INET6, or ANY_FAMILY for both in one walk. */
  family: number
  /** IPPROTO_TCP (the default), IPPROTO_UDP or IPPROTO_MPTCP; ANY_FAMILY knows only TCP. */
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

/** The largest that fits into the byte that a request has for it. */
const MOST_IN_A_BYTE = 255

/** The bytes of a dump request: nlmsghdr, the question, then attributes. The sequence number is at byte 8. */
export function dumpRequest(query: DumpQuery): Buffer {
  const { family, protocol = IPPROTO_TCP, filter } = query
  const header = Buffer.alloc(NLMSG_HEADER_BYTES)
  const bytes = Buffer.concat([
    header,
    family === ANY_FAMILY ? questionForAny(query) : questionForOne(query),
    ...(protocol > MOST_IN_A_BYTE ? [attributeOf(REQUEST_PROTOCOL, u32(protocol))] : []),
    ...(filter === undefined ? [] : [attributeOf(attribute.bytecode, filter)]),
  ])
  bytes.writeUInt32LE(bytes.length, 0)
  bytes.writeUInt16LE(family === ANY_FAMILY ? TCPDIAG_GETSOCK : SOCK_DIAG_BY_FAMILY, 4)
  bytes.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6)
  return bytes
}

/** What names a listening socket. */
export interface ListenerName {
  /** 4 bytes for AF_INET, 16 for AF_INET6. */
  addressBytes: Buffer
  port: number
  /** Of the device that it is bound to, 0 for none. */
  interfaceIndex: number
  cookie: bigint
}

/**
 * The bytes of requests for single listeners, one message after the other, each `LOOK_BYTES` long with its sequence number at
 * byte 8. Each is answered by one message: a record, or ENOENT.
 */
export function lookRequest(names: readonly ListenerName[]): Buffer {
  return Buffer.concat(
    names.map(({ addressBytes, port, interfaceIndex, cookie }) => {
      const bytes = Buffer.alloc(LOOK_BYTES)
      bytes.writeUInt32LE(LOOK_BYTES, 0)
      bytes.writeUInt16LE(SOCK_DIAG_BY_FAMILY, 4)
      bytes.writeUInt16LE(NLM_F_REQUEST, 6)
      // struct inet_diag_req_v2: who calls is left at no address and no port, which no connection has.
      bytes[NLMSG_HEADER_BYTES] = addressBytes.length === 4 ? AF_INET : AF_INET6
      bytes[NLMSG_HEADER_BYTES + 1] = IPPROTO_TCP
      bytes.writeUInt32LE(states.listen, NLMSG_HEADER_BYTES + 4)
      bytes.writeUInt16BE(port, NLMSG_HEADER_BYTES + 8)
      addressBytes.copy(bytes, NLMSG_HEADER_BYTES + 12)
      bytes.writeUInt32LE(interfaceIndex, NLMSG_HEADER_BYTES + 44)
      bytes.writeBigUInt64LE(cookie, NLMSG_HEADER_BYTES + 48)
      return bytes
    }),
  )
}

/** A message that asks for one socket. */
export const LOOK_BYTES = NLMSG_HEADER_BYTES + REQUEST_BYTES

function attributeOf(type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(ATTRIBUTE_HEADER_BYTES)
  header.writeUInt16LE(ATTRIBUTE_HEADER_BYTES + payload.length)
  header.writeUInt16LE(type, 2)
  return Buffer.concat([header, payload])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** struct inet_diag_req_v2: family, protocol, attributes, states, then the socket's name. */
function questionForOne({ family, protocol = IPPROTO_TCP, states, wants = 0, port = 0 }: DumpQuery): Buffer {
  const bytes = Buffer.alloc(REQUEST_BYTES)
  bytes[0] = family
  // A kernel that does not know the attribute with the rest of the number looks for raw sockets, and none of them listens.
  bytes[1] = protocol > MOST_IN_A_BYTE ? IPPROTO_RAW : protocol
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
