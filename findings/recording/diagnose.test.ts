/** What is concluded from what was kept of listeners: from real recordings, and from damaged and imagined ones. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '../../test/support/properties.ts'
import { type Diagnosis, diagnose } from './diagnose.ts'
import { readRecording } from './fixtures/read.ts'
import { missingOf, triesWithin } from './missing.ts'
import type { ListenerRecording, PortRecording, Readings } from './recorded.ts'

const only = (port: PortRecording): Diagnosis => {
  const found = diagnose(port)
  assert.equal(found.length, 1, found.map(({ words }) => words).join('\n'))
  return found[0]!
}

for (const name of ['nginx-5s', 'nginx-15s'] as const)
  test(`one of three workers that was stopped for 20 s is one shard that stood still, and no backlog is the cure (${name})`, () => {
    const found = only(readRecording(name))
    assert.equal(found.code, 'one-shard-stalled')
    assert.equal(found.backlogCures, false)
    assert.deepEqual(found.mends, [])
    assert.ok(found.stallSeconds!.low > 8 && found.stallSeconds!.low <= 21, JSON.stringify(found.stallSeconds))
    assert.ok(found.stallSeconds!.high >= 20)
    // 150 clients a second over three shards: 1,000 came in 20 s.
    assert.ok(found.carries!.low <= 1000 && found.carries!.high >= 1000, JSON.stringify(found.carries))
    assert.match(found.words, /shard 2 of 3: 512 of 512 waited.*while the others accepted.*No backlog is the cure/)
  })

test('a burst on a small backlog is a backlog that is too small, with the line that sets it', () => {
  const found = only(readRecording('burst-5s'))
  assert.deepEqual([found.code, found.backlogCures], ['backlog-small', true])
  assert.match(found.words, /17 of 17 waited; full for 2\d ms.*A larger backlog is the cure: between \d+ and \d+/)
  assert.match(found.mends[0]!.line, /^listen 127.0.0.1:8080 backlog=\d+;$/)
})

for (const name of ['gunicorn-5s', 'uwsgi-15s'] as const)
  test(`a pool whose workers are all busy is told to have more of them, and no backlog (${name})`, () => {
    const found = only(readRecording(name))
    assert.deepEqual([found.code, found.backlogCures, found.carries], ['workers-exhausted', false, undefined])
    assert.match(found.words, /kept accepting: all its workers were busy.*had hung up/)
    assert.match(found.mends[0]!.line, /--(?:workers|processes) 8/)
  })

const SCRAPE_S = 15
/** A reading every 15 s, by a function of the number of the scrape. */
const each = (value: (i: number) => number, count = 20): Readings =>
  Array.from({ length: count }, (_, i) => ({ atSeconds: 1_795_700_000 + i * SCRAPE_S, value: value(i) }))

const listener = (parts: Partial<ListenerRecording>): ListenerRecording => ({
  netns: 'host',
  own: false,
  host: 'a:10511',
  address: '0.0.0.0',
  port: 8080,
  shard: 1,
  server: undefined,
  who: 'app',
  activated: false,
  setBy: { by: 'application' },
  limit: 128,
  limits: each(() => 128),
  length: each(() => 0),
  peak: each(() => 0),
  fullSeconds: each(() => 0),
  drops: each(() => 0),
  acceptors: [],
  ...parts,
})

const port = (shards: Partial<ListenerRecording>[], parts: Partial<PortRecording> = {}): PortRecording => ({
  shards: shards.map((one, at) => listener({ shard: at + 1, ...one })),
  oldestWaitSeconds: [],
  hungUp: [],
  counters: { opens: [], overflows: each(() => 0), listenDrops: each(() => 0), synQueueFull: each(() => 0) },
  alone: true,
  somaxconn: 4096,
  ...parts,
})

const from = (at: number, value: number) => (i: number) => (i < at ? 0 : value)
const counters = (parts: Partial<PortRecording['counters']>): Partial<PortRecording> => ({
  counters: { ...port([]).counters, ...parts },
})

test('a listener that was calm is told to be nothing', () => {
  assert.deepEqual(diagnose(port([{}, {}, {}])), [])
})

test('a pause of a second is carried by a larger backlog, and clients are counted from their drops', () => {
  const found = only(port([{ fullSeconds: each(from(5, 0.8)), drops: each(from(5, 90)) }]))
  assert.deepEqual([found.code, found.backlogCures], ['backlog-small', true])
  assert.deepEqual(found.carries, { low: 170, high: 220 })
  assert.equal(found.mends[0]!.line, 'listen(fd, 220)')
})

test('a backlog above somaxconn is told to need that raised first', () => {
  const found = only(port([{ fullSeconds: each(from(5, 0.8)), drops: each(from(5, 9000)) }]))
  assert.match(found.mends[0]!.line, /^sysctl -w net.core.somaxconn=\d+$/)
})

