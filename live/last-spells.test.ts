/** Minutes that a display has watched, as findings see them: what it says of a backlog follows from them. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { LastSpells, type PortNow, type QueueNow, type Whose, withSpells } from './last-spells.ts'
import type { BacklogAdvice } from './state.ts'

const BEGAN_MS = Date.UTC(2026, 10, 23, 12)

const whose: Whose = {
  of: (shard) => ({
    netns: '',
    own: true,
    address: '*',
    port: 8080,
    server: undefined,
    who: `worker ${shard}`,
    activated: false,
    setBy: { by: 'application' },
  }),
  alone: true,
  somaxconn: 4096,
}

const advice: BacklogAdvice = {
  stallMs: 1000,
  longestWaitMs: 900,
  words: ['Set a backlog of 120: 16 survives a stall of 150 ms only, not one of 1 s.', 'About 100 connections came.'],
  basis: [],
  backlog: 120,
  sockets: [{ shard: 1, limit: 16, enough: false, survives: '150 ms' }],
  mends: [{ line: 'listen 8080 backlog=120;', where: '', after: '' }],
}

/** A port that is looked at ten times a second. */
class Watch {
  readonly spells = new LastSpells()
  #timeMs = BEGAN_MS
  #queues: QueueNow[]
  #waitMs = 0
  #overflows = 0

  constructor(shards: number, limit = 16) {
    this.#queues = Array.from({ length: shards }, (_, i) => ({
      shard: i + 1,
      length: 0,
      limit,
      fullSeconds: 0,
      drops: 0,
      acceptors: 1,
    }))
    this.pass(5)
  }

  /** So many seconds, in which these shards are full and drop so many each second. */
  pass(
    seconds: number,
    { full = [], drops = 0, moves = false }: { full?: number[]; drops?: number; moves?: boolean } = {},
  ) {
    for (let i = 0; i < seconds * 10; i++) {
      this.#timeMs += 100
      this.#waitMs = full.length === 0 ? 0 : moves ? 400 : this.#waitMs + 100
      this.#overflows += (full.length * drops) / 10
      this.#queues = this.#queues.map((queue) =>
        full.includes(queue.shard)
          ? { ...queue, length: queue.limit + 1, fullSeconds: queue.fullSeconds + 0.1, drops: queue.drops + drops / 10 }
          : { ...queue, length: 1 },
      )
      const now: PortNow = {
        queues: this.#queues,
        oldestWaitMs: this.#waitMs,
        hungUp: 0,
        counters: { opens: 0, overflows: this.#overflows, listenDrops: this.#overflows, synQueueFull: 0 },
      }
      this.spells.see(this.#timeMs, now)
    }
    return this
  }

  get found() {
    return this.spells.found(whose)
  }
}

const said = (watch: Watch): string => withSpells(advice, watch.found).words.join(' ')

test('a calm port changes nothing', () => {
  assert.deepEqual(withSpells(advice, new Watch(2).pass(60).found), advice)
})

test('a stalled shard: no backlog is proposed as its cure, and none can be set', () => {
  const watch = new Watch(3).pass(20, { full: [2], drops: 30 })
  const planned = withSpells(advice, watch.found)
  assert.equal(planned.cures, false)
  assert.deepEqual(planned.mends, [])
  assert.match(planned.words[0]!, /shard 2 of 3.*stood still.*while the others accepted.*No backlog is the cure/s)
  assert.doesNotMatch(planned.words.join(' '), /Set a backlog/)
  assert.match(planned.words[1]!, /a backlog of 120\): room to wait in, and no cure/)
  assert.match(planned.words.join(' '), /About 100 connections came/)
})

test('a sibling that was full for a moment meanwhile has not stood still', () => {
  const watch = new Watch(2).pass(10, { full: [1], drops: 30 }).pass(0.2, { full: [1, 2], drops: 30 })
  assert.match(said(watch.pass(10, { full: [1], drops: 30 })), /shard 1 of 2.*stood still.*while the others accepted/s)
})

test('it is said while it lasts, and still a minute after it has ended, but no longer than some minutes', () => {
  const watch = new Watch(2).pass(8, { full: [1], drops: 30 })
  assert.match(said(watch), /^Since /)
  assert.match(said(watch.pass(60)), /^Between 12:00:0\d and 12:00:1\d UTC/)
  assert.equal(said(watch.pass(400)), advice.words.join(' '))
})

test('a pause of less than two seconds is what a backlog is for', () => {
  const planned = withSpells(advice, new Watch(1).pass(1, { full: [1], drops: 30 }).pass(10).found)
  assert.equal(planned.cures, undefined)
  assert.equal(planned.words[0], advice.words[0])
  assert.match(planned.spells!.join(' '), /A larger backlog is the cure/)
})

test('a queue that is full while it keeps moving is an overload, and no backlog is its cure', () => {
  const planned = withSpells(advice, new Watch(1).pass(20, { full: [1], drops: 30, moves: true }).found)
  assert.equal(planned.cures, false)
  assert.match(planned.words[0]!, /more came than were accepted, so that any queue fills/)
})

test('calm minutes are forgotten, and what happened in them is not', () => {
  const watch = new Watch(1)
    .pass(200)
    .pass(5, { full: [1], drops: 10 })
    .pass(100)
  const [one, ...others] = watch.found
  assert.deepEqual(others, [])
  assert.equal(one!.evidence.drops, 50)
  assert.ok(Math.abs(Number(one!.evidence.full_seconds) - 5) < 0.2)
})
