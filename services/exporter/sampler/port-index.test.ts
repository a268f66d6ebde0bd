import assert from 'node:assert/strict'
import net from 'node:net'
import test from 'node:test'
import { addressBytes } from '#kernel/address.ts'
import { AF_INET, AF_INET6 } from '#kernel/libc.ts'
import { type LocalEnd, PortIndex } from './port-index.ts'
import type { ListeningEnd } from './port-state.ts'

const WINDOW_MS = 30_000

const familyOf = (address: string): number => (net.isIPv6(address) ? AF_INET6 : AF_INET)

/** A record's own end, as the kernel writes it. */
function end(address: string, port = 80, interfaceIndex = 0): LocalEnd {
  const own = addressBytes(address)
  return {
    family: familyOf(address),
    port,
    interfaceIndex,
    hasAddress: (bytes) => own.subarray(0, bytes.length).equals(bytes),
  }
}

function index(...listeners: (ListeningEnd & { v6only?: boolean })[]): PortIndex {
  const ports = new PortIndex(WINDOW_MS)
  for (const listener of listeners) ports.add(listener, familyOf(listener.address), listener.v6only ?? false)
  return ports
}

const on = (address: string, port = 80, limit = 1, deviceIndex = 0): ListeningEnd => ({
  address,
  port,
  deviceIndex,
  limit,
  length: 0,
  steadySinceMs: 0,
  steadySamples: 0,
  lastEmptyMs: 0,
  used: false,
})

test('an exact address is preferred to the wildcard, in whichever order they came', () => {
  for (const listeners of [
    [on('0.0.0.0'), on('10.0.0.1')],
    [on('10.0.0.1'), on('0.0.0.0')],
  ]) {
    const ports = index(...listeners)
    assert.equal(ports.find(end('10.0.0.1'))?.address, '10.0.0.1')
    assert.equal(ports.find(end('10.0.0.2'))?.address, '0.0.0.0')
  }
})

test('another port or another address belongs to nobody', () => {
  const ports = index(on('10.0.0.1'))
  assert.equal(ports.find(end('10.0.0.1', 81)), undefined)
  assert.equal(ports.find(end('10.0.0.2')), undefined)
})

test('an IPv4 client of a dual-stack listener is an AF_INET6 record and belongs to ::', () => {
  assert.equal(index(on('::')).find(end('::ffff:10.0.0.1'))?.address, '::')
})

test('families do not mix: a record of one never belongs to a listener of the other', () => {
  assert.equal(index(on('::')).find(end('10.0.0.1')), undefined)
  assert.equal(index(on('0.0.0.0')).find(end('::ffff:10.0.0.1')), undefined)
  const both = index(on('::'), on('0.0.0.0'))
  assert.equal(both.find(end('10.0.0.1'))?.address, '0.0.0.0')
  assert.equal(both.find(end('::1'))?.address, '::')
})

test('a listener for IPv6 alone has no IPv4 clients', () => {
  const ports = index({ ...on('::'), v6only: true })
  assert.equal(ports.find(end('::ffff:10.0.0.1')), undefined)
  assert.equal(ports.find(end('fe80::1'))?.address, '::')
})

test('a listener on one mapped address has the clients of that address', () => {
  assert.equal(index(on('::ffff:10.0.0.1')).find(end('::ffff:10.0.0.1'))?.address, '::ffff:10.0.0.1')
})

test('listeners that share a port are one group whose SYN queue limit is their sum', () => {
  const ports = index(on('10.0.0.1', 80, 128), on('10.0.0.1', 80, 16))
  const group = ports.find(end('10.0.0.1'))
  assert.ok(group)
  group.beginRequests()
  group.endRequests(0)
  assert.equal(group.toSample(0, '').synQueue?.limit, 144)
  assert.equal([...ports.groups()].length, 1)
})

test('a port is gone with its last listener', () => {
  const [a, b] = [on('10.0.0.1'), on('10.0.0.1')]
  const ports = index(a, b)
  ports.remove(a)
  assert.deepEqual(ports.ports(), [80])
  ports.remove(b)
  assert.equal(ports.find(end('10.0.0.1')), undefined)
  assert.deepEqual(ports.ports(), [])
})

test('the ports to ask for are named once, whatever listens on them', () => {
  const ports = index(on('0.0.0.0', 80), on('::', 443), on('10.0.0.1', 80))
  assert.deepEqual(ports.ports(), [80, 443])
})

test('the peak of a SYN queue outlives the requests, and a count begins anew with each dump', () => {
  const ports = index(on('10.0.0.1'))
  const group = ports.find(end('10.0.0.1'))
  assert.ok(group)
  group.beginRequests()
  for (let i = 0; i < 5; i++) group.countRequest(0)
  assert.equal(group.toSample(0, '').synQueue, undefined, 'not shown before the dump has ended')
  group.endRequests(0)
  group.beginRequests()
  group.countRequest(0)
  group.endRequests(100)
  assert.deepEqual(group.toSample(100, '').synQueue, { length: 1, peak: 5, limit: 1 })
})

test('half-open requests whose SYN-ACK was sent again are counted apart', () => {
  const group = index(on('10.0.0.1')).find(end('10.0.0.1'))
  assert.ok(group)
  group.beginRequests()
  for (const retransmits of [0, 1, 3]) group.countRequest(retransmits)
  group.endRequests(0)
  assert.equal(group.toSample(0, '').synQueueRetried, 2)
  group.beginRequests()
  group.endRequests(100)
  assert.equal(group.toSample(100, '').synQueueRetried, undefined, 'there is none at all')
})

test('listeners of different devices are no group: each has the connections that are bound to its device', () => {
  const ports = index(on('0.0.0.0', 80, 1), on('0.0.0.0', 80, 2, 3), on('0.0.0.0', 80, 4, 7))
  assert.equal([...ports.groups()].length, 3)
  for (const interfaceIndex of [0, 3, 7])
    assert.equal(ports.find(end('10.0.0.1', 80, interfaceIndex))?.deviceIndex, interfaceIndex)
  assert.equal(ports.find(end('10.0.0.1', 80, 9))?.deviceIndex, 0, 'a link-local peer of a listener bound to none')
})

test('what is bound to a device takes nothing of others, and a more exact address comes before a device', () => {
  const ports = index(on('0.0.0.0', 80, 1, 3), on('10.0.0.1', 80))
  assert.equal(ports.find(end('10.0.0.1', 80, 3))?.address, '10.0.0.1')
  assert.equal(ports.find(end('10.0.0.2', 80, 3))?.address, '0.0.0.0')
  assert.equal(ports.find(end('10.0.0.2', 80, 4)), undefined)
  assert.equal(ports.find(end('10.0.0.2', 80)), undefined)
})
