/** What a process can ask the kernel about its own sockets, by file descriptor. */
import * as libc from './libc.ts'
import { MEMINFO_DROPS } from './sock-diag/layout.ts'
import { lastDataSentMs, sacked, unacked } from './tcp-info.ts'

const info = Buffer.alloc(512)
const infoView = new DataView(info.buffer, info.byteOffset, info.byteLength)
const memory = Buffer.alloc(64)
const cookie = Buffer.alloc(8)

/** The accept queue of a listening socket, as the kernel holds it now. */
export interface AcceptQueue {
  length: number
  /** The backlog in force, N; N + 1 connections fit. */
  limit: number
  /** sk_drops: the drops that the kernel counts for this socket. */
  drops: number
}

/** Reads the accept queue of a listening socket of this process (TCP_INFO and SO_MEMINFO, about 1 µs). */
export function acceptQueue(fd: number): AcceptQueue {
  libc.getsockopt(fd, libc.IPPROTO_TCP, libc.TCP_INFO, info, 'Reading the accept queue')
  libc.getsockopt(fd, libc.SOL_SOCKET, libc.SO_MEMINFO, memory, 'Reading the drops of a listening socket')
  return { length: unacked(infoView, 0), limit: sacked(infoView, 0), drops: memory.readUInt32LE(MEMINFO_DROPS * 4) }
}

/**
 * How long a connection waited in the accept queue, in milliseconds. Exact to one jiffy if asked right after accept()
 * and before the first byte is sent, because `tcp_create_openreq_child` stamps the time of the final ACK:
 * docs/kernel-facts.md#who-waits-in-the-accept-queue.
 */
export function acceptWaitMs(fd: number): number {
  libc.getsockopt(fd, libc.IPPROTO_TCP, libc.TCP_INFO, info, 'Reading the accept wait')
  return lastDataSentMs(infoView, 0)
}

/** The socket's own number, unique while the host runs; the one that socket diagnosis shows. */
export function socketCookie(fd: number): bigint {
  libc.getsockopt(fd, libc.SOL_SOCKET, libc.SO_COOKIE, cookie, "Reading a socket's cookie")
  return cookie.readBigUInt64LE()
}

/** Gives a listening socket another backlog. Connections already queued stay, even above the new limit. */
export const relisten = (fd: number, backlog: number): void => {
  libc.listen(fd, backlog, `Changing the backlog to ${backlog}`)
}

/** Lets a connection enter the accept queue only once data has arrived, or after about `seconds`; 0 switches it off. */
export const deferAccept = (fd: number, seconds: number): void => {
  libc.setIntOption(fd, libc.IPPROTO_TCP, libc.TCP_DEFER_ACCEPT, seconds, 'Setting TCP_DEFER_ACCEPT')
}

const SIOCINQ = 0x541b
const SIOCOUTQ = 0x5411

/** Bytes received and not yet read (SIOCINQ), and bytes sent and not acknowledged or not yet sent (SIOCOUTQ). */
export const connectionQueues = (fd: number): { receiveBytes: number; sendBytes: number } => ({
  receiveBytes: libc.ioctlInt(fd, SIOCINQ, 'Reading the receive queue'),
  sendBytes: libc.ioctlInt(fd, SIOCOUTQ, 'Reading the send queue'),
})

/** Sets the receive buffer, in bytes; the kernel doubles it for its own bookkeeping. */
export const setReceiveBuffer = (fd: number, bytes: number): void => {
  libc.setIntOption(fd, libc.SOL_SOCKET, libc.SO_RCVBUF, bytes, 'Setting the receive buffer')
}
