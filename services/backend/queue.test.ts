import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '#common/waiting.ts'
import { readSysctl } from '#kernel/sysctl.ts'
import { Client, startBackend } from './testing/started.ts'

const JIFFY_MS = 10 // the longest that Linux knows

for (const backlog of [0, 1, 8])
  test(`a stalled backend with backlog ${backlog} keeps ${backlog + 1} connections waiting, and says so`, async () => {
    await using backend = await startBackend({ backlog })
    await backend.api.change('PATCH', '/faults', { stalled: true })
    using clients = many(backlog + 3, backend.port)
    await eventually('the queue is full', async () => (await backend.api.status()).listener?.length === backlog + 1)
    const { listener, accepts, faults } = await backend.api.status()
    assert.equal(listener?.limit, backlog)
    assert.equal(listener?.backlog, backlog)
    assert.equal(accepts, 0)
    assert.equal(faults.stalled, true)
    await eventually('the dropped SYNs show', async () => ((await backend.api.status()).listener?.drops ?? 0) >= 2)
    assert.equal(clients.list.filter((client) => client.connected).length, backlog + 1)
  })

test('metrics stay readable while the loop is stalled, and its lag grows', async () => {
  await using backend = await startBackend()
  await backend.api.change('PATCH', '/faults', { stalled: true })
  const lagMs = async () => (await backend.api.status()).loopLagMs
  await eventually('the lag exceeds three heartbeats', async () => (await lagMs()) > 300)
  const { text } = await backend.api.ask('GET', '/metrics')
  assert.match(text, /^spillway_backend_fault\{fault="stalled",.*\} 1$/m)
  assert.match(text, /^spillway_backend_loop_lag_seconds\{.*\} (0\.[3-9]|[1-9])/m)
  await backend.api.change('PATCH', '/faults', { stalled: false })
  await eventually('the loop is back', async () => (await lagMs()) < 300)
})

test('releasing a stalled backend drains its queue, and every wait is counted and told to its client', async () => {
  await using backend = await startBackend()
  await backend.api.change('PATCH', '/faults', { stalled: true })
  using clients = many(5, backend.port)
  for (const client of clients.list) client.get()
  await eventually('all wait', async () => (await backend.api.status()).listener?.length === 5)
  const waitedFrom = performance.now()
  await sleep(100)
  const waitedMs = performance.now() - waitedFrom
  await backend.api.change('PATCH', '/faults', { stalled: false })
  await eventually('all are answered', () => clients.list.every((client) => client.text.includes('"pid"')))
  await eventually('all answers are counted', async () => (await backend.api.status()).responses === 5)

  const { listener, accepts, open, acceptWait } = await backend.api.status()
  assert.equal(listener?.length, 0)
  assert.deepEqual([accepts, open, acceptWait.count], [5, 5, 5])
  assert.ok(acceptWait.upToMs[0]! >= waitedMs - JIFFY_MS, `${acceptWait.upToMs[0]} < ${waitedMs}`)
  const told = clients.list.map((client) => Number(client.header('x-spillway-accept-wait-ms')))
  assert.equal(Math.max(...told), acceptWait.maxMs)
  assert.equal(
    told.reduce((sum, waitMs) => sum + waitMs, 0),
    acceptWait.sumMs,
  )
})

test('a connection that did not have to wait is counted as such', async () => {
  await using backend = await startBackend()
  using client = new Client(backend.port).get()
  const before = Number(process.hrtime.bigint()) / 1e6
  await eventually('it is answered', () => client.text.includes('"pid"'))
  const acceptedMs = Number(client.header('x-spillway-accepted-ms'))
  assert.ok(acceptedMs <= Number(process.hrtime.bigint()) / 1e6)
  assert.ok(acceptedMs > before - 30_000, 'it is the monotonic clock')
  assert.equal(client.header('x-spillway-backend'), 'backend-t')
  await eventually('its answer is counted', async () => (await backend.api.status()).responses === 1)
  const { text } = await backend.api.ask('GET', '/metrics')
  assert.match(text, /^spillway_backend_accept_wait_seconds_count\{.*\} 1$/m)
  assert.match(text, /^spillway_backend_responses_total\{code="200",.*\} 1$/m)
})