test('short bursts all the time are bursts, not an overload', () => {
  const found = only(port([{ fullSeconds: each((i) => i * 0.4), drops: each((i) => i * 30) }]))
  assert.deepEqual([found.code, found.backlogCures], ['backlog-small', true])
})

test('the first client’s burst counts, though its counter begins with it', () => {
  const found = only(port([{ fullSeconds: each(() => 0.5).slice(6), drops: each(from(6, 40)) }]))
  assert.equal(found.code, 'backlog-small')
  assert.equal(found.evidence.full_seconds, 0.5)
})

const full = (fromAt: number, to: number) => ({
  length: each((i) => (i >= fromAt && i < to ? 129 : 0)),
  fullSeconds: each((i) => SCRAPE_S * Math.max(0, Math.min(i, to) - fromAt)),
  drops: each((i) => 100 * Math.max(0, Math.min(i, to) - fromAt)),
})
const waits = (fromAt: number, to: number, value: (i: number) => number) => ({
  oldestWaitSeconds: each((i) => (i >= fromAt && i < to ? value(i) : 0)),
})

/** Waits that were measured at accept(): so many up to each bound, from the sixth reading on. */
const measured = (upTo: Record<string, number>): Pick<ListenerRecording, 'waits'> => ({
  waits: Object.entries(upTo).map(([bound, count]) => ({ upToSeconds: Number(bound), count: each(from(5, count)) })),
})

test('a stall between two scrapes is told from a burst by the waits that were measured at accept(), and its length by them', () => {
  const spell = { fullSeconds: each(from(5, 3.4)), drops: each(from(5, 90)) }
  // Nobody looked meanwhile: it may have been bursts.
  assert.equal(only(port([spell])).code, 'backlog-small')
  const exact = { ...measured({ 0.1: 800, 1: 810, 2.5: 850, 5: 930, Infinity: 930 }), timesFull: each(from(5, 1)) }
  const found = only(port([{ ...spell, ...exact }]))
  assert.deepEqual([found.code, found.backlogCures], ['all-shards-stalled', false])
  assert.deepEqual(found.stallSeconds, { low: 3.4, high: 5 })
  assert.match(found.words, /the longest for 2\.5 s to 5 s \(exact, measured at accept\(\)\)/)
  assert.equal(found.evidence.accepted, 930)
})

test('waits that were measured and are short tell a burst, whatever an older reading said of another shard', () => {
  const burst = { fullSeconds: each(from(5, 0.4)), drops: each(from(5, 90)) }
  const exact = measured({ 0.1: 700, 0.5: 900, 1: 900, Infinity: 900 })
  const old = waits(4, 7, () => 30)
  assert.equal(only(port([{ ...burst }], old)).code, 'all-shards-stalled')
  const found = only(port([{ ...burst, ...exact, oldestWaitSeconds: each(() => 0) }], old))
  assert.deepEqual([found.code, found.backlogCures], ['backlog-small', true])
  assert.match(found.words, /the longest for 0\.1 s to 0\.5 s|the longest for 100 ms to 500 ms/)
})

test('a queue that became full again and again was overloaded, and did not stand still', () => {
  const busy = { fullSeconds: each((i) => 12 * i), drops: each((i) => 100 * i), length: each(() => 129) }
  const found = only(port([{ ...busy, timesFull: each((i) => 600 * i) }]))
  assert.equal(found.code, 'accept-queue-overflows')
  const still = only(port([{ ...full(5, 10), timesFull: each(from(6, 1)) }]))
  assert.equal(still.code, 'all-shards-stalled')
})

test('a queue whose first in line gets older stands still; one whose first in line changes is overloaded', () => {
  const still = only(
    port(
      [full(5, 10)],
      waits(5, 10, (i) => (i - 5) * SCRAPE_S + 2),
    ),
  )
  assert.equal(still.code, 'all-shards-stalled')
  assert.match(still.words, /accepted nobody for \d+ s or more.*No backlog is the cure.*let clients wait up to/)
  const moves = only(
    port(
      [full(5, 10)],
      waits(5, 10, () => 3),
    ),
  )
  assert.equal(moves.code, 'accept-queue-overflows')
  assert.match(moves.words, /kept accepting.*No backlog is the cure/)
})

test('when all shards stand still, none of them is blamed alone', () => {
  const parts = waits(5, 10, (i) => (i - 5) * SCRAPE_S + 2)
  const found = diagnose(port([full(5, 10), full(5, 10)], parts))
  assert.deepEqual(
    found.map(({ code, times }) => [code, times]),
    [['all-shards-stalled', 2]],
  )
})

