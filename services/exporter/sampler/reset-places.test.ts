import assert from 'node:assert/strict'
import test from 'node:test'
import type { ListeningEnd } from './port-state.ts'
import { ResetPlaces } from './reset-places.ts'

const DUMP_MS = 10_000

/** A listener that has had this length since `steadySinceMs`, and was last empty at `lastEmptyMs`. */
const queue = (
  length: number,
  steadySinceMs: number,
  lastEmptyMs = 0,
): ListeningEnd & { length: number; steadySinceMs: number } => ({
  address: '10.0.0.1',
  port: 80,
  deviceIndex: 0,
  limit: 128,
  length,
  steadySinceMs,
  steadySamples: (DUMP_MS - steadySinceMs) / 10,
  lastEmptyMs,
  used: false,
})
const still = (length: number) => queue(length, 5000)

function judged(
  listeners: ListeningEnd[],
  waiting: { all: number; long: number },
  believable = true,
): number | undefined {
  const places = new ResetPlaces()
  places.dumped(DUMP_MS, listeners, waiting, believable)
  places.decide(new Set(listeners))
  return places.count
}

test('places without a connection are those of clients that have reset', () => {
  assert.equal(judged([still(5)], { all: 3, long: 3 }), 2)
  assert.equal(judged([still(5)], { all: 5, long: 5 }), 0)
  assert.equal(judged([queue(0, 5000, DUMP_MS)], { all: 0, long: 0 }), 0, 'an empty queue has none')
})

test('nothing is said of a queue that has moved within a second, or of one seen too few times', () => {
  assert.equal(judged([queue(5, 9500)], { all: 0, long: 0 }), undefined)
  assert.equal(judged([{ ...still(5), steadySamples: 3 }], { all: 0, long: 0 }), undefined)
})

test('nothing is said if somebody has come lately although no queue has grown', () => {
  assert.equal(judged([still(5)], { all: 5, long: 3 }), undefined)
})

test('nothing is said if a queue moves after the dump, or its listener closes', () => {
  const listener = still(5)
  const places = new ResetPlaces()
  places.dumped(DUMP_MS, [listener], { all: 3, long: 3 }, true)
  listener.length = 4
  listener.steadySinceMs = DUMP_MS + 10
  places.decide(new Set([listener]))
  assert.equal(places.count, undefined)
  places.dumped(DUMP_MS, [still(5)], { all: 3, long: 3 }, true)
  places.decide(new Set())
  assert.equal(places.count, undefined)
})

test('a sibling that was empty shortly before may go on, for who has waited long does not wait there', () => {
  assert.equal(judged([still(5), queue(2, 9990, 9980)], { all: 5, long: 3 }), 2)
  assert.equal(
    judged([still(5), queue(2, 9990, 9000)], { all: 5, long: 3 }),
    undefined,
    'it may hold some that waited long',
  )
})

test('more waiting connections than places are no negative number', () => {
  assert.equal(judged([still(2)], { all: 3, long: 3 }), undefined)
})

test('nothing is said where a length may count others', () => {
  assert.equal(judged([still(5)], { all: 3, long: 3 }, false), undefined)
})

test('what was known is forgotten with the next dump', () => {
  const listener = still(5)
  const places = new ResetPlaces()
  places.dumped(DUMP_MS, [listener], { all: 3, long: 3 }, true)
  places.decide(new Set([listener]))
  places.dumped(DUMP_MS + 1000, [queue(5, DUMP_MS)], { all: 3, long: 3 }, true)
  assert.equal(places.count, undefined)
})