test('listen() again changes the limit of a live queue, also while the loop is stalled', async () => {
  await using backend = await startBackend({ backlog: 1 })
  await backend.api.change('PATCH', '/faults', { stalled: true })
  using clients = many(2, backend.port)
  await eventually('the queue is full', async () => (await backend.api.status()).listener?.length === 2)
  const { listener } = await backend.api.change('PUT', '/listener', { backlog: 6 })
  assert.deepEqual([listener?.length, listener?.limit, listener?.backlog], [2, 6, 6])
  using more = many(5, backend.port)
  await eventually('there is room for more', async () => (await backend.api.status()).listener?.length === 7)
  assert.equal((await backend.api.change('PUT', '/listener', { backlog: 0 })).listener?.limit, 0)
  assert.equal(clients.list.length + more.list.length, 7)
})

test('a backlog above somaxconn is cut by the kernel, and the backend says which setting did it', async () => {
  const somaxconn = Number(readSysctl('net.core.somaxconn'))
  const backlog = somaxconn + 70_000
  await using backend = await startBackend({ backlog })
  const status = await backend.api.status()
  assert.equal(status.listener?.backlog, backlog)
  assert.equal(status.listener?.limit, somaxconn)
  assert.equal(status.somaxconn, somaxconn)
  assert.equal(backend.warnings.length, 1)
  assert.match(
    backend.warnings[0]!,
    new RegExp(`asked for .* ${backlog}, .* ${somaxconn}: net.core.somaxconn is ${somaxconn}`),
  )
  await backend.api.change('PUT', '/listener', { backlog: somaxconn })
  assert.equal(backend.warnings.length, 1, 'what was granted in full is worth no warning')
})

test('closing the listener while stalled resets those who wait, and keeps accepted connections', async () => {
  await using backend = await startBackend()
  using accepted = new Client(backend.port).get()
  await eventually('the first is served', () => accepted.text.includes('"pid"'))
  await backend.api.change('PATCH', '/faults', { stalled: true })
  using clients = many(3, backend.port)
  await eventually('three wait', async () => (await backend.api.status()).listener?.length === 3)
  assert.equal((await backend.api.change('DELETE', '/listener')).listener, null)
  await eventually('all three are reset', () => clients.list.every((client) => client.error === 'ECONNRESET'))
  using refused = new Client(backend.port)
  await eventually('a new one is refused', () => refused.error === 'ECONNREFUSED')

  const opening = await backend.api.ask('PUT', '/listener', {})
  assert.equal(opening.code, 409)
  assert.match(opening.json.error, /stalled/)

  await backend.api.change('PATCH', '/faults', { stalled: false })
  const { listener } = await backend.api.change('PUT', '/listener')
  assert.equal(listener?.port, backend.port, 'it opens the same port again')
  using again = new Client(backend.port).get()
  await eventually('the port serves again', () => again.text.includes('"pid"'))
  accepted.text = ''
  accepted.get()
  await eventually('the first connection lives on', () => accepted.text.includes('"pid"'))
})

test('a backend that starts closed listens when it is told to', async () => {
  await using backend = await startBackend({ closed: true })
  assert.equal((await backend.api.status()).listener, null)
  assert.equal((await backend.api.change('DELETE', '/listener')).listener, null)
  const { listener } = await backend.api.change('PUT', '/listener', { backlog: 3 })
  assert.equal(listener?.limit, 3)
  using client = new Client(listener?.port ?? 0).get()
  await eventually('it serves', () => client.text.includes('"pid"'))
})

test('with TCP_DEFER_ACCEPT a silent client waits half open', async () => {
  await using backend = await startBackend()
  const { listener } = await backend.api.change('PUT', '/listener', { deferAcceptSeconds: 30 })
  assert.equal(listener?.limit, 8, 'the backlog stays')
  using client = new Client(backend.port)
  await eventually('the client believes itself connected', () => client.connected)
  assert.equal((await backend.api.status()).accepts, 0)
  client.get()
  await eventually('it is served once it speaks', () => client.text.includes('"pid"'))
})

function many(count: number, port: number) {
  const list = Array.from({ length: count }, () => new Client(port))
  return {
    list,
    [Symbol.dispose]: () => {
      for (const client of list) client[Symbol.dispose]()
    },
  }
}
