/**
 * Fields of `struct tcp_info`, read by offset. The first 232 bytes have kept their places from Linux 5.10 to 7.2; what
 * lies beyond is read only if the record is long enough. Offsets are relative to the start of the struct at `at`.
 */

/** For a listener: connections in the accept queue. For a connection: packets sent and not yet acknowledged. */
export const unacked = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + 24)

/** For a listener: the limit of its accept queue. */
export const sacked = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + 28)

/**
 * Milliseconds since this side last sent data. A connection that nobody accepted yet cannot have sent any, so for it
 * this is the wait in the accept queue so far (tcp_create_openreq_child stamps it). Resolution: one jiffy.
 */
export const lastDataSentMs = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + 44)

/** The bytes of tcp_info before `snd_wnd` was added (Linux 5.4). */
const UNTIL_SND_WND = 228

/** The window that the peer offers, in bytes, or undefined on kernels before 5.4. 0 means: it takes nothing more. */
export const peerWindowBytes = (bytes: Buffer, at: number, length: number): number | undefined =>
  length >= UNTIL_SND_WND + 4 ? bytes.readUInt32LE(at + UNTIL_SND_WND) : undefined
