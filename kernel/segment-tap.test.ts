import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inNamespace } from './fixtures/namespace.ts'

test('a tap hears what one server says to one port, whole, and nothing else', async () => {
  const { silent, packets, serverPort, clientPort, descriptors } = await inNamespace<{
    silent: boolean
    packets: string[]
    serverPort: number
    clientPort: number
    descriptors: number
  }>('tap')
  assert.ok(silent, 'before anything was said')
  assert.equal(packets.length, 1, 'the SYN-ACK alone')
  const packet = Buffer.from(packets[0]!, 'hex')
  assert.equal(packet[0], 0x45, 'it begins with the IPv4 header')
  assert.equal(packet.readUInt16BE(2), packet.length)
  assert.equal(packet.readUInt16BE(20), serverPort)
  assert.equal(packet.readUInt16BE(22), clientPort)
  assert.equal(packet[33], 0x12, 'SYN and ACK')
  assert.equal(descriptors, 0, 'nothing is left open')
})
