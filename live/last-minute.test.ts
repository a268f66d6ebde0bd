import assert from 'node:assert/strict'
import test from 'node:test'
import type { Counted } from './counted.ts'
import { LastMinute, type Watched } from './last-minute.ts'
import { shardOf } from './testing/state.ts'

const nothing: Counted = { readings: 1, opens: 0, overflows: 0, entered: {}, otherPorts: [], longestWaitMs: 0 }

/** A minute that is lived through in steps of 100 ms. */
class Clock {
  readonly minute = new LastMinute()
  #view: Watched = {
    monotonicMs: 50_000,
    port: 8080,
    counted: nothing,
    shards: [shardOf(1, { limit: 19 })],
    steering: { by: 'hash' },
    sysctls: { syncookies: 1, abortOnOverflow: 0, migrateReq: 0, somaxconn: 4096 },
  }

  constructor(changes: Partial<Watched> = {}) {
    this.#see(changes, {})
  }

  /** So many steps, in each of which so much is gained. */
  pass(steps: number, { opens = 0, overflows = 0, ...others }: Partial<Counted> = {}, changes: Partial<Watched> = {}) {
    for (let step = 0; step < steps; step++) {
      const { counted, monotonicMs } = this.#view
      this.#see(
        { monotonicMs: monotonicMs + 100, ...changes },
        {
          readings: counted.readings + 1,
          opens: counted.opens + opens,
          overflows: counted.overflows + overflows,
          ...others,
        },
      )
    }
    return this
  }

  #see(changes: Partial<Watched>, counted: Partial<Counted>): void {
    this.#view = { ...this.#view, ...changes, counted: { ...this.#view.counted, ...changes.counted, ...counted } }
    this.minute.see(this.#view)
  }
}

const said = (clock: Clock, stallMs?: number): string => {
  const { words, basis } = clock.minute.plan(stallMs)
  return [...words, ...basis].join(' ')
}

test('a constant load is answered with rate times stall, and with what that is based on', () => {
  const clock = new Clock().pass(300, { opens: 10 })
  const { backlog, sockets } = clock.minute.plan(500)
  assert.ok(backlog !== undefined && backlog >= 49 && backlog <= 59, `${backlog}`)
  assert.deepEqual(
    sockets.map(({ shard, limit, enough }) => ({ shard, limit, enough })),
    [{ shard: 1, limit: 19, enough: false }],
  )
  assert.match(said(clock, 500), /3,000 connections within 30 s, counted by the kernel.* every 100 ms\.$/)
})

test('only the last minute counts', () => {
  const clock = new Clock().pass(50, { opens: 1000 }).pass(610, { opens: 1 })
  assert.ok(clock.minute.plan(100).backlog! <= 2)
})

test('views between which the counters were not read are one interval', () => {
  const clock = new Clock()
  for (let second = 0; second < 20; second++) {
    clock.pass(1, { opens: 30 })
    const readings = 2 + second
    clock.pass(2, { readings })
  }
  assert.match(said(clock, 300), /every 300 ms/)
})

test('what came while the counters were not read came at once or spread out: where that matters it says to ask again', () => {
  const gap = (opens: number): Clock => {
    const clock = new Clock().pass(200, { opens: 20 })
    clock.pass(1, { opens }, { monotonicMs: 50_000 + 200 * 100 + 2000 })
    return clock.pass(100, { opens: 20 }, {})
  }
  const asked = gap(400).minute.plan(100)
  assert.equal(asked.backlog, undefined)
  assert.match(
    asked.words.join(' '),
    /^The machine was busy: .* not read for 2 s, and 400 connections came.* Ask again in a minute\.$/,
  )
  // A handful fits whenever it came.
  const few = gap(10).minute.plan(100)
  assert.ok(few.backlog !== undefined && few.backlog < 60)
  assert.match(few.basis.join(' '), /were not read for 2 s: that time is left out/)
})

test('without arrivals, without time and without listeners it says so, and gives no number', () => {
  const quiet = new Clock().pass(100)
  assert.equal(quiet.minute.plan(100).backlog, undefined)
  assert.match(said(quiet, 100), /Port 8080 had no new connections in the last 10 s/)
  assert.match(
    said(new Clock().pass(5, { opens: 9 }), 3000),
    /observed for only 500 ms, which is too short for a stall of 3 s/,
  )
  assert.match(said(new Clock({ shards: [shardOf(1, { state: 'down' })] }), 100), /No backend is listening/)
  const { words } = new LastMinute().plan(100)
  assert.match(words.join(), /nothing has been counted yet/)
})

