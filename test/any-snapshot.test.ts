/** What is shown and said of a lab, whatever the exporter, the backends and the load agent report. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Evidence } from '#findings/evidence.ts'
import { explain } from '#findings/explain.ts'
import { type Moment, viewOf } from '#live/view.ts'
import { LoadReport } from '#load/agent/api.ts'
import { BackendStatus } from '#services/backend/api.ts'
import { Snapshot } from '#services/exporter/snapshot.ts'
import { arbitraryOf } from './support/arbitrary.ts'
import fc from './support/properties.ts'

const steering = fc.oneof(
  fc.constantFrom({ by: 'hash' as const }, { by: 'cpu' as const }),
  fc.record({ by: fc.constant('random' as const), members: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ by: fc.constant('member' as const), member: fc.nat({ max: 9 }) }),
)
const sysctls = fc.record({
  syncookies: fc.integer({ min: -1, max: 2 }),
  abortOnOverflow: fc.integer({ min: -1, max: 1 }),
  migrateReq: fc.integer({ min: -1, max: 1 }),
  somaxconn: fc.integer({ min: -1, max: 4096 }),
})
const moment: fc.Arbitrary<Moment> = fc.record({
  snapshot: arbitraryOf(Snapshot),
  backends: fc.array(fc.option(arbitraryOf(BackendStatus), { nil: undefined }), { maxLength: 4 }),
  loads: fc.array(arbitraryOf(LoadReport), { maxLength: 3 }),
  synRetransmits: fc.nat(),
  askedMs: fc.constant(0),
})
/** Milliseconds between two moments: the earlier one may be missing, the same, or come from after a restart. */
const apart = fc.option(fc.oneof(fc.constantFrom(0, 1, 1000), fc.integer({ min: -5000, max: 60_000 })), {
  nil: undefined,
})

const at = (one: Moment, timeMs: number): Moment => ({
  ...one,
  askedMs: timeMs,
  snapshot: { ...one.snapshot, monotonicMs: timeMs },
})

/** Every number in a value, with the way to it. */
function* numbersIn(value: unknown, path = ''): Generator<[path: string, number: number]> {
  if (typeof value === 'number') yield [path, value]
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) yield* numbersIn(inner, `${path}.${key}`)
}

function assertWords(words: string | undefined): void {
  if (words !== undefined) assert.match(words, /^\S(?!.*\b(?:NaN|undefined|null|Infinity)\b).*\.$/s)
}

test('any two moments give a view of finite numbers, and words that a person can read or none', () => {
  let told = 0
  const property = fc.property(moment, moment, apart, steering, sysctls, (now, before, apartMs, how, settings) => {
    const lasts = { kernel: '6.18.0', address: '198.18.0.2', port: 8080, mode: 'sharded', gaps: [] }
    const earlier = apartMs === undefined ? undefined : at(before, 1e6 - apartMs)
    const view = viewOf(at(now, 1e6), earlier, { ...lasts, steering: how, sysctls: settings })
    for (const [path, number] of numbersIn(view)) {
      assert.ok(Number.isFinite(number), `${path} is ${number}`)
      if (path.endsWith('PerSecond')) assert.ok(number >= 0, `${path} is ${number}`)
    }
    for (const { limit, length, fill } of view.shards) assert.equal(fill >= 1, length > limit)
    const words = explain(view)
    assertWords(words)
    if (words !== undefined) told++
  })
  fc.assert(property, { numRuns: 500 })
  assert.ok(told > 50, `only ${told} had anything to tell`)
})

const small = fc.oneof(fc.constantFrom(0, 1, 2), fc.nat({ max: 5000 }))
const perSecond = fc.oneof(fc.constantFrom(0, 0.4, 1), fc.double({ min: 0, max: 1e7, noNaN: true }))
const shard = fc
  .record({
    shard: fc.integer({ min: 1, max: 20 }),
    state: fc.constantFrom('listening' as const, 'closed' as const, 'down' as const),
    stalled: fc.boolean(),
    faults: fc.subarray(['20 ms per accept', 'never reads']),
    length: small,
    limit: fc.oneof(small, fc.constant(511)),
    backlog: small,
    peak: small,
    dropsPerSecond: perSecond,
    acceptWait: fc.option(fc.record({ p99Ms: perSecond }), { nil: undefined }),
    processes: fc.array(fc.record({ stalled: fc.boolean(), acceptsPerSecond: perSecond }), { maxLength: 12 }),
  })
  .map((one) => ({ ...one, fill: one.length / (one.limit + 1) }))
const counter = fc.constantFrom(
  'ListenOverflows',
  'ListenDrops',
  'TCPReqQFullDrop',
  'TCPReqQFullDoCookies',
  'EmbryonicRsts',
  'TCPMigrateReqSuccess',
  'TCPMigrateReqFailure',
  'TCPDeferAcceptDrop',
  'NobodyKnows',
)
const evidence: fc.Arbitrary<Evidence> = fc.record({
  steering,
  shards: fc.array(shard, { maxLength: 12 }),
  portView: fc.option(
    fc.record({
      synQueue: fc.record({ length: small, limit: small }),
      receiveBytes: fc.nat(),
      sendBytes: fc.nat(),
      zeroWindows: small,
    }),
    { nil: undefined },
  ),
  clients: fc.record({ startedPerSecond: perSecond, halfOpenPerSecond: perSecond, synRetransmitsPerSecond: perSecond }),
  sysctls,
  cookiesPerSecond: perSecond,
  moved: fc.array(fc.record({ name: counter, perSecond })),
  loads: fc.array(
    fc.record({
      kind: fc.constantFrom('handshake', 'connections', 'half-open'),
      state: fc.constantFrom('running', 'done', 'failed'),
      outcomes: fc.record({ noPortLeft: small }),
    }),
  ),
})

test('whatever the evidence, a finding is a sentence that a person can read', () => {
  const heard = new Set<string>()
  const property = fc.property(evidence, (seen) => {
    const words = explain(seen)
    assertWords(words)
    if (words !== undefined) heard.add(words.replaceAll(/[\d,.]+/g, '').slice(-40))
  })
  fc.assert(property, { numRuns: 3000 })
  assert.ok(heard.size > 15, `only ${heard.size} endings were heard`)
})
