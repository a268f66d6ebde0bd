import { AF_UNIX, SOCK_SEQPACKET, SOCK_STREAM } from '../libc.ts'
import { DiagRecord } from './diag-record.ts'
import { LISTEN } from './layout.ts'
import { UNIX_RECORD_BYTES, unixAttribute } from './unix-layout.ts'
import { unixName } from './unix-name.ts'

/** One listening UNIX socket of a dump (struct unix_diag_msg). */
export class UnixRecord extends DiagRecord {
  #at = 0
  #name = 0
  #nameEnd = 0
  #queue = 0
  #uid = 0

  moveTo(at: number, end: number): boolean {
    if (end - at < UNIX_RECORD_BYTES) return false
    const view = this.view
    this.#at = at
    this.#name = this.#nameEnd = 0
    this.#queue = this.#uid = -1
    const type = view.getUint8(at + 1)
    if (view.getUint8(at) !== AF_UNIX || view.getUint8(at + 2) !== LISTEN) return false
    if (type !== SOCK_STREAM && type !== SOCK_SEQPACKET) return false
    if (!this.attributes(at + UNIX_RECORD_BYTES, end)) return false
    // Lengths and backlogs are ints: what is longer is no queue, and one without lengths is no answer to what was asked.
    return this.#queue >= 0 && view.getInt32(this.#queue, true) >= 0 && view.getInt32(this.#queue + 4, true) >= 0
  }

  protected attribute(type: number, payload: number, payloadBytes: number): void {
    switch (type) {
      case unixAttribute.name:
        this.#name = payload
        this.#nameEnd = payload + payloadBytes
        break
      case unixAttribute.queueLengths:
        if (payloadBytes >= 8) this.#queue = payload
        break
      case unixAttribute.uid:
        if (payloadBytes >= 4) this.#uid = payload
        break
    }
  }

  get type(): 'stream' | 'seqpacket' {
    return this.view.getUint8(this.#at + 1) === SOCK_STREAM ? 'stream' : 'seqpacket'
  }
  /** The inode of the socket, as /proc/PID/fd shows it. */
  get inode(): number {
    return this.view.getUint32(this.#at + 4, true)
  }
  get cookie(): bigint {
    return this.view.getBigUint64(this.#at + 8, true)
  }
  /** The lower half of the cookie. */
  get shortCookie(): number {
    return this.view.getUint32(this.#at + 8, true)
  }
  get cookieHigh(): number {
    return this.view.getUint32(this.#at + 12, true)
  }
  /** Connections that wait to be accepted. Those whose client has gone keep their place. */
  get length(): number {
    return this.view.getInt32(this.#queue, true)
  }
  /** The limit N (sk_max_ack_backlog); N + 1 fit (unix_recvq_full). */
  get limit(): number {
    return this.view.getInt32(this.#queue + 4, true)
  }
  /** The user who made it; undefined before Linux 5.3. */
  get uid(): number | undefined {
    return this.#uid < 0 ? undefined : this.view.getUint32(this.#uid, true)
  }
  /** Its name; see `unixName`. Makes a string: ask once per socket. */
  get name(): string {
    return unixName(this.bytes, this.#name, this.#nameEnd)
  }
}
