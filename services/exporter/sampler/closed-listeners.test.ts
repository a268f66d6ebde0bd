import assert from 'node:assert/strict'
import test from 'node:test'
import { ClosedListeners } from './closed-listeners.ts'
import { MovedConnections } from './moved-connections.ts'
import type { ListeningEnd } from './port-state.ts'

const MINUTE_MS = 60_000

const at = (port: number, deviceIndex = 0) => ({ address: '10.0.0.1', port, deviceIndex })

const waiting = (length: number): ListeningEnd => ({
  ...at(80),
  limit: 128,
  length,
  steadySinceMs: 0,
  steadySamples: 0,
  lastEmptyMs: 0,
  used: false,
})

test('who waited is reset, except those that were moved to a sibling', () => {
  const all = new ClosedListeners()
  const closed = all.returned(at(80))
  all.add(closed, waiting(5), 1)
  assert.equal(all.settle(0, 3), 3)
  all.add(closed, waiting(4), 0)
  assert.equal(all.settle(0, 9), 0, 'without a sibling nobody is moved')
  assert.deepEqual(all.toSample([], String), {
    listeners: 2,
    reset: 6,
    ports: [{ address: '10.0.0.1', port: 80, listeners: 2, reset: 6 }],
  })
})

test('before anything has closed there is nothing to show', () => {
  assert.equal(new ClosedListeners().toSample([], String), undefined)
})

test('a port that listens again goes on counting; one that is gone and has reset nobody is not shown', () => {
  const all = new ClosedListeners()
  const closed = all.returned(at(80))
  all.add(closed, waiting(0), 0)
  all.settle(0, 0)
  assert.deepEqual(all.toSample([], String)?.ports, [])
  const again = all.returned(at(80))
  assert.equal(again, closed)
  assert.equal(all.toSample([again], String)?.ports[0]?.listeners, 1)
})

test('a port that is gone is forgotten after ten minutes, and the sums are not', () => {
  const all = new ClosedListeners()
  all.add(all.returned(at(80)), waiting(5), 0)
  all.settle(0, 0)
  assert.equal(all.toSample([], String)?.ports.length, 1)
  all.add(all.returned(at(81)), waiting(0), 0)
  all.settle(11 * MINUTE_MS, 0)
  assert.deepEqual(all.toSample([], String), { listeners: 2, reset: 5, ports: [] })
})

test('30,000 listeners that come and go leave a bounded number of ports, those first that reset somebody', () => {
  const all = new ClosedListeners()
  for (let port = 1; port <= 30_000; port++) {
    all.add(all.returned(at(port)), waiting(port % 100 === 0 ? 1 : 0), 0)
    if (port % 50 === 0) all.settle(port, 0)
  }
  const sample = all.toSample([], String)
  assert.equal(sample?.listeners, 30_000)
  assert.equal(sample?.ports.length, 300)
  for (let port = 30_001; port <= 60_000; port++) all.add(all.returned(at(port)), waiting(1), 0)
  all.settle(60_000, 0)
  assert.equal(all.toSample([], String)?.ports.length, 1024)
})

test('a rise of the counter of moved connections counts once, and only since the listener was last seen', () => {
  const moved = new MovedConnections()
  for (let dump = 0; dump < 10; dump++) moved.know(100)
  assert.equal(moved.since(100), 0, 'what was moved long ago')
  moved.know(107)
  assert.equal(moved.since(109), 9)
  moved.place(9)
  assert.equal(moved.since(109), 0)
  for (let dump = 0; dump < 10; dump++) moved.know(120)
  assert.equal(moved.since(120), 0, 'nobody closed meanwhile')
})

test('listeners that close on different devices are counted apart, each with the name of its device', () => {
  const all = new ClosedListeners()
  all.add(all.returned(at(80, 3)), waiting(5), 0)
  all.add(all.returned(at(80, 4)), waiting(2), 0)
  all.add(all.returned(at(80)), waiting(1), 0)
  all.settle(0, 0)
  const ports = all.toSample([], (index) => `dev${index}`)?.ports
  assert.deepEqual(
    ports?.map(({ device, reset }) => [device, reset]),
    [
      ['dev3', 5],
      ['dev4', 2],
      [undefined, 1],
    ],
  )
})
