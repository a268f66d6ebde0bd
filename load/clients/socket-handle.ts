/** What Node keeps behind a socket and the kernel can be asked through: its file descriptor, and libuv's own counts. */
import type net from 'node:net'
import * as libc from '#kernel/libc.ts'

const info = Buffer.alloc(280)
const STATE_AT = 0
const TOTAL_RETRANSMITS_AT = 100
const CLOSED = 7

function property(socket: net.Socket, name: string): unknown {
  const handle: unknown = Reflect.get(socket, '_handle')
  return typeof handle === 'object' && handle !== null ? Reflect.get(handle, name) : undefined
}

/** The file descriptor; undefined before the connection is attempted and after it is closed. */
export function descriptor(socket: net.Socket): number | undefined {
  const fd = property(socket, 'fd')
  return typeof fd === 'number' && fd >= 0 ? fd : undefined
}

/**
 * How often the kernel sent this connection's SYN again, if asked right after connect(): nothing else can have been
 * sent again by then (tcpi_total_retrans; verified on Linux 6.18: 0, and 2 after two dropped SYNs).
 */
export function synRetransmits(socket: net.Socket): number {
  const fd = descriptor(socket)
  if (fd === undefined) return 0
  libc.getsockopt(fd, libc.IPPROTO_TCP, libc.TCP_INFO, info, 'Reading the retransmits of a connection')
  return info.readUInt32LE(TOTAL_RETRANSMITS_AT)
}

/** True once the kernel has closed a connection that nobody reads, so that no error has been delivered: it was reset. */
export function wasReset(socket: net.Socket): boolean {
  const fd = descriptor(socket)
  if (fd === undefined) return false
  libc.getsockopt(fd, libc.IPPROTO_TCP, libc.TCP_INFO, info, 'Reading the state of a connection')
  return info[STATE_AT] === CLOSED
}

/** Bytes that the kernel has taken: what was written, less what libuv still holds. Undefined once the socket is closed. */
export function bytesTaken(socket: net.Socket): number | undefined {
  const written = property(socket, 'bytesWritten')
  const queued = property(socket, 'writeQueueSize')
  return typeof written === 'number' && typeof queued === 'number' ? written - queued : undefined
}
