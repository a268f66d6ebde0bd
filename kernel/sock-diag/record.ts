import { formatAddress } from '../address.ts'
import { AF_INET, AF_INET6 } from '../libc.ts'
import {
  bytesReceived,
  bytesSent,
  isRetransmitting,
  lastDataReceivedMs,
  lastDataSentMs,
  peerWindowBytes,
  roundTripUs,
} from '../tcp-info.ts'
import { DiagRecord } from './diag-record.ts'
import { attribute, LISTEN, MEMINFO_DROPS, MEMINFO_RECEIVE_BUFFER, RECORD_BYTES } from './layout.ts'

const HIGHEST_STATE = 12

/** One TCP or UDP socket of a dump (struct inet_diag_msg). */
export class SocketRecord extends DiagRecord {
  #at = 0
  #info = 0
  #infoBytes = 0
  #memory = 0
  #memoryBytes = 0
  #cgroup = 0
  #v6only = 0

  moveTo(at: number, end: number): boolean {
    if (end - at < RECORD_BYTES) return false
    const view = this.view
    this.#at = at
    this.#infoBytes = this.#memoryBytes = 0
    this.#cgroup = this.#v6only = -1
    if ((this.family !== AF_INET && this.family !== AF_INET6) || this.state < 1 || this.state > HIGHEST_STATE)
      return false
    if (this.state === LISTEN && (view.getInt32(at + 56, true) < 0 || view.getInt32(at + 60, true) < 0)) return false
    return this.attributes(at + RECORD_BYTES, end)
  }

  protected attribute(type: number, payload: number, payloadBytes: number): void {
    switch (type) {
      case attribute.info:
        this.#info = payload
        this.#infoBytes = payloadBytes
        break
      case attribute.skmeminfo:
        this.#memory = payload
        this.#memoryBytes = payloadBytes
        break
      case attribute.cgroupId:
        if (payloadBytes >= 8) this.#cgroup = payload
        break
      case attribute.v6only:
        if (payloadBytes >= 1) this.#v6only = payload
        break
    }
  }

