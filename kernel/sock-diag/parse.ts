import { errnoName, KernelError } from '../errors.ts'
import type { DiagRecord } from './diag-record.ts'
import { NLMSG_DONE, NLMSG_ERROR, NLMSG_HEADER_BYTES, SOCK_DIAG_BY_FAMILY, TCPDIAG_GETSOCK } from './layout.ts'

/**
 * Walks one received chunk of a dump and shows each socket to `visit`. `kind` names the sockets in errors. Gives true when the chunk holds the end of the
 * dump with this sequence number. Messages with other sequence numbers are skipped: they are left over from an abandoned dump.
 * Throws a KernelError if the kernel reports one, or if the bytes cannot be an answer (EBADMSG).
 */
export function walkChunk<Record extends DiagRecord>(
  bytes: Buffer,
  length: number,
  sequence: number,
  record: Record,
  visit: (record: Record) => void,
  kind = 'TCP',
): boolean {
  const view = record.viewOf(bytes)
  let at = 0
  while (at + NLMSG_HEADER_BYTES <= length) {
    const messageBytes = view.getUint32(at, true)
    const end = at + messageBytes
    if (messageBytes < NLMSG_HEADER_BYTES || end > length) throw malformed('a message longer than its chunk')
    if (view.getUint32(at + 8, true) === sequence) {
      const type = view.getUint16(at + 4, true)
      if (type === NLMSG_DONE || type === NLMSG_ERROR) {
        const status = messageBytes >= NLMSG_HEADER_BYTES + 4 ? bytes.readInt32LE(at + NLMSG_HEADER_BYTES) : 0
        if (status < 0)
          throw new KernelError('sock_diag', errnoName(-status), `Asking the kernel for its ${kind} sockets`)
        if (type === NLMSG_DONE) return true
      } else if (type === SOCK_DIAG_BY_FAMILY || type === TCPDIAG_GETSOCK) {
        if (!record.moveTo(at + NLMSG_HEADER_BYTES, end)) throw malformed(`a record that is no ${kind} socket`)
        visit(record)
      }
    }
    at += (messageBytes + 3) & ~3
  }
  if (at < length) throw malformed('an incomplete header at its end')
  return false
}

const malformed = (what: string): KernelError =>
  new KernelError('sock_diag', 'EBADMSG', `Reading the kernel's answer, which has ${what}`)
