/** No two sentences of an answer exclude each other, and no number has a value that it cannot have: over random situations. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '../test/support/properties.ts'
import type { Answer } from './answer.ts'
import { type Question, questions } from './ask.ts'
import type { Outcome } from './outcome.ts'
import type { Situation } from './situation.ts'
import { defaultClient, defaultKernel } from './system.ts'

const rates = fc.integer({ min: 20, max: 3000 })

/** Arrivals at whole multiples of a step: many of them at once, as coarse clocks write them down. */
const recorded = fc
  .record({
    steps: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 300 }),
    stepMs: fc.constantFrom(1, 20, 1000),
  })
  .map(({ steps, stepMs }) => ({
    shape: 'recorded' as const,
    atMs: Float64Array.from(steps.map((step) => step * stepMs).sort((a, b) => a - b)).map((at, _, all) => at - all[0]!),
    source: 'a test',
  }))

const situations: fc.Arbitrary<Situation & { backlog: number }> = fc
  .record({
    arrivals: fc.oneof(fc.record({ shape: fc.constantFrom('constant', 'poisson'), ratePerSecond: rates }), recorded),
    backends: fc.integer({ min: 1, max: 4 }),
    mode: fc.constantFrom('sharded', 'shared'),
    backlog: fc.integer({ min: 0, max: 200 }),
    acceptMs: fc.constantFrom(0, 0, 0.2, 1, 4),
    cv: fc.constantFrom(0, 1),
    stallMs: fc.option(fc.integer({ min: 5, max: 1500 }), { nil: undefined }),
    whom: fc.constantFrom('one', 'all'),
    rttMs: fc.constantFrom(0, 0.1, 5, 80),
    timeoutMs: fc.constantFrom(150, 900, 2500, 10_000),
    syncookies: fc.constantFrom(0, 1, 2),
    abortOnOverflow: fc.boolean(),
    halfOpenPerSecond: fc.constantFrom(0, 0, 0, 5, 200),
    seed: fc.nat(1000),
  })
  .map((drawn) => ({
    arrivals: drawn.arrivals as Situation['arrivals'],
    forMs: 1000,
    backends: drawn.backends,
    mode: drawn.mode as Situation['mode'],
    steering: 'hash',
    backlog: drawn.backlog,
    somaxconn: 4096,
    accept: { ms: drawn.acceptMs, cv: drawn.acceptMs === 0 ? 0 : drawn.cv, handleMs: 0, perTurn: 1 },
    stall:
      drawn.stallMs === undefined
        ? undefined
        : { ms: drawn.stallMs, everyMs: undefined, whom: drawn.whom as 'one' | 'all' },
    slow: undefined,
    restart: undefined,
    halfOpenPerSecond: drawn.halfOpenPerSecond,
    kernel: {
      ...defaultKernel,
      syncookies: drawn.syncookies as 0 | 1 | 2,
      abortOnOverflow: drawn.abortOnOverflow,
    },
    client: { ...defaultClient, rttMs: drawn.rttMs, timeoutMs: drawn.timeoutMs },
    target: { delayedShare: 0, sureness: 0.99, waitMs: undefined },
    seed: drawn.seed,
  }))

const shares = ['delayedShare', 'falseShare', 'lostShare', 'lateShare'] as const

/** What must hold of every way of predicting. */
function holdsTogether({ method, estimates }: Outcome): void {
  for (const name of shares) {
    const estimate = estimates[name]
    if (estimate === undefined) continue
    assert.ok(estimate.value >= 0 && estimate.value <= 1, `${method}: ${name} is ${estimate.value}`)
    assert.ok(
      estimate.low >= 0 && estimate.high <= 1,
      `${method}: ${name} is between ${estimate.low} and ${estimate.high}`,
    )
    assert.ok(estimate.low <= estimate.value && estimate.value <= estimate.high, `${method}: ${name}`)
  }
  const { drops, delayedShare, falseShare, retries, lostShare, lateShare } = estimates
  if (method !== 'simulation' || drops === undefined) return
  if (drops.value === 0) assert.deepEqual([delayedShare!.value, falseShare!.value, retries!.value], [0, 0, 0])
  else assert.ok(delayedShare !== undefined && falseShare !== undefined)
  assert.ok(lateShare!.value <= lostShare!.value, 'who is served too late is not answered in time')
}

/** Sentences that exclude each other, and what each may not stand beside. */
const excluding: [RegExp, RegExp][] = [
  [/Nothing is dropped/, /lose a SYN|lose their final ACK/],
  [/No client sees a step of a second/, /lose a SYN|lose their final ACK|costs a second|above 900 ms/],
  [/all are answered within/, /not answered within|Nobody is answered/],
  [/Nobody connects/, /Of all, half connect|all are answered/],
  [/whoever loses a SYN gives up/, /above 900 ms/],
  [/nobody loses a SYN by it/, /the kernel drops the SYNs of the others/],
  [/gets worse with time/, /The recording brings/],
  [/Good clients feel nothing of it\./, /lose a SYN/],
  [
    /No backlog serves only the living/,
    /The largest backlog that still serves the living|No backlog is too large|between the two/,
  ],
  [/No backlog is too large/, /which is more: no backlog does both|No backlog loses nobody/],
  [/No backlog loses nobody/, /The smallest that loses nobody/],
  [/between the two nobody is lost/, /no backlog does both|Serving the dead/],
]

