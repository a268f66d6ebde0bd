import { IPPROTO_TCP } from '../libc.ts'
import {
  ATTRIBUTE_HEADER_BYTES,
  attribute,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_HEADER_BYTES,
  REQUEST_BYTES,
  SOCK_DIAG_BY_FAMILY,
} from './layout.ts'

/** What to dump. */
export interface DumpQuery {
  /** AF_INET or AF_INET6: the kernel answers for one family at a time. */
  family: number
  /** `1 << state` for each state wanted; see `states`. */
  states: number
  /** Attributes wanted; see `wants`. 0 for the bare records. */
  wants?: number
  /** Only sockets with this own port: cheaper than bytecode. */
  port?: number
  /** A filter made by the functions of bytecode.ts. */
  filter?: Buffer
}

/** The bytes of a dump request: nlmsghdr, inet_diag_req_v2, and the filter as an attribute. The sequence number is at byte 8. */
export function dumpRequest(query: DumpQuery): Buffer {
  const filterBytes = query.filter === undefined ? 0 : ATTRIBUTE_HEADER_BYTES + query.filter.length
  const bytes = Buffer.alloc(NLMSG_HEADER_BYTES + REQUEST_BYTES + filterBytes)
  bytes.writeUInt32LE(bytes.length, 0)
  bytes.writeUInt16LE(SOCK_DIAG_BY_FAMILY, 4)
  bytes.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6)
  bytes[16] = query.family
  bytes[17] = IPPROTO_TCP
  bytes[18] = query.wants ?? 0
  bytes.writeUInt32LE(query.states >>> 0, 20)
  bytes.writeUInt16BE(query.port ?? 0, 24)
  bytes.fill(0xff, 64, 72) // no cookie
  if (query.filter !== undefined) {
    const at = NLMSG_HEADER_BYTES + REQUEST_BYTES
    bytes.writeUInt16LE(filterBytes, at)
    bytes.writeUInt16LE(attribute.bytecode, at + 2)
    query.filter.copy(bytes, at + ATTRIBUTE_HEADER_BYTES)
  }
  return bytes
}
