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
export const lastDataSentMs = (bytes: DataView, at: number): number => elapsedMs(bytes.getUint32(at + 44, true))

/** Milliseconds since data last arrived; since the connection was made, if none did. Resolution: one jiffy. */
export const lastDataReceivedMs = (bytes: DataView, at: number): number => elapsedMs(bytes.getUint32(at + 52, true))

/** Data that comes or goes while the kernel takes the difference shows as a few jiffies less than nothing, modulo 2^32. */
const elapsedMs = (ms: number): number => (ms > WRAPPED_MS ? 0 : ms)
const WRAPPED_MS = 2 ** 32 - 1000

const TCP_CA_RECOVERY = 3

/**
 * Whether lost data is being sent again: the connection is in fast recovery or in loss recovery (tcpi_ca_state), or its
 * retransmission timer has fired and nothing was acknowledged since (tcpi_retransmits).
 */
export const isRetransmitting = (bytes: DataView, at: number): boolean =>
  bytes.getUint8(at + 1) >= TCP_CA_RECOVERY || bytes.getUint8(at + 2) > 0

/** The smoothed round-trip time in microseconds; 0 before the first measurement. */
export const roundTripUs = (bytes: DataView, at: number): number => bytes.getUint32(at + 68, true)

/** A u64 as a number, without a bigint. */
const getUint64 = (bytes: DataView, at: number): number =>
  bytes.getUint32(at + 4, true) * 2 ** 32 + bytes.getUint32(at, true)

/** The bytes of tcp_info up to `bytes_received` (Linux 4.1), and up to `bytes_sent` (4.19). */
const UNTIL_BYTES_RECEIVED = 128
const UNTIL_BYTES_SENT = 200

/** Bytes received in order, and 1 for a FIN, as in `idiag_rqueue`; undefined where the kernel does not tell. */
export const bytesReceived = (bytes: DataView, at: number, length: number): number | undefined =>
  length >= UNTIL_BYTES_RECEIVED + 8 ? getUint64(bytes, at + UNTIL_BYTES_RECEIVED) : undefined

/** Bytes of data sent, those sent again counted again; undefined before Linux 4.19. */
export const bytesSent = (bytes: DataView, at: number, length: number): number | undefined =>
  length >= UNTIL_BYTES_SENT + 8 ? getUint64(bytes, at + UNTIL_BYTES_SENT) : undefined

/** The bytes of tcp_info before `snd_wnd` was added (Linux 5.4). */
const UNTIL_SND_WND = 228

/** The window that the peer offers, in bytes, or undefined on kernels before 5.4. 0: the peer accepts no more data. */
export const peerWindowBytes = (bytes: DataView, at: number, length: number): number | undefined =>
  length >= UNTIL_SND_WND + 4 ? bytes.getUint32(at + UNTIL_SND_WND, true) : undefined