function saysOneThing(answer: Answer, situation: Situation): void {
  const text = [...answer.answer, ...answer.why, ...answer.howSure].join('\n')
  for (const [one, other] of excluding)
    assert.ok(!(one.test(text) && other.test(text)), `${one} stands beside ${other}:\n${text}`)
  assert.doesNotMatch(text, /NaN|undefined|Infinity|∞/)
  // A share above all of them, unless it is a load.
  for (const [, share] of text.matchAll(/([\d,.]+) % (?:of|lose|are|in)/g))
    if (!/load is|Load is/i.test(text)) assert.ok(Number(share!.replaceAll(',', '')) <= 100, `${share} %:\n${text}`)
  if (situation.arrivals.shape === 'recorded') assert.doesNotMatch(text, /No backlog (saves|mends)/)
  for (const outcome of answer.outcomes) holdsTogether(outcome)
}

const holds = (question: Question, numRuns: number): void => {
  fc.assert(
    fc.property(situations, (situation) => saysOneThing(questions[question](situation), situation)),
    { numRuns },
  )
}

test('what happens with a backlog: no sentence excludes another, and no share is above one', () => holds('setting', 40))

test('the same of a flood', () => {
  fc.assert(
    fc.property(situations, fc.constantFrom(1, 40, 500), (situation, halfOpenPerSecond) => {
      const flooded = { ...situation, halfOpenPerSecond, arrivals: { shape: 'poisson' as const, ratePerSecond: 200 } }
      const answer = questions['syn-queue'](flooded)
      saysOneThing(answer, flooded)
      const sockets = flooded.mode === 'sharded' ? flooded.backends : 1
      const fit = (Math.min(flooded.backlog ?? 0, flooded.somaxconn) + 1) * sockets
      const peak = answer.outcomes.find(({ method }) => method === 'closed form')?.estimates.synQueuePeak
      assert.ok(peak !== undefined && peak.high <= fit, `${peak?.high} of ${fit}`)
      assert.ok(peak.low <= peak.value && peak.value <= peak.high, JSON.stringify(peak))
      const asks = answer.settings.filter(({ text }) => /backlog/.test(text) && !/max_syn_backlog/.test(text))
      if (flooded.kernel.syncookies !== 0) assert.deepEqual(asks, [], 'with cookies nobody needs a larger backlog')
    }),
    { numRuns: 15 },
  )
})

test('clients who give up: no sentence of what a backlog does for them excludes another', () => {
  fc.assert(
    fc.property(situations, (situation) => {
      const costs = { ...situation, accept: { ...situation.accept, ms: situation.accept.ms || 0.5 } }
      const answer = questions.timeout(costs)
      saysOneThing(answer, costs)
      for (const { answered, late } of answer.data.rows as { answered: number; late: number }[])
        assert.ok(answered >= 0 && late >= 0 && answered + late <= 1 + 1e-9)
    }),
    { numRuns: 15 },
  )
})

test('the backlog that is asked for loses nobody where the answer says so', () => {
  fc.assert(
    fc.property(situations, (situation) => {
      const asked = { ...situation, backlog: undefined as never, accept: { ...situation.accept, ms: 0.2, cv: 0 } }
      saysOneThing(questions.backlog(asked), asked)
    }),
    { numRuns: 25 },
  )
})

test('300 that come at once: whoever is let in and finds no place loses a final ACK, not a SYN', () => {
  const atOnce = new Float64Array(300)
  const situation = fc.sample(situations, { numRuns: 1, seed: 1 })[0]!
  const { outcomes, answer } = questions.setting({
    ...situation,
    arrivals: { shape: 'recorded', atMs: atOnce, source: 'a test' },
    backends: 1,
    mode: 'sharded',
    backlog: 99,
    accept: { ms: 0, cv: 0, handleMs: 0, perTurn: 1 },
    stall: { ms: 300, everyMs: undefined, whom: 'one' },
    halfOpenPerSecond: 0,
    kernel: defaultKernel,
    client: { ...defaultClient, rttMs: 20 },
  })
  for (const { estimates } of outcomes) {
    assert.equal(estimates.delayedShare!.value, 0)
    assert.equal(Math.round(estimates.falseShare!.value * 300), 200)
  }
  assert.match(answer.join(' '), /66\.7 % lose their final ACK/)
  assert.match(answer.join(' '), /300 SYNs come within one round trip of 20 ms, and a SYN queue holds 100/)
})

test('a group that shares a socket: one process after the other costs nothing, the last one its queue', () => {
  const situation = fc.sample(situations, { numRuns: 1, seed: 2 })[0]!
  const { answer } = questions.restart({
    ...situation,
    arrivals: { shape: 'poisson', ratePerSecond: 300 },
    backends: 2,
    mode: 'shared',
    backlog: 511,
    stall: undefined,
    accept: { ms: 0, cv: 0, handleMs: 0, perTurn: 1 },
    halfOpenPerSecond: 0,
    kernel: defaultKernel,
    client: defaultClient,
    restart: { drainMs: 100, awayMs: 1000 },
  })
  assert.match(
    answer.join(' '),
    /One process after the other: nothing.*the queue is reset: (29|3\d)(\.\d+)? connections/s,
  )
})
