import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressBytes } from '#kernel/address.ts'
import { seededRandom } from '../random.ts'
import { SYN_BYTES, templateSum, writeSyn, writeTemplate } from './syn-packet.ts'

/** RFC 1071, the slow way: the sum of all words as one big number, modulo 65535. */
function checksumOver(bytes: Buffer): number {
  let sum = 0n
  for (let at = 0; at < bytes.length; at += 2) sum += BigInt(bytes.readUInt16BE(at))
  return Number(0xffffn - (sum % 0xffffn === 0n && sum > 0n ? 0xffffn : sum % 0xffffn))
}

/** Pseudo-header (RFC 9293, 3.1) and segment; 0 if the checksum in it is right. */
function tcpChecksum(packet: Buffer): number {
  const segment = packet.subarray(20)
  const pseudo = Buffer.alloc(12)
  packet.copy(pseudo, 0, 12, 20)
  pseudo[9] = 6
  pseudo.writeUInt16BE(segment.length, 10)
  return checksumOver(Buffer.concat([pseudo, segment]))
}

function template(address: string, port: number): { packet: Buffer; sum: number } {
  const packet = Buffer.alloc(SYN_BYTES)
  writeTemplate(packet, { address: addressBytes(address), port })
  return { packet, sum: templateSum(packet) }
}

test('the checksum is right whatever the source, port and sequence number, also when a packet is written over', () => {
  const random = seededRandom(5)
  const { packet, sum } = template('198.18.0.2', 8080)
  const extremes = [
    [0, 0, 0],
    [0xffff_ffff, 0xffff, 0xffff_ffff],
    [0xc613_0001, 1024, 0],
  ] as const
  const many = Array.from({ length: 2000 }, () => [word(random), Math.floor(random() * 65_536), word(random)] as const)
  for (const [source, port, sequence] of [...extremes, ...many]) {
    writeSyn(packet, sum, source, port, sequence)
    assert.equal(tcpChecksum(packet), 0)
  }
})

test('the sequence number may be negative, as Math.imul makes it', () => {
  const { packet, sum } = template('198.18.0.2', 80)
  writeSyn(packet, sum, 0xc613_0001, 2000, -1)
  assert.equal(packet.readUInt32BE(24), 0xffff_ffff)
  assert.equal(tcpChecksum(packet), 0)
})

test('the packet is a SYN with the options that Linux sends', () => {
  const { packet, sum } = template('198.18.0.2', 8080)
  writeSyn(packet, sum, 0xc613_1234, 40_000, 7)
  assert.equal(packet.length, packet.readUInt16BE(2))
  assert.equal(packet[0], 0x45)
  assert.equal(packet[9], 6)
  assert.deepEqual([...packet.subarray(12, 20)], [198, 19, 0x12, 0x34, 198, 18, 0, 2])
  assert.equal(packet.readUInt16BE(20), 40_000)
  assert.equal(packet.readUInt16BE(22), 8080)
  assert.equal(packet.readUInt32BE(24), 7)
  assert.equal(packet[32]! >> 4, 10)
  assert.equal(packet[33], 2)
  assert.deepEqual(optionKinds(packet.subarray(40)), [2, 4, 8, 1, 3])
})

function optionKinds(options: Buffer): number[] {
  const kinds: number[] = []
  for (let at = 0; at < options.length; at += options[at] === 1 ? 1 : options[at + 1]!) kinds.push(options[at]!)
  return kinds
}

const word = (random: () => number): number => Math.floor(random() * 2 ** 32)
