/**
 * Fields of `struct tcp_info`, read by offset. The first 232 bytes have kept their places from Linux 5.10 to 7.2; what
 * lies beyond is read only if the record is long enough. Offsets are relative to the start of the struct at `at`.
 */

/** For a listener: connections in the accept queue. For a connection: packets sent and not yet acknowledged. */
export const unacked = (bytes: DataView, at: number): number => bytes.getUint32(at + 24, true)

/** For a listener: the limit of its accept queue. */
export const sacked = (bytes: DataView, at: number): number => bytes.getUint32(at + 28, true)

/**
 * Milliseconds since this side last sent data. A connection that is not accepted yet cannot have sent any, so for it
 * this is the wait in the accept queue so far (tcp_create_openreq_child stamps it). Resolution: one jiffy.
 */
export function lastDataSentMs(bytes: DataView, at: number): number {
  const ms = bytes.getUint32(at + 44, true)
  return ms > WRAPPED_MS ? 0 : ms
}
/** Data sent while the kernel takes the difference shows as a few jiffies less than nothing, modulo 2^32. */
const WRAPPED_MS = 2 ** 32 - 1000

/** The bytes of tcp_info before `snd_wnd` was added (Linux 5.4). */
const UNTIL_SND_WND = 228

/** The window that the peer offers, in bytes, or undefined on kernels before 5.4. 0: the peer accepts no more data. */
export const peerWindowBytes = (bytes: DataView, at: number, length: number): number | undefined =>
  length >= UNTIL_SND_WND + 4 ? bytes.getUint32(at + UNTIL_SND_WND, true) : undefined
