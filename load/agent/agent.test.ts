import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { startServer } from '../testing/server.ts'
import { connectionsOf } from '../testing/sockets.ts'
import { startAgent } from './agent.ts'
import type { LoadReport, LoadRequest } from './api.ts'

/** An agent on loopback, and a way to speak with it. */
async function startedAgent(options: { maxHalfOpenPerSecond?: number } = {}) {
  const agent = await startAgent({ listen: { host: '127.0.0.1', port: 0 }, ...options })
  assert.ok('port' in agent.listen)
  const base = `http://127.0.0.1:${agent.listen.port}`
  const ask = async <Answer>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; answer: Answer }> => {
    const response = await fetch(base + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    return { status: response.status, answer: JSON.parse(await response.text()) }
  }
  const start = async (request: LoadRequest): Promise<LoadReport> => {
    const { status, answer } = await ask<LoadReport>('POST', '/loads', request)
    assert.equal(status, 201, JSON.stringify(answer))
    return answer
  }
  const report = async (id: string): Promise<LoadReport> => (await ask<LoadReport>('GET', `/loads/${id}`)).answer
  const finished = (id: string): Promise<LoadReport> =>
    eventually(
      'the load has ended',
      () => report(id),
      ({ state }) => state !== 'running',
    )
  return { base, ask, start, report, finished, [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose]() }
}

const answering = () =>
  startServer((socket) =>
    socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nX-Spillway-Backend: a\r\nContent-Length: 2\r\n\r\nok')),
  )

