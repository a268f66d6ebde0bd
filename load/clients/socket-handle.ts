/** What the kernel and libuv say of a socket of node:net. */
import type net from 'node:net'
import { descriptorOf, handleNumber } from '#kernel/descriptor.ts'
import * as libc from '#kernel/libc.ts'

const info = Buffer.alloc(280)
const STATE_AT = 0
const TOTAL_RETRANSMITS_AT = 100
const CLOSED = 7

/**
 * How often the kernel retransmitted this connection's SYN, if read right after connect(): nothing else can have been
 * retransmitted by then (tcpi_total_retrans; verified on Linux 6.18: 0, and 2 after two dropped SYNs).
 */
export function synRetransmits(socket: net.Socket): number {
  const fd = descriptorOf(socket)
  if (fd === undefined) return 0
  libc.getsockopt(fd, libc.IPPROTO_TCP, libc.TCP_INFO, info, 'Reading the retransmits of a connection')
  return info.readUInt32LE(TOTAL_RETRANSMITS_AT)
}

/** True once the kernel has closed a connection that is not being read, so that no error was delivered: it was reset. */
export function wasReset(socket: net.Socket): boolean {
  const fd = descriptorOf(socket)
  if (fd === undefined) return false
  libc.getsockopt(fd, libc.IPPROTO_TCP, libc.TCP_INFO, info, 'Reading the state of a connection')
  return info[STATE_AT] === CLOSED
}

/** Bytes that the kernel has accepted: what was written minus what libuv still holds. Undefined once the socket is closed. */
export function bytesTaken(socket: net.Socket): number | undefined {
  const written = handleNumber(socket, 'bytesWritten')
  const queued = handleNumber(socket, 'writeQueueSize')
  return written === undefined || queued === undefined ? undefined : written - queued
}
