import { AF_UNIX } from '../libc.ts'
import { NLM_F_DUMP, NLM_F_REQUEST, NLMSG_HEADER_BYTES, SOCK_DIAG_BY_FAMILY, states } from './layout.ts'
import { UNIX_REQUEST_BYTES, unixWants } from './unix-layout.ts'

/**
 * The bytes that ask for every listening UNIX socket, with name, queue and user (struct unix_diag_req). The kernel walks all
 * UNIX sockets of the namespace, and copies only those that listen. The sequence number is at byte 8.
 */
export function unixListenersRequest(): Buffer {
  const bytes = Buffer.alloc(NLMSG_HEADER_BYTES + UNIX_REQUEST_BYTES)
  bytes.writeUInt32LE(bytes.length, 0)
  bytes.writeUInt16LE(SOCK_DIAG_BY_FAMILY, 4)
  bytes.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6)
  bytes[NLMSG_HEADER_BYTES] = AF_UNIX
  bytes.writeUInt32LE(states.listen, NLMSG_HEADER_BYTES + 4)
  bytes.writeUInt32LE(unixWants.name | unixWants.queueLengths | unixWants.uid, NLMSG_HEADER_BYTES + 12)
  bytes.fill(0xff, NLMSG_HEADER_BYTES + 16) // no cookie
  return bytes
}