test('a load is started, runs, and leaves its result and its connection records', async () => {
  await using server = await answering()
  await using agent = await startedAgent()
  const started = await agent.start({
    kind: 'connections',
    target: server.target,
    arrivals: { shape: 'constant', ratePerSecond: 200, durationMs: 100 },
    records: true,
  })
  assert.equal(started.state, 'running')
  const done = await agent.finished(started.id)
  assert.equal(done.state, 'done')
  assert.equal(done.outcomes.ok, 20)
  assert.equal(done.totalMs.count, 20)
  assert.ok(done.elapsedMs > 0)
  assert.deepEqual(await agent.report(started.id), done)
  assert.deepEqual((await agent.ask('GET', `/loads/${started.id}/state`)).answer, { state: 'done', allBegun: true })

  const response = await fetch(`${agent.base}/loads/${started.id}/records`)
  assert.match(response.headers.get('content-type') ?? '', /application\/x-ndjson/)
  const records = (await response.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(records.length, 20)
  for (const record of records) assert.equal(record.backend, 'a')
})

test('progress can be read while a load runs, and stopping gives the final report', async () => {
  await using server = await startServer(() => {})
  await using agent = await startedAgent()
  const { id } = await agent.start({ kind: 'hold', target: server.target, connections: 10 })
  const seen = await eventually(
    'ten are connected',
    () => agent.report(id),
    ({ connected }) => connected === 10,
  )
  assert.equal(seen.state, 'running')
  assert.equal(seen.open, 10)

  const { answer: last } = await agent.ask<LoadReport>('DELETE', `/loads/${id}`)
  assert.equal(last.state, 'done')
  assert.equal(last.open, 0)
  assert.equal(last.outcomes.ok, 10)
  const again = await agent.ask<LoadReport>('DELETE', `/loads/${id}`)
  assert.deepEqual(again.answer, last)
  await eventually('the kernel has none left', () => connectionsOf(server.target.port).length === 0)
})

test('a labelled load takes the place of the one of its label, however many are ordered at once', async () => {
  await using server = await startServer(() => {})
  await using agent = await startedAgent()
  const hold = { kind: 'hold', target: server.target } as const
  const other = await agent.start({ ...hold, connections: 1, label: 'other' })
  const none = await agent.start({ ...hold, connections: 2 })
  const named = await Promise.all([3, 4, 5].map((connections) => agent.start({ ...hold, connections, label: 'mine' })))
  const { answer: reports } = await agent.ask<LoadReport[]>('GET', '/loads')
  assert.deepEqual(
    reports.map(({ id, label, amount, state }) => [id, label, amount, state]),
    [
      [other.id, 'other', 1, 'running'],
      [none.id, undefined, 2, 'running'],
      [named[0]?.id, 'mine', 3, 'done'],
      [named[1]?.id, 'mine', 4, 'done'],
      [named[2]?.id, 'mine', 5, 'running'],
    ],
  )
})

test('held connections speak when they are told to, and only they', async () => {
  let heard = ''
  await using server = await startServer((socket) =>
    socket.on('data', (data) => {
      heard += data
    }),
  )
  await using agent = await startedAgent()
  const { id } = await agent.start({ kind: 'hold', target: server.target, connections: 3 })
  await eventually('three are connected', async () => (await agent.report(id)).connected === 3)
  assert.deepEqual((await agent.ask('POST', `/loads/${id}/speak`)).answer, { speakers: 3 })
  assert.deepEqual((await agent.ask('POST', `/loads/${id}/speak`, { text: 'hi' })).answer, { speakers: 3 })
  await eventually('all was heard', () => heard.length === 9)
  await agent.ask('DELETE', `/loads/${id}`)
  assert.equal((await agent.ask('POST', `/loads/${id}/speak`)).status, 409)
})

test('slow readers and slow writers run through the agent too', async () => {
  await using server = await answering()
  await using agent = await startedAgent()
  const reading = await agent.start({
    kind: 'slow-read',
    target: server.target,
    connections: 2,
    bytesPerSecond: 10_000,
    responseBytes: 2,
  })
  const writing = await agent.start({ kind: 'slow-write', target: server.target, connections: 2, bodyBytes: 5 })
  assert.equal((await agent.finished(reading.id)).outcomes.ok, 2)
  assert.equal((await agent.finished(writing.id)).outcomes.ok, 2)
  const { answer } = await agent.ask<LoadReport[]>('GET', '/loads')
  assert.deepEqual(
    answer.map(({ id }) => id),
    [reading.id, writing.id],
  )
})

test('half-open load and handshakes by hand are refused outside a lab, before they begin', async () => {
  await using agent = await startedAgent()
  const target = { host: '127.0.0.1', port: 80 }
  for (const load of [
    { kind: 'half-open', target, durationMs: 100 },
    { kind: 'handshake', target, connections: 1 },
  ]) {
    const { status, answer } = await agent.ask<{ error: string }>('POST', '/loads', load)
    assert.equal(status, 409)
    assert.match(answer.error, /only inside a lab/)
  }
  assert.deepEqual((await agent.ask('GET', '/loads')).answer, [])
})

test('a wrong body is answered with 400 and the name of the field', async () => {
  await using agent = await startedAgent()
  const target = { host: '127.0.0.1', port: 80 }
  const constant = { shape: 'constant', ratePerSecond: 1 }
  const connections = { kind: 'connections', target, arrivals: constant }
  for (const [body, field] of [
    [{}, 'kind'],
    [{ kind: 'flood' }, 'kind'],
    [{ kind: 'toString' }, 'kind'],
    [{ kind: 'connections', target }, 'arrivals'],
    [{ ...connections, arrivals: { ...constant, shape: 'wave' } }, 'arrivals.shape'],
    [{ ...connections, arrivals: { ...constant, ratePerSecond: -1 } }, 'arrivals.ratePerSecond'],
    [{ ...connections, arrivals: { ...constant, ratePerSecond: 0 } }, 'arrivals.ratePerSecond'],
    [{ ...connections, arrivals: { ...constant, ratePerSecond: 1e9 } }, 'arrivals.ratePerSecond'],
    [{ ...connections, arrivals: { ...constant, ratePerSecond: '9' } }, 'arrivals.ratePerSecond'],
    [{ ...connections, arrivals: { shape: 'burst', connections: 1.5 } }, 'arrivals.connections'],
    [{ ...connections, arrivals: { shape: 'trace', atMs: [1, -1] } }, 'arrivals.atMs.1'],
    [{ ...connections, path: 'x' }, 'path'],
    [{ ...connections, path: '/ HTTP/1.1\r\nHost: x' }, 'path'],
    [{ kind: 'hold', target: { ...target, port: 0 }, connections: 1 }, 'target.port'],
    [{ kind: 'hold', target: { host: 'h' }, connections: 1 }, 'target.port'],
    [{ kind: 'hold', target: { host: 'no such name', port: 1 }, connections: 1 }, 'target.host'],
    [{ kind: 'hold', target, connections: 1, speed: 2 }, 'speed'],
    [{ kind: 'half-open', target, durationMs: 61_000 }, 'durationMs'],
    [{ kind: 'half-open', target, durationMs: 1, sourcePorts: 'odd' }, 'sourcePorts'],
    [{ kind: 'slow-read', target, connections: 1, bytesPerSecond: -1, responseBytes: 1 }, 'bytesPerSecond'],
    [{ kind: 'slow-write', target, connections: 1 }, 'bodyBytes'],
    [{ kind: 'handshake', target, connections: 101 }, 'connections'],
  ] as const) {
    const { status, answer } = await agent.ask<{ error: string; field: string }>('POST', '/loads', body)
    assert.equal(status, 400, JSON.stringify(body))
    assert.equal(answer.field, field, JSON.stringify(answer))
    assert.notEqual(answer.error, '')
  }
  for (const body of [[], 'hold', 3, null])
    assert.equal((await agent.ask('POST', '/loads', body)).status, 400, JSON.stringify(body))
  const held = await agent.start({ kind: 'hold', target, connections: 1 })
  const words = await agent.ask<{ field: string }>('POST', `/loads/${held.id}/speak`, { words: 'x' })
  assert.deepEqual([words.status, words.answer.field], [400, 'words'])
  for (const [body, field] of [
    [{ connection: 0, send: 'ack' }, 'connection'],
    [{ connection: 1, send: 'fin' }, 'send'],
    [{ connection: 1 }, 'send'],
  ] as const) {
    const step = await agent.ask<{ field: string }>('POST', `/loads/${held.id}/steps`, body)
    assert.deepEqual([step.status, step.answer.field], [400, field])
  }
  const broken = await fetch(`${agent.base}/loads`, {
    method: 'POST',
    body: '{',
    headers: { 'content-type': 'application/json' },
  })
  assert.equal(broken.status, 400)
  await broken.text()
})

test('a trace of many arrivals fits into a request', async () => {
  await using agent = await startedAgent()
  const atMs = Array.from({ length: 300_000 }, (_, i) => 3_600_000 + i / 8)
  const target = { host: '127.0.0.1', port: 9 }
  const { id } = await agent.start({ kind: 'connections', target, arrivals: { shape: 'trace', atMs } })
  const { answer } = await agent.ask<LoadReport>('DELETE', `/loads/${id}`)
  assert.equal(answer.started, 0)
})

test('what is not there is answered with 404, and what was not asked for with 409', async () => {
  await using server = await answering()
  await using agent = await startedAgent()
  for (const [method, path] of [
    ['GET', '/loads/load-9'],
    ['DELETE', '/loads/load-9'],
    ['GET', '/loads/load-9/records'],
    ['POST', '/loads/load-9/speak'],
    ['GET', '/loads/load-9/handshakes'],
  ] as const)
    assert.equal((await agent.ask(method, path)).status, 404, path)
  const step = { connection: 1, send: 'ack' }
  assert.equal((await agent.ask('POST', '/loads/load-9/steps', step)).status, 404)
  const { id } = await agent.start({
    kind: 'connections',
    target: server.target,
    arrivals: { shape: 'burst', connections: 1 },
  })
  assert.equal((await agent.ask('GET', `/loads/${id}/records`)).status, 409)
  assert.equal((await agent.ask('POST', `/loads/${id}/speak`)).status, 409)
  assert.equal((await agent.ask('GET', `/loads/${id}/handshakes`)).status, 409)
  assert.equal((await agent.ask('POST', `/loads/${id}/steps`, step)).status, 409)
})

test('the last hundred finished loads are kept', async () => {
  await using server = await answering()
  await using agent = await startedAgent()
  for (let i = 0; i < 102; i++) {
    const { id } = await agent.start({
      kind: 'connections',
      target: server.target,
      arrivals: { shape: 'burst', connections: 1 },
    })
    await agent.finished(id)
  }
  const { answer } = await agent.ask<LoadReport[]>('GET', '/loads')
  assert.equal(answer.length, 100)
  assert.equal(answer[0]?.id, 'load-3')
  assert.equal((await agent.ask('GET', '/loads/load-1')).status, 404)
})

test('an agent that is disposed of ends its loads and leaves no socket', async () => {
  await using server = await startServer(() => {})
  {
    await using agent = await startedAgent()
    await agent.start({ kind: 'hold', target: server.target, connections: 5 })
    await agent.start({
      kind: 'connections',
      target: server.target,
      arrivals: { shape: 'constant', ratePerSecond: 500 },
    })
    await eventually('both have connected', () => server.sockets.size > 10)
  }
  await eventually(
    'the kernel has none left; TIME_WAIT is no socket of anybody',
    () => connectionsOf(server.target.port).filter(({ state }) => state !== 'time_wait'),
    (left) => assert.deepEqual(left, []),
  )
})

test('health tells that it is there', async () => {
  await using agent = await startedAgent()
  const { status, answer } = await agent.ask('GET', '/health')
  assert.equal(status, 200)
  assert.deepEqual(answer, { status: 'ok', pid: process.pid })
})

test('metrics tell which kinds of load run', async () => {
  await using server = await answering()
  await using agent = await startedAgent()
  const active = async (): Promise<string[]> => {
    const text = await (await fetch(`${agent.base}/metrics`)).text()
    return text.split('\n').filter((line) => line.startsWith('spillway_load_active') && !line.endsWith(' 0'))
  }
  assert.deepEqual(await active(), [])
  const { id } = await agent.start({ kind: 'hold', target: server.target, connections: 2 })
  assert.deepEqual(await active(), ['spillway_load_active{kind="hold"} 1'])
  await agent.ask('DELETE', `/loads/${id}`)
  assert.deepEqual(await active(), [])
})

test('half-open loads beyond the bound of this agent are refused, those without a rate too', async () => {
  await using agent = await startedAgent({ maxHalfOpenPerSecond: 100 })
  const order = { kind: 'half-open', target: { host: '198.18.0.2', port: 8080 }, durationMs: 100 }
  const refusal = async (rate: object): Promise<{ status: number; says: string }> => {
    const { status, answer } = await agent.ask<unknown>('POST', '/loads', { ...order, ...rate })
    return { status, says: JSON.stringify(answer) }
  }
  const above = await refusal({ ratePerSecond: 101 })
  assert.equal(above.status, 400)
  assert.match(above.says, /may write at most 100 SYNs a second here .* would write 101/)
  assert.match((await refusal({})).says, /would write as many as they can/)
  // Within the bound the next guard is asked: this is no lab.
  assert.match((await refusal({ ratePerSecond: 100 })).says, /only inside a lab/)
})
