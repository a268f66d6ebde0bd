import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { Progress } from '../progress.ts'
import { rawListener } from '../testing/raw-listener.ts'
import { startServer } from '../testing/server.ts'
import { connectionsOf } from '../testing/sockets.ts'
import { HeldConnections } from './hold.ts'

function hold(target: { host: string; port: number }, connections: number, more: { durationMs?: number } = {}) {
  const progress = new Progress()
  const held = new HeldConnections({ kind: 'hold', target, connections, ...more }, progress)
  const stop = new AbortController()
  const running = held.run(stop.signal)
  return { progress, held, stop: () => stop.abort(), running }
}

test('held connections stay silent until they are told to speak, and then send one byte each', async () => {
  let heard = ''
  await using server = await startServer((socket) =>
    socket.on('data', (data) => {
      heard += data
    }),
  )
  const { progress, held, stop, running } = hold(server.target, 20)
  await eventually('all are connected', () => progress.connected === 20 && server.sockets.size === 20)
  assert.equal(heard, '')
  assert.equal(progress.bytesWritten, 0)
  assert.equal(held.speak(), 20)
  await eventually('all have spoken', () => heard.length === 20)
  assert.equal(held.speak('hello'), 20)
  await eventually('all have said hello', () => heard.length === 120)
  assert.equal(heard.split('hello').length - 1, 20)
  assert.equal(progress.bytesWritten, 120)
  assert.equal(progress.open, 20)
  stop()
  await running
  assert.equal(progress.outcomes.ok, 20)
})

test('when a hold ends, no socket of it stays in the kernel, not even in TIME_WAIT', async () => {
  using listener = rawListener('127.0.0.1', 4)
  const { progress, stop, running } = hold({ host: '127.0.0.1', port: listener.port }, 9)
  await eventually('the queue is full and the rest waits', () => {
    const seen = connectionsOf(listener.port).filter(({ peerPort }) => peerPort === listener.port)
    return progress.connected === 5 && seen.filter(({ state }) => state === 'syn_sent').length === 4
  })
  stop()
  await running
  assert.equal(progress.open, 0)
  assert.deepEqual({ ok: progress.outcomes.ok, abandoned: progress.outcomes.abandoned }, { ok: 5, abandoned: 4 })
  await eventually('the kernel has none left', () => connectionsOf(listener.port).length === 0)
})

test('a hold with a duration ends by itself', async () => {
  await using server = await startServer(() => {})
  const { progress, running } = hold(server.target, 3, { durationMs: 150 })
  await running
  assert.equal(progress.outcomes.ok, 3)
})

test('a rate spreads the beginnings', async () => {
  await using server = await startServer(() => {})
  const progress = new Progress()
  const held = new HeldConnections(
    { kind: 'hold', target: server.target, connections: 3, ratePerSecond: 0.01, durationMs: 100 },
    progress,
  )
  await held.run(new AbortController().signal)
  assert.equal(progress.started, 1)
})

test('what the server ends is counted: reset, closed, or closed after an answer', async () => {
  await using server = await startServer((socket) => {
    socket.once('data', (text) => {
      if (String(text) === 'answer') socket.end('here')
      else if (String(text) === 'reset') socket.resetAndDestroy()
      else socket.end()
    })
  })
  for (const [text, outcome] of [
    ['answer', 'ok'],
    ['reset', 'reset'],
    ['close', 'closedEarly'],
  ] as const) {
    const { progress, held, running } = hold(server.target, 2)
    await eventually('both are connected', () => progress.connected === 2)
    held.speak(text)
    await running // over, because none is left
    assert.equal(progress.outcomes[outcome], 2, text)
  }
})