  get family(): number {
    return this.view.getUint8(this.#at)
  }
  /** A TCP state; a half-open request says 3 (SYN_RECV). */
  get state(): number {
    return this.view.getUint8(this.#at + 1)
  }
  /** 0 off, 1 retransmission, 2 keep-alive, 3 TIME_WAIT, 4 zero-window probe, 5 delayed ACK. */
  get timer(): number {
    return this.view.getUint8(this.#at + 2)
  }
  /** Retransmissions so far; for a half-open request, SYN-ACKs sent again. */
  get retransmits(): number {
    return this.view.getUint8(this.#at + 3)
  }
  get port(): number {
    return this.view.getUint16(this.#at + 4)
  }
  get peerPort(): number {
    return this.view.getUint16(this.#at + 6)
  }
  get address(): string {
    return formatAddress(this.family, this.bytes, this.#at + 8)
  }
  get peerAddress(): string {
    return formatAddress(this.family, this.bytes, this.#at + 24)
  }
  /** 32 bits of the socket's own address, as a number; an IPv6 address has the words 0 to 3, an IPv4 address word 0 alone. */
  addressWord(word: number): number {
    return this.view.getUint32(this.#at + 8 + word * 4)
  }
  /** 32 bits of the peer's address, as `addressWord`. */
  peerAddressWord(word: number): number {
    return this.view.getUint32(this.#at + 24 + word * 4)
  }
  /** True if the socket's own address has the same bytes; avoids making a string. */
  hasAddress(bytes: Buffer): boolean {
    const from = this.#at + 8
    return this.bytes.compare(bytes, 0, bytes.length, from, from + bytes.length) === 0
  }
  /** Interface index that the socket is bound to, 0 for none. */
  get interfaceIndex(): number {
    return this.view.getUint32(this.#at + 40, true)
  }
  /** The socket's own number: unique while the host runs, what getsockopt(SO_COOKIE) gives. */
  get cookie(): bigint {
    return this.view.getBigUint64(this.#at + 44, true)
  }
  /** The lower half of the cookie: enough to tell the sockets of one dump apart, without a bigint. */
  get shortCookie(): number {
    return this.view.getUint32(this.#at + 44, true)
  }
  /** The upper half of the cookie: with the lower it names the socket for good. */
  get cookieHigh(): number {
    return this.view.getUint32(this.#at + 48, true)
  }
  /** Milliseconds until the timer fires. */
  get expiresMs(): number {
    return this.view.getUint32(this.#at + 52, true)
  }
  /** For a listener: connections waiting in the accept queue. Else: received bytes not yet read, and 1 more after a FIN. */
  get receiveQueue(): number {
    return this.#queue(56)
  }
  /** For a listener: the limit N of its accept queue, which holds N + 1. Else: bytes sent and not acknowledged, or not sent yet. */
  get sendQueue(): number {
    return this.#queue(60)
  }
  /**
   * Buffers and backlogs are ints, so a queue cannot be longer than one. The kernel takes the difference of two moving
   * numbers without a lock (tcp_diag_get_info), and an ACK that comes between shows as a little less than nothing.
   */
  #queue(offset: number): number {
    return Math.max(0, this.view.getInt32(this.#at + offset, true))
  }
  get uid(): number {
    return this.view.getUint32(this.#at + 64, true)
  }
  /** The inode of the file that holds the socket; 0 while it is not accepted yet, or no process holds it any more. */
  get inode(): number {
    return this.view.getUint32(this.#at + 68, true)
  }
  /** sk_drops, if SKMEMINFO was asked for. Not all are overflows, and a dropped final ACK counts 2. */
  get drops(): number | undefined {
    const at = MEMINFO_DROPS * 4
    return this.#memoryBytes >= at + 4 ? this.view.getUint32(this.#memory + at, true) : undefined
  }
  /** The size of the receive buffer (sk_rcvbuf), if SKMEMINFO was asked for: twice what SO_RCVBUF was given. */
  get receiveBufferBytes(): number | undefined {
    const at = MEMINFO_RECEIVE_BUFFER * 4
    return this.#memoryBytes >= at + 4 ? this.view.getUint32(this.#memory + at, true) : undefined
  }
  /** Id of the cgroup v2 in which the socket was made; undefined before Linux 5.8. */
  get cgroupId(): bigint | undefined {
    return this.#cgroup < 0 ? undefined : this.view.getBigUint64(this.#cgroup, true)
  }
  /** True for an IPv6 listener that takes no IPv4. */
  get v6only(): boolean {
    return this.#v6only >= 0 && this.bytes[this.#v6only] === 1
  }
  /** Milliseconds since this side last sent data, if INFO was asked for; the accept wait while `inode` is 0. */
  get lastDataSentMs(): number | undefined {
    return this.#infoBytes >= 48 ? lastDataSentMs(this.view, this.#info) : undefined
  }
  /** Milliseconds since data last arrived, or since the connection was made if none did; if INFO was asked for. */
  get lastDataReceivedMs(): number | undefined {
    return this.#infoBytes >= 56 ? lastDataReceivedMs(this.view, this.#info) : undefined
  }
  /** Whether lost data is being sent again, if INFO was asked for. */
  get isRetransmitting(): boolean | undefined {
    return this.#infoBytes >= 4 ? isRetransmitting(this.view, this.#info) : undefined
  }
  /** The smoothed round-trip time in microseconds, 0 before the first measurement, if INFO was asked for. */
  get roundTripUs(): number | undefined {
    return this.#infoBytes >= 72 ? roundTripUs(this.view, this.#info) : undefined
  }
  /** Bytes received in order, and 1 for a FIN, if INFO was asked for and the kernel reports it (4.1). */
  get bytesReceived(): number | undefined {
    return this.#infoBytes === 0 ? undefined : bytesReceived(this.view, this.#info, this.#infoBytes)
  }
  /** Bytes of data sent, if INFO was asked for and the kernel reports it (4.19). */
  get bytesSent(): number | undefined {
    return this.#infoBytes === 0 ? undefined : bytesSent(this.view, this.#info, this.#infoBytes)
  }
  /** The window that the peer offers, if INFO was asked for and the kernel reports it (5.4). */
  get peerWindowBytes(): number | undefined {
    return this.#infoBytes === 0 ? undefined : peerWindowBytes(this.view, this.#info, this.#infoBytes)
  }
}
