import assert from 'node:assert/strict'
import test from 'node:test'
import { emptyWindow, type SampleWindow } from '#live/sample-window.ts'
import { shardOf, stateOf } from '#live/testing/state.ts'
import { Past } from './past.ts'
import { momentInWords, resolutionInWords, sampleInWords } from './words.ts'

const states = Array.from({ length: 30 }, (_, index) =>
  stateOf({
    sequence: index + 1,
    monotonicMs: 1000 + index * 100,
    timeMs: 501_000 + index * 100,
    shards: [shardOf(1)],
  }),
)

/** Samples of shard 1 every 10 ms, with what it dropped at some of them. */
function samples(drops: Record<number, number>, more: Partial<SampleWindow> = {}): SampleWindow {
  const window = { ...emptyWindow(), ...more }
  for (let atMs = 1000; atMs <= 3900; atMs += 10) {
    window.listeners.atMs.push(atMs)
    window.listeners.shard.push(1)
    window.listeners.length.push(drops[atMs] === undefined ? 128 : 129)
    window.listeners.limit.push(128)
    window.listeners.dropped.push(drops[atMs] ?? 0)
  }
  return window
}

const pastOf = (window?: SampleWindow): Past => {
  const past = Past.of({ states, ...(window === undefined ? {} : { samples: window }) })
  assert.ok(past)
  return past
}

test('each reading of the queues is a moment, and the state at it has what that reading found', () => {
  const past = pastOf(samples({ 1500: 3 }, { overflows: { atMs: [1540] } }))
  assert.equal(past.moments.length, 291)
  const at = (atMs: number) => past.stateAt(past.indexAt(atMs))
  const [before, drop, after] = [at(1490), at(1500), at(1512)]
  assert.deepEqual(
    [before, drop, after].map(({ shards: [shard] }) => [shard?.length, shard?.fill === 1, shard?.droppedNow]),
    [
      [128, false, 0],
      [129, true, 3],
      [128, false, 0],
    ],
  )
  assert.deepEqual([drop.monotonicMs, drop.timeMs], [1500, 501_500])
  assert.deepEqual(
    [before, drop].map(({ moved }) => moved.map(({ name }) => name)),
    [[], ['ListenOverflows']],
  )
})

test('drops that the kernel does not count as overflows do not spill', () => {
  const past = pastOf(samples({ 1500: 3 }, { overflows: { atMs: [2900] } }))
  assert.deepEqual(past.stateAt(past.indexAt(1500)).moved, [])
})

test('a drop and the SYNs’ return are told with their times; a return that was not seen is not invented', () => {
  const resent = { atMs: [2450, 2500, 2550], gained: [0, 0, 3] }
  const past = pastOf(samples({ 1500: 3, 3500: 1 }, { resent }))
  const say = (atMs: number): string => sampleInWords(past, past.indexAt(atMs), atMs)
  assert.equal(say(1500), 'Shard 1 dropped 3 within 10 ms. SYNs were sent again 1.05 s later, at −1.35 s.')
  assert.equal(say(3500), 'Shard 1 dropped 1 within 10 ms. Whether they came back is not in this half minute.')
  assert.match(say(2550), /^3 SYNs sent again within the 50 ms before \(TCPSynRetrans/)
  assert.equal(say(1400), 'Nothing is dropped here.')
  assert.equal(momentInWords(past, 1560), '−2.34 s')
})

test('a shard without a row at a moment had no listener then', () => {
  const window = samples({})
  window.listeners.shard.fill(2)
  assert.deepEqual(
    pastOf(window)
      .stateAt(10)
      .shards.map(({ state, length }) => [state, length]),
    [['closed', 0]],
  )
})

test('the resolution is that of the readings, with the longest gap; without samples it is that of the states', () => {
  const window = samples({})
  const gapped = {
    ...window,
    listeners: { ...window.listeners, atMs: window.listeners.atMs.map((ms) => (ms > 2000 ? ms + 200 : ms)) },
  }
  assert.match(
    resolutionInWords(pastOf(gapped), [], []),
    /^Accept queues: a sample every 10 ms, once only after 210 ms; between them nothing is known\./,
  )
  assert.match(resolutionInWords(pastOf(), [], []), /^States every 100 ms; between them nothing is known\. No samples/)
})
