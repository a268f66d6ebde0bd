import type { SocketRecord } from '#kernel/sock-diag.ts'
import type { PastAcceptSample } from '../snapshot.ts'

/** What is read of an accepted connection. */
export type AcceptedRecord = Pick<
  SocketRecord,
  'receiveQueue' | 'sendQueue' | 'lastDataSentMs' | 'lastDataReceivedMs' | 'bytesReceived' | 'bytesSent'
>

/**
 * Connections that a process has accepted, and whether it has taken care of them. A process that stands still shows an
 * empty accept queue if the kernel (io_uring's multishot accept) or a thread of its own accepts all the same; its
 * clients then wait here: docs/kernel-facts.md#past-accept.
 */
export class PastAccept {
  #accepted = 0
  #silent = 0
  #silentOldestMs = 0
  #unserved = 0
  #unservedOldestMs = 0
  #unread = 0
  #unreadOldestMs = 0
  /** False as soon as one record lacks the byte counts (before Linux 4.19). */
  #bytesAreTold = true

  clear(): void {
    this.#accepted = this.#silent = this.#unserved = this.#unread = 0
    this.#silentOldestMs = this.#unservedOldestMs = this.#unreadOldestMs = 0
    this.#bytesAreTold = true
  }

  /** An open connection with an inode. `unreadBytes` is its receive queue without the FIN. */
  add(record: AcceptedRecord, unreadBytes: number): void {
    this.#accepted++
    // Data that arrives later makes this less: it is at most as long as the oldest unread byte has waited.
    const quietMs = record.lastDataReceivedMs ?? 0
    if (unreadBytes > 0) {
      this.#unread++
      if (quietMs > this.#unreadOldestMs) this.#unreadOldestMs = quietMs
    }
    const { bytesReceived, bytesSent } = record
    if (bytesReceived === undefined || bytesSent === undefined) {
      this.#bytesAreTold = false
      return
    }
    if (bytesSent > 0 || record.sendQueue > 0) return
    if (bytesReceived === 0) {
      this.#silent++
      const ageMs = record.lastDataSentMs ?? 0 // it has sent nothing, so this is its age
      if (ageMs > this.#silentOldestMs) this.#silentOldestMs = ageMs
    } else if (unreadBytes > 0 && record.receiveQueue === bytesReceived) {
      this.#unserved++
      if (quietMs > this.#unservedOldestMs) this.#unservedOldestMs = quietMs
    }
  }

  /** Undefined if nothing is accepted. */
  toSample(): PastAcceptSample | undefined {
    if (this.#accepted === 0) return undefined
    return {
      accepted: this.#accepted,
      unread: this.#unread,
      unreadOldestMs: this.#unreadOldestMs,
      ...(this.#bytesAreTold && {
        silent: this.#silent,
        silentOldestMs: this.#silentOldestMs,
        unserved: this.#unserved,
        unservedOldestMs: this.#unservedOldestMs,
      }),
    }
  }
}
