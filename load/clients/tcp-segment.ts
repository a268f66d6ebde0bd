/** TCP segments in IPv4 packets, as numbers and as bytes. Layouts from RFC 791 and RFC 9293, the checksum from RFC 1071. */

export const FIN = 0x01
export const SYN = 0x02
export const RST = 0x04
export const PSH = 0x08
export const ACK = 0x10

/** An IPv4 address as a number, and a port. */
export interface Place {
  address: number
  port: number
}

export interface Segment {
  from: Place
  to: Place
  sequence: number
  /** Without meaning unless the flags have ACK. */
  acknowledgement: number
  flags: number
  payload: Buffer
}

const IP_BYTES = 20
const TCP_BYTES = 20
const PROTOCOL_TCP = 6
const DONT_FRAGMENT = 0x4000
const HOPS = 64
const WINDOW_BYTES = 64_240
/**
 * The only option of a SYN by hand. A client that offers timestamps must send them in every segment, and one that offers a
 * window scale must apply it; without the options, neither end uses them.
 */
const MAXIMUM_SEGMENT_SIZE = [2, 4, 1460 >> 8, 1460 & 255]

/** The packet that a raw socket (IP_HDRINCL) takes: the kernel adds the header's checksum. */
export function packetOf({ from, to, sequence, acknowledgement, flags, payload }: Segment): Buffer {
  const options = (flags & SYN) === 0 ? [] : MAXIMUM_SEGMENT_SIZE
  const headerBytes = TCP_BYTES + options.length
  const packet = Buffer.alloc(IP_BYTES + headerBytes + payload.length)
  packet[0] = 0x45
  packet.writeUInt16BE(packet.length, 2)
  packet.writeUInt16BE(DONT_FRAGMENT, 6)
  packet[8] = HOPS
  packet[9] = PROTOCOL_TCP
  packet.writeUInt32BE(from.address, 12)
  packet.writeUInt32BE(to.address, 16)
  const tcp = packet.subarray(IP_BYTES)
  tcp.writeUInt16BE(from.port, 0)
  tcp.writeUInt16BE(to.port, 2)
  tcp.writeUInt32BE(sequence, 4)
  tcp.writeUInt32BE(acknowledgement, 8)
  tcp[12] = (headerBytes / 4) << 4
  tcp[13] = flags
  tcp.writeUInt16BE(WINDOW_BYTES, 14)
  tcp.set(options, TCP_BYTES)
  payload.copy(tcp, headerBytes)
  tcp.writeUInt16BE(checksum(packet), 16)
  return packet
}

/** Over the pseudo-header and the segment, whose own checksum is still 0. */
function checksum(packet: Buffer): number {
  let sum = PROTOCOL_TCP + packet.length - IP_BYTES
  const even = packet.length - (packet.length % 2)
  for (let at = 12; at < even; at += 2) sum += packet.readUInt16BE(at)
  if (even < packet.length) sum += packet[even]! << 8
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/**
 * The segment in a packet; undefined if it holds no complete TCP segment. The payload shares the packet's memory. Checksums
 * are not checked: between network namespaces they are not filled in.
 */
export function segmentIn(packet: Buffer): Segment | undefined {
  if (packet.length < IP_BYTES + TCP_BYTES || packet[0]! >> 4 !== 4 || packet[9] !== PROTOCOL_TCP) return undefined
  const ipBytes = (packet[0]! & 15) * 4
  const end = packet.readUInt16BE(2)
  if (ipBytes < IP_BYTES || end > packet.length || end < ipBytes + TCP_BYTES) return undefined
  const tcp = packet.subarray(ipBytes, end)
  const headerBytes = (tcp[12]! >> 4) * 4
  if (headerBytes < TCP_BYTES || headerBytes > tcp.length) return undefined
  return {
    from: { address: packet.readUInt32BE(12), port: tcp.readUInt16BE(0) },
    to: { address: packet.readUInt32BE(16), port: tcp.readUInt16BE(2) },
    sequence: tcp.readUInt32BE(4),
    acknowledgement: tcp.readUInt32BE(8),
    flags: tcp[13]!,
    payload: tcp.subarray(headerBytes),
  }
}
