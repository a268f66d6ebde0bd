import net from 'node:net'
import { KernelError } from './errors.ts'
import { AF_INET, AF_INET6, AF_UNIX } from './libc.ts'

/** The bytes of an IP address in network order: 4 for IPv4, 16 for IPv6. Throws a KernelError on anything else. */
export function addressBytes(address: string): Buffer {
  if (net.isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  if (!net.isIPv6(address)) throw new KernelError('address', 'EINVAL', `Reading '${address}' as an IP address`)
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address)
  const v4 = tail === null ? undefined : addressBytes(tail[2]!)
  const groups = v4 === undefined ? address : `${tail![1]}${hex(v4, 0)}:${hex(v4, 2)}`
  const [left = '', right] = (groups.split('%')[0] ?? '').split('::')
  const head = left === '' ? [] : left.split(':')
  const rear = right === undefined || right === '' ? [] : right.split(':')
  const zeros = right === undefined ? [] : Array<string>(8 - head.length - rear.length).fill('0')
  const bytes = Buffer.alloc(16)
  for (const [i, group] of [...head, ...zeros, ...rear].entries())
    bytes.writeUInt16BE(Number.parseInt(group, 16), i * 2)
  return bytes
}

const hex = (bytes: Buffer, at: number): string => bytes.readUInt16BE(at).toString(16)

/** Writes 4 or 16 bytes at `at` as an address, IPv6 as RFC 5952 wants it (lower case, longest run of zeros cut). */
export function formatAddress(family: number, bytes: Buffer, at = 0): string {
  if (family === AF_INET) return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(at + i * 2))
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return `::ffff:${formatAddress(AF_INET, bytes, at + 12)}`
  let best = { start: 0, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  const text = (part: number[]): string => part.map((group) => group.toString(16)).join(':')
  if (best.length === 1) return text(groups)
  return `${text(groups.slice(0, best.start))}::${text(groups.slice(best.start + best.length))}`
}

/** A `struct sockaddr_in` or `sockaddr_in6` for bind and connect. */
export function socketAddress(address: string, port: number): Buffer {
  const bytes = addressBytes(address)
  const result = Buffer.alloc(bytes.length === 4 ? 16 : 28)
  result.writeUInt16LE(bytes.length === 4 ? AF_INET : AF_INET6, 0)
  result.writeUInt16BE(port, 2)
  bytes.copy(result, bytes.length === 4 ? 4 : 8)
  return result
}

/** A `struct sockaddr_un` of exactly these bytes: a path, or an abstract name behind a zero. */
export function unixAddress(name: Buffer): Buffer {
  const result = Buffer.alloc(2 + name.length)
  result.writeUInt16LE(AF_UNIX)
  name.copy(result, 2)
  return result
}
