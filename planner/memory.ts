/**
 * Kernel memory that full queues hold. Measured on 6.18 (x86-64) in a network namespace: 4000 connections that nobody
 * accepts, /proc/slabinfo before and after, and divided. Each has one object of the server's in `TCP` (2368 bytes) and one
 * in `request_sock_TCP` (320 bytes), which it keeps until accept(); socket, inode and file come only with accept(). A
 * request that has come adds a `skbuff_small_head` (576 bytes) and its head (256 bytes). /proc/net/sockstat charges no page
 * for a silent connection, and one page (4 KiB) against tcp_mem for one that has sent its request.
 */
export const bytesOf = {
  halfOpen: 320,
  queuedSilent: 2368 + 320,
  queuedWithRequest: 2368 + 320 + 576 + 256,
} as const

/** Other kernels and architectures lay these structures out a little differently. */
export const MEMORY_ERROR = 0.15

/** What a listener with this backlog can hold: N + 1 in either queue, requests up to a packet each. */
export const memoryOfFullQueues = (
  backlog: number,
): { acceptQueue: number; synQueue: number; tcpMemPages: number } => ({
  acceptQueue: (backlog + 1) * bytesOf.queuedWithRequest,
  synQueue: (backlog + 1) * bytesOf.halfOpen,
  tcpMemPages: backlog + 1,
})
