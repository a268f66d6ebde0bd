/** A flood of half-open requests: which counters move, and which must not (docs/kernel-facts.md#syn-queue-overflow). */
import assert from 'node:assert/strict'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { Lab } from '#lab/lab.ts'
import { counter, listener, port } from './support/readings.ts'

const BACKLOG = 16
const flood = { kind: 'half-open', ratePerSecond: 400, durationMs: 1000 } as const
/** Since Linux 6.13, and in the stable kernels of January 2025, N + 1 requests fit; before, N. */
const holds = (length: number): void => assert.ok(length === BACKLOG + 1 || length === BACKLOG, `${length} half-open`)

test('without syncookies a full SYN queue drops, and ListenDrops and the socket count it', async () => {
  await using lab = await Lab.start({ backends: [{ backlog: BACKLOG }], sysctls: { 'net.ipv4.tcp_syncookies': 0 } })
  const load = await lab.clients.start(flood)
  const { synQueue } = await eventually(
    'the SYN queue is full',
    () => port(lab),
    ({ synQueue }) => holds(synQueue!.length),
  )
  assert.equal(synQueue!.limit, BACKLOG)
  const { started } = await load.done()
  const dropped = await counter(lab, 'TCPReqQFullDrop')
  assert.ok(dropped > 0)
  assert.ok(started - dropped >= BACKLOG, `${started} SYNs, ${dropped} dropped`)
  assert.equal(await counter(lab, 'ListenDrops'), dropped)
  assert.equal(await counter(lab, 'ListenOverflows'), 0, 'no accept queue was full')
  assert.equal(await counter(lab, 'SyncookiesSent'), 0)
  await eventually(
    'the socket counts every dropped SYN',
    () => listener(lab),
    (row) => assert.equal(row.drops, dropped),
  )
})

test('with syncookies a full SYN queue moves nothing named Listen, and no drops of the socket', async () => {
  await using lab = await Lab.start({ backends: [{ backlog: BACKLOG }], sysctls: { 'net.ipv4.tcp_syncookies': 1 } })
  const load = await lab.clients.start(flood)
  await eventually(
    'the SYN queue is full',
    () => port(lab),
    ({ synQueue }) => holds(synQueue!.length),
  )
  await load.done()
  const cookies = await counter(lab, 'SyncookiesSent')
  assert.ok(cookies > 0)
  assert.equal(await counter(lab, 'TCPReqQFullDoCookies'), cookies)
  assert.equal(await counter(lab, 'TCPReqQFullDrop'), 0)
  assert.equal(await counter(lab, 'ListenDrops'), 0)
  assert.equal(await counter(lab, 'ListenOverflows'), 0)
  assert.equal((await listener(lab)).drops, 0)
  const honest = await lab.clients.start({ kind: 'connections', arrivals: { shape: 'burst', connections: 5 } })
  assert.equal((await honest.done()).outcomes.ok, 5, 'honest clients get in by cookie')
})

test('with syncookies 2 no half-open request is stored at all', async () => {
  await using lab = await Lab.start({ backends: [{ backlog: BACKLOG }], sysctls: { 'net.ipv4.tcp_syncookies': 2 } })
  const load = await lab.clients.start(flood)
  const { started } = await load.done()
  await eventually(
    'a cookie has answered each SYN',
    () => counter(lab, 'SyncookiesSent'),
    (sent) => assert.equal(sent, started),
  )
  assert.equal((await port(lab)).synQueue!.peak, 0)
})
