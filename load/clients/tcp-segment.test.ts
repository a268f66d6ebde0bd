import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../random.ts'
import { ACK, PSH, packetOf, type Segment, SYN, segmentIn } from './tcp-segment.ts'

const segment: Segment = {
  from: { address: 0xc613_0001, port: 40_000 },
  to: { address: 0xc612_0002, port: 8080 },
  sequence: 0xffff_fffe,
  acknowledgement: 0x8000_0001,
  flags: ACK | PSH,
  payload: Buffer.from('GET'),
}

/** What Linux 6.18 answered to the SYN of a flood, between two namespaces: the checksum is half done, as it comes. */
const synAck = Buffer.from(
  '4500003c000040004006ae8fc6120002c6130005b9b30fa0da0ca1da0000004ea012fe888c5b0000020405b40402080ada0bfe7d000010000103030a',
  'hex',
)

/** RFC 1071, the slow way: pseudo-header and segment as one big number, modulo 65535; 0 if the checksum in it is right. */
function checksumOf(packet: Buffer): bigint {
  const tcp = packet.subarray(20)
  const pseudo = Buffer.concat([packet.subarray(12, 20), Buffer.from([0, 6, tcp.length >> 8, tcp.length & 255])])
  const hex = Buffer.concat([pseudo, tcp, Buffer.alloc(tcp.length % 2)]).toString('hex')
  return BigInt(`0x${hex}`) % 0xffffn
}

test('a segment comes out of its packet as it went in', () => {
  assert.deepEqual(segmentIn(packetOf(segment)), segment)
  const syn = { ...segment, flags: SYN, acknowledgement: 0, payload: Buffer.alloc(0) }
  assert.deepEqual(segmentIn(packetOf(syn)), syn)
})

test('the checksum is right, whatever is in the segment and however long it is', () => {
  const random = seededRandom(7)
  const below = (limit: number): number => Math.floor(random() * limit)
  for (let length = 0; length < 300; length++) {
    const packet = packetOf({
      from: { address: below(2 ** 32), port: below(65_536) },
      to: { address: below(2 ** 32), port: below(65_536) },
      sequence: below(2 ** 32),
      acknowledgement: below(2 ** 32),
      flags: below(64),
      payload: Buffer.from(Array.from({ length }, () => below(256))),
    })
    assert.equal(checksumOf(packet), 0n, `${length} bytes`)
  }
})

test('a SYN offers a segment size and nothing that it would have to keep up', () => {
  const packet = packetOf({ ...segment, flags: SYN, payload: Buffer.alloc(0) })
  assert.equal(packet.length, 44)
  assert.deepEqual([...packet.subarray(40)], [2, 4, 0x05, 0xb4])
  assert.equal(packetOf({ ...segment, payload: Buffer.alloc(0) }).length, 40)
})

test("the kernel's SYN-ACK is read, options and a checksum that nobody filled in included", () => {
  const read = segmentIn(synAck)
  assert.deepEqual(read, {
    from: { address: 0xc612_0002, port: 47_539 },
    to: { address: 0xc613_0005, port: 4000 },
    sequence: 0xda0c_a1da,
    acknowledgement: 78,
    flags: SYN | ACK,
    payload: Buffer.alloc(0),
  })
})

test('what follows the packet in its buffer is no payload', () => {
  const padded = Buffer.concat([packetOf(segment), Buffer.alloc(6)])
  assert.deepEqual(segmentIn(padded)?.payload, segment.payload)
})

test('what is cut off, no IPv4 or no TCP is no segment, and no bytes make it throw', () => {
  const packet = packetOf(segment)
  for (let length = 0; length < packet.length; length++) assert.equal(segmentIn(packet.subarray(0, length)), undefined)
  const changed = (at: number, value: number): Buffer => {
    const copy = Buffer.from(packet)
    copy[at] = value
    return copy
  }
  assert.equal(segmentIn(changed(0, 0x65)), undefined, 'IPv6')
  assert.equal(segmentIn(changed(9, 17)), undefined, 'UDP')
  assert.equal(segmentIn(changed(0, 0x4f)), undefined, 'a header longer than the packet')
  assert.equal(segmentIn(changed(0, 0x41)), undefined, 'a header shorter than a header')
  assert.equal(segmentIn(changed(32, 0xf0)), undefined, 'more options than there are bytes')
  assert.equal(segmentIn(changed(32, 0x10)), undefined, 'fewer than a TCP header')
  for (let at = 0; at < packet.length; at++) for (let value = 0; value < 256; value++) segmentIn(changed(at, value))
})
