import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { monotonicMs } from '#common/clock.ts'
import { eventually } from '#common/waiting.ts'
import type { ConnectionsLoad, Outcomes } from '../agent/api.ts'
import { Progress } from '../progress.ts'
import { inNamespace } from '../testing/in-namespace.ts'
import { rawListener } from '../testing/raw-listener.ts'
import { startServer } from '../testing/server.ts'
import { runConnections } from './connections.ts'

const noOutcomes: Outcomes = {
  ok: 0,
  refused: 0,
  reset: 0,
  timedOut: 0,
  noPortLeft: 0,
  closedEarly: 0,
  failed: 0,
  abandoned: 0,
}

async function run(load: Omit<ConnectionsLoad, 'kind'>, signal = new AbortController().signal): Promise<Progress> {
  const progress = new Progress({ records: true })
  await runConnections({ kind: 'connections', ...load }, progress, signal)
  assert.equal(progress.open, 0)
  return progress
}

const burst = (connections: number) => ({ shape: 'burst', connections }) as const

test('connections to an HTTP server are answered, and the report has every number of it', async () => {
  const asked: string[] = []
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.connection}`)
    response.setHeader('x-spillway-backend', 'shard-2')
    response.setHeader('x-spillway-accepted-ms', monotonicMs().toFixed(3))
    response.setHeader('x-spillway-accept-wait-ms', '4')
    response.end('fine')
  })
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  try {
    const target = { host: '127.0.0.1', port: address.port }
    const progress = await run({
      target,
      arrivals: { shape: 'constant', ratePerSecond: 1000, durationMs: 50 },
      path: '/a?b',
      records: true,
    })
    const report = progress.report()
    assert.equal(report.started, 50)
    assert.equal(report.connected, 50)
    assert.deepEqual(report.outcomes, { ...noOutcomes, ok: 50 })
    assert.deepEqual(asked, Array(50).fill('GET /a?b close'))
    for (const latency of ['connectMs', 'acceptWaitMs', 'firstByteMs', 'totalMs', 'scheduleLagMs'] as const)
      assert.equal(report[latency].count, 50, latency)
    assert.equal(report.acceptWaitMs.max, 4)
    assert.ok(report.bytesRead > 50 * 'HTTP/1.1 200 OK'.length)
    assert.equal(report.records.kept, 50)
    for (const record of progress.records) {
      assert.equal(record.outcome, 'ok')
      assert.equal(record.backend, 'shard-2')
      assert.equal(record.acceptWaitMs, 4)
      const moments = [
        record.scheduledMs,
        record.startedMs,
        record.connectedMs!,
        record.acceptedMs!,
        record.firstByteMs!,
        record.closedMs!,
      ]
      // The backend tells its moment with three decimals.
      for (const [i, moment] of moments.entries()) assert.ok(i === 0 || moment >= moments[i - 1]! - 0.001)
    }
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
})

test('arrivals never wait for answers: all connect although nobody is answered', async () => {
  await using server = await startServer(() => {})
  const stop = new AbortController()
  const progress = new Progress()
  const running = runConnections(
    { kind: 'connections', target: server.target, arrivals: burst(200) },
    progress,
    stop.signal,
  )
  await eventually('all are connected', () => progress.connected === 200)
  assert.equal(progress.report().open, 200)
  stop.abort()
  await running
  assert.deepEqual(progress.report().outcomes, { ...noOutcomes, abandoned: 200 })
})

test('a port where nobody listens refuses', async () => {
  const server = await startServer(() => {})
  await server[Symbol.asyncDispose]()
  const progress = await run({ target: server.target, arrivals: burst(3) })
  assert.deepEqual(progress.report().outcomes, { ...noOutcomes, refused: 3 })
})

test('a server that resets after the handshake is told apart from one that refuses', async () => {
  await using server = await startServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
  const progress = await run({ target: server.target, arrivals: burst(3), records: true })
  assert.deepEqual(progress.report().outcomes, { ...noOutcomes, reset: 3 })
  assert.equal(progress.connected, 3)
  assert.equal(progress.records[0]?.outcome, 'reset')
})

test('a connection that nobody accepts times out, counted from the schedule', async () => {
  using listener = rawListener('127.0.0.1', 8)
  const progress = await run({
    target: { host: '127.0.0.1', port: listener.port },
    arrivals: burst(2),
    timeoutMs: 100,
    records: true,
  })
  assert.deepEqual(progress.report().outcomes, { ...noOutcomes, timedOut: 2 })
  assert.equal(progress.connected, 2)
  for (const { scheduledMs, closedMs } of progress.records) assert.ok(closedMs! - scheduledMs >= 99)
  assert.equal(progress.report().totalMs.count, 0)
})

test('a client that is to close first does so once the answer is whole', async () => {
  const heard: string[] = []
  let endedByClient = 0
  await using server = await startServer((socket) => {
    socket.once('data', (request) => {
      heard.push(/^connection: .*/im.exec(request.toString('latin1'))?.[0] ?? '')
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine')
    })
    socket.once('end', () => endedByClient++)
  })
  const progress = await run({ target: server.target, arrivals: burst(3), closer: 'client' })
  assert.deepEqual(progress.report().outcomes, { ...noOutcomes, ok: 3 })
  assert.deepEqual(heard, Array(3).fill('Connection: keep-alive'))
  await eventually('the server hears it', () => endedByClient === 3)
})

test('an answer that breaks off is closed early', async () => {
  await using server = await startServer((socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort')),
  )
  const progress = await run({ target: server.target, arrivals: burst(2) })
  assert.deepEqual(progress.report().outcomes, { ...noOutcomes, closedEarly: 2 })
})

test('something that is no HTTP fails, and the report says what it was', async () => {
  await using server = await startServer((socket) => socket.once('data', () => socket.end('SSH-2.0-x\r\n\r\n')))
  const progress = await run({ target: server.target, arrivals: burst(2) })
  assert.deepEqual(progress.report().outcomes, { ...noOutcomes, failed: 2 })
  assert.deepEqual(progress.report().failures, { 'the response is not HTTP': 2 })
})

test('a greeting answers clients that send nothing, and who is not greeted has no answer', async () => {
  let heard = 0
  await using server = await startServer((socket) => {
    socket.on('data', () => heard++)
    socket.write('220 ready\r\n')
  })
  const progress = await run({ target: server.target, arrivals: burst(3), greeted: true })
  assert.deepEqual(progress.report().outcomes, { ...noOutcomes, ok: 3 })
  assert.equal(heard, 0)
  await using silent = await startServer(() => {})
  const waited = await run({ target: silent.target, arrivals: burst(2), greeted: true, timeoutMs: 50 })
  assert.deepEqual(waited.report().outcomes, { ...noOutcomes, timedOut: 2 })
})

test('whoever begins with something that is no HTTP is not waited for, though it keeps the connection', async () => {
  await using server = await startServer((socket) => socket.write('SSH-2.0-x\r\n'))
  const progress = await run({ target: server.target, arrivals: burst(2) })
  assert.deepEqual(progress.report().failures, { 'the response is not HTTP': 2 })
})

test('Poisson arrivals without a seed get one, and with it the load can be repeated', async () => {
  await using server = await startServer((socket) => socket.once('data', () => socket.end('HTTP/1.0 204 No\r\n\r\n')))
  const arrivals = { shape: 'poisson', ratePerSecond: 2000, durationMs: 50 } as const
  const first = await run({ target: server.target, arrivals })
  assert.equal(typeof first.seed, 'number')
  const second = await run({ target: server.target, arrivals: { ...arrivals, seed: first.seed! } })
  assert.equal(second.started, first.started)
})

test('connection records above the limit are counted, not kept', async () => {
  await using server = await startServer((socket) => socket.once('data', () => socket.end('HTTP/1.0 204 No\r\n\r\n')))
  const progress = new Progress({ records: true, maxRecords: 3 })
  await runConnections(
    { kind: 'connections', target: server.target, arrivals: burst(5), records: true },
    progress,
    new AbortController().signal,
  )
  assert.deepEqual(progress.report().records, { kept: 3, notKept: 2 })
})

test('without a source port left, without a route and without a file left, each is counted as what it is', async () => {
  const seen = await inNamespace<Record<string, { outcomes: Outcomes; failures: Record<string, number> }>>(
    new URL('../testing/shortage.scenario.ts', import.meta.url),
  )
  assert.deepEqual(seen.ports?.outcomes, { ...noOutcomes, ok: 4, noPortLeft: 6 })
  assert.deepEqual(seen.route?.outcomes, { ...noOutcomes, failed: 1 })
  assert.deepEqual(seen.route?.failures, { 'connect ENETUNREACH: there is no route to the target': 1 })
  assert.equal(seen.files?.outcomes.failed, seen.files?.failures[EMFILE])
  assert.ok((seen.files?.outcomes.failed ?? 0) >= 1)
})
const EMFILE = 'connect EMFILE: this process has reached its limit on open files: raise it (ulimit -n)'

test('SYNs that the kernel sent again are counted as the kernel counts them', async () => {
  const seen = await inNamespace<{ connected: number; perConnection: number[]; counted: number; kernel: number }>(
    new URL('../testing/syn-retransmits.scenario.ts', import.meta.url),
  )
  assert.equal(seen.connected, 3)
  assert.equal(seen.perConnection[0], 0)
  assert.ok(seen.perConnection[1]! >= 1 && seen.perConnection[2]! >= 1)
  assert.equal(seen.counted, seen.kernel)
})