test('a long time at the limit into which no reading fell is not judged to be one or the other', () => {
  const found = only(
    port([{ fullSeconds: each(from(5, 9)), drops: each(from(5, 500)), peak: each((i) => (i === 5 ? 129 : 0)) }]),
  )
  assert.deepEqual([found.sure, found.backlogCures], ['possible', undefined])
  assert.match(found.words, /no reading fell into it.*Readings at shorter intervals tell/)
})

test('a stall that goes on is critical, and is told to have begun', () => {
  const found = only(
    port(
      [full(15, 20)],
      waits(15, 20, (i) => (i - 15) * SCRAPE_S + 2),
    ),
  )
  assert.equal(found.severity, 'critical')
  assert.match(found.words, /^Since \d\d:\d\d:\d\d UTC: 129 of 129 wait, /)
})

test('drops without a full queue are another reason, or none at all, by what the namespace counts', () => {
  const drops = [{ drops: each(from(5, 40)), peak: each(() => 3) }]
  const harmless = only(port(drops))
  assert.deepEqual([harmless.code, harmless.severity], ['syns-dropped-otherwise', 'note'])
  assert.match(harmless.words, /No SYN was turned away/)
  assert.match(
    only(port(drops, counters({ listenDrops: each(from(5, 40)) }))).words,
    /dropped 40 SYNs for another reason/,
  )
  const cookiesOff = counters({ listenDrops: each(from(5, 40)), synQueueFull: each(from(5, 40)) })
  assert.equal(only(port(drops, cookiesOff)).code, 'syn-queue-overflows')
})

test('overflows of a queue that no sample saw full are a burst between samples, where nobody else can have had them', () => {
  const drops = [{ drops: each(from(5, 40)), peak: each(() => 9) }]
  const parts = counters({ overflows: each(from(5, 40)), listenDrops: each(from(5, 40)) })
  assert.deepEqual([only(port(drops, parts)).code, only(port(drops, parts)).sure], ['backlog-small', 'possible'])
  assert.equal(only(port(drops, { ...parts, alone: false })).code, 'syns-dropped-otherwise')
})

test('a limit that was lower before is what the queue was full of then', () => {
  const found = only(
    port([{ limits: each((i) => (i < 10 ? 16 : 128)), fullSeconds: each(from(5, 0.3)), drops: each(from(5, 10)) }]),
  )
  assert.equal(found.evidence.limit, 16)
  assert.match(found.words, /17 of 17 waited/)
})

test('one that nearly spilled is told so, without a fault', () => {
  const found = only(port([{ peak: each(() => 110) }]))
  assert.deepEqual([found.code, found.severity, found.backlogCures], ['accept-queue-fills', 'note', undefined])
})

test('who tries again is counted as often as he tries', () => {
  assert.equal(triesWithin(0.5), 1)
  assert.ok(triesWithin(20) > 5 && triesWithin(20) < 7)
  assert.deepEqual(missingOf({ drops: 1, seconds: 0.1 }), { low: 1, high: 1 })
})

test('whatever was recorded, an answer does not contradict itself', () => {
  const readings = fc.array(fc.nat({ max: 40 }), { minLength: 20, maxLength: 20 })
  const counter = readings.map((steps) => {
    let sum = 0
    return each((i) => (sum += (steps[i] ?? 0) > 25 ? (steps[i] ?? 0) : 0))
  })
  const shard = fc.record({
    fullSeconds: counter.map((all) => all.map(({ atSeconds, value }) => ({ atSeconds, value: value / 10 }))),
    drops: counter,
    length: readings.map((all) => each((i) => (all[i] ?? 0) * 4)),
    peak: readings.map((all) => each((i) => (all[i] ?? 0) * 4)),
    acceptors: readings.map((all) => each((i) => (all[i] ?? 0) % 3)),
  })
  const property = fc.property(
    fc.array(shard, { minLength: 1, maxLength: 3 }),
    readings,
    counter,
    fc.boolean(),
    (shards, wait, overflows, alone) => {
      const oldestWaitSeconds = each((i) => wait[i] ?? 0)
      for (const { words, backlogCures, carries, stallSeconds, mends, code } of diagnose(
        port(shards, { oldestWaitSeconds, alone, ...counters({ overflows, listenDrops: overflows }) }),
      )) {
        assert.doesNotMatch(words, /NaN|undefined|Infinity|-\d/)
        assert.equal(/A larger backlog is the cure/.test(words) && /No backlog is the cure/.test(words), false, words)
        if (backlogCures === false) assert.doesNotMatch(words, /A larger backlog is the cure/)
        if (backlogCures === true) assert.doesNotMatch(words, /No backlog/)
        if (carries !== undefined) assert.ok(carries.low <= carries.high && carries.low > 0)
        if (stallSeconds !== undefined) assert.ok(stallSeconds.low <= stallSeconds.high)
        if (backlogCures === false) assert.ok(!mends.some(({ line }) => line.includes('listen(fd')), code)
      }
    },
  )
  fc.assert(property)
})
