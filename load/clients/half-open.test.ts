import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { inNamespace } from '../testing/in-namespace.ts'

/** What load/testing/half-open.scenario.ts tells. */
interface Seen {
  few: { written: number; halfOpen: number; pairs: number; addresses: number; foreign: number }
  full: { written: number; halfOpen: number; queueFullDrops: number; clientResets: number }
  random: { written: number; received: number }
  paced: { written: number; elapsedMs: number }
  stopped: { written: number }
  twoThreads: { written: number; received: number }
  refused: Record<
    'forwarding' | 'ownAddress' | 'loopback' | 'defaultRoute' | 'gateway',
    { error: string; packets: number }
  >
}

let seen: Seen
before(async () => {
  seen = await inNamespace<Seen>(new URL('../testing/half-open.scenario.ts', import.meta.url))
})

test('each SYN becomes a half-open request of its own in the SYN queue: the kernel took its checksum', () => {
  assert.equal(seen.few.written, 40)
  assert.equal(seen.few.halfOpen, 40)
  assert.equal(seen.few.foreign, 0)
  assert.equal(seen.few.addresses, 4)
  assert.equal(seen.few.pairs, 40)
})

test('a full SYN queue holds its limit and drops the rest; nobody answers the SYN-ACKs', () => {
  const total = seen.few.written + seen.full.written
  assert.ok(seen.full.halfOpen === 64 || seen.full.halfOpen === 65, `${seen.full.halfOpen}`)
  assert.equal(seen.full.queueFullDrops, total - seen.full.halfOpen)
  assert.equal(seen.full.clientResets, 0)
})

test('what the kernel took arrives at the server, from one thread or two, with ports that count or are drawn', () => {
  assert.equal(seen.random.written, 1000)
  assert.equal(seen.random.received, 1000)
  assert.equal(seen.twoThreads.written, 1001)
  assert.equal(seen.twoThreads.received, 1001)
})

test('a rate is kept: no SYN leaves before its time', () => {
  assert.equal(seen.paced.written, 20)
  assert.ok(seen.paced.elapsedMs >= 95)
})

test('a flood that is stopped ends early', () => {
  assert.ok(seen.stopped.written >= 1 && seen.stopped.written < 100)
})

test('outside a lab it refuses, says why, and writes no packet', () => {
  const { forwarding, ownAddress, loopback, defaultRoute, gateway } = seen.refused
  assert.match(forwarding.error, /forwards packets/)
  assert.match(loopback.error, /127\.0\.0\.1 lies outside the lab's network/)
  assert.match(
    ownAddress.error,
    /198\.18\.0\.3 is an address of this network namespace, and not of its loopback device/,
  )
  assert.match(defaultRoute.error, /IPv4 default route \(through veth0\)/)
  assert.match(gateway.error, /198\.18\.7\.7 is not directly connected/)
  for (const { packets } of Object.values(seen.refused)) assert.equal(packets, 0)
})