test('a client that is dropped and retries counts once: as if nothing had been dropped', () => {
  const backlogOf = (clock: Clock): number => clock.minute.plan(100).backlog!
  const calm = backlogOf(new Clock().pass(300, { opens: 10 }))
  // A stall of two seconds: all are dropped, and after a second the earlier ones come again together with new ones.
  const spilled = new Clock()
    .pass(100, { opens: 10 })
    .pass(10, { overflows: 10 })
    .pass(10, { overflows: 20 })
    .pass(10, { opens: 30 })
    .pass(100, { opens: 10 })
  assert.equal(backlogOf(spilled), calm)
  assert.match(said(spilled, 100), /300 SYNs met a full queue and were dropped\. In the first second each is a new/)
  assert.match(said(spilled, 100), /after that, with their retransmits, are left out/)
})

test('a burst that is dropped counts in full', () => {
  const clock = new Clock().pass(100, { opens: 1 }).pass(1, { opens: 20, overflows: 480 }).pass(100, { opens: 1 })
  const { backlog } = clock.minute.plan(100)
  assert.ok(backlog !== undefined && backlog >= 499, `${backlog}`)
})

test('where SYNs were dropped all the time the answer is an upper bound, and called so', () => {
  const clock = new Clock().pass(620, { opens: 10, overflows: 10 })
  const { backlog } = clock.minute.plan(1000)
  assert.ok(backlog !== undefined && backlog >= 199, `${backlog}`)
  assert.match(said(clock, 1000), /the answer is an upper bound/)
})

test('connections to other ports of the namespace are left out, by what the backends accepted', () => {
  const clock = new Clock({ counted: { ...nothing, otherPorts: [9101], entered: { 7: 0 } } })
  for (let step = 1; step <= 300; step++) clock.pass(1, { opens: 20, entered: { 7: step * 10 } })
  const { backlog } = clock.minute.plan(1000)
  assert.ok(backlog !== undefined && backlog >= 99 && backlog < 130, `${backlog}`)
  assert.match(
    said(clock, 1000),
    /counts port 9101 together with 8080\. .* 100\/s went there; they are subtracted evenly/,
  )
  // A load that lasted for a tenth of the time only is not watered down by the rest of it.
  const short = new Clock({ counted: { ...nothing, otherPorts: [9101], entered: { 7: 0 } } }).pass(270, { opens: 2 })
  for (let step = 1; step <= 30; step++) short.pass(1, { opens: 12, entered: { 7: step * 10 } })
  const { backlog: ofShort } = short.minute.plan(1000)
  assert.ok(ofShort !== undefined && ofShort >= 99 && ofShort < 112, `${ofShort}`)
  const idle = new Clock({ counted: { ...nothing, otherPorts: [9101], entered: { 7: 5 } } }).pass(300, { opens: 2 })
  assert.match(said(idle, 100), /Port 8080 had no new connections/)
})

test('a process that begins anew brings no arrivals of before', () => {
  const clock = new Clock({ counted: { ...nothing, otherPorts: [9101], entered: { 7: 0 } } })
  clock.pass(100, { opens: 10, entered: { 8: 5000 } })
  assert.match(said(clock, 100), /had no new connections/)
})

test('without a stall of its own the plan is for the longest wait of the last minute', () => {
  const clock = new Clock().pass(10, { opens: 10, longestWaitMs: 900 }).pass(650, { opens: 10, longestWaitMs: 300 })
  assert.equal(clock.minute.plan().stallMs, 300)
  assert.equal(clock.minute.plan(100).longestWaitMs, 300)
})

test('each socket that a program steers to may get everything', () => {
  const shards = [shardOf(1), shardOf(2)]
  const hashed = new Clock({ shards }).pass(100, { opens: 20 }).minute.plan(1000).backlog!
  const fixed = new Clock({ shards, steering: { by: 'member', member: 0 } }).pass(100, { opens: 20 })
  assert.ok(hashed < 150)
  assert.ok(fixed.minute.plan(1000).backlog! >= 199)
})

test('counters that go back are of another namespace: what was before is forgotten', () => {
  const clock = new Clock().pass(100, { opens: 100 }).pass(1, { opens: -9999 }).pass(50, { opens: 1 })
  assert.ok(clock.minute.plan(100).backlog! <= 2)
})
