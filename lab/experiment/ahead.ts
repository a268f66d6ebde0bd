/** What an experiment expects before all of it has been played, and what has been seen of that so far. Pure. */
import type { Expectation } from '#experiments/vocabulary/expectation.ts'
import type { Experiment, Judgement } from '#experiments/vocabulary/experiment.ts'
import { readingsOf } from './readings.ts'
import { emptyRecording, type Recording } from './recording.ts'
import { bandInWords, type JudgedExpectation, seenInWords, weigh } from './verdict.ts'

/** In words, as the verdict will have it: `seen` is what it would be if all ended now. Empty while there is nothing to see. */
export type ExpectationAhead = Pick<JudgedExpectation, 'counted' | 'sentence'> & { expected: string; seen: string }

/** A case that has begun. */
type Begun = Pick<Recording, 'plan' | 'sysctls'> & Partial<Recording>

/**
 * Its expectations, in the order in which they are judged, with what the recordings of its cases say so far; at least one
 * case has begun. What is yet to come has been seen neither of a case nor of a phase. Empty where an experiment cannot tell
 * without having seen more.
 */
export function expectationsAhead(experiment: Experiment, recordings: readonly Begun[]): ExpectationAhead[] {
  const [first] = recordings
  if (first === undefined) return []
  const names = Object.keys(experiment.phases)
  const readings = Object.keys(experiment.cases).map((name, place) => {
    const begun = recordings[place]
    const { plan, sysctls } = begun ?? first
    const recording: Recording = { ...emptyRecording(name, plan), sysctls, ...begun }
    return [name, readingsOf({ ...recording, phases: withThoseAhead(recording.phases, names) })]
  })
  try {
    return inWords(experiment.judge(Object.fromEntries(readings)))
  } catch {
    // Whatever it makes of readings that are none: it will be judged by those that there are in the end.
    return []
  }
}

/** A phase that has not ended has returned nothing yet. */
const withThoseAhead = (phases: Recording['phases'], names: readonly string[]): Recording['phases'] => [
  ...phases.map((phase) => (Number.isNaN(phase.endedMs) ? { ...phase, result: unknown } : phase)),
  ...names.slice(phases.length).map((name) => ({ name, beganMs: Number.NaN, endedMs: Number.NaN, result: unknown })),
]

/** No lateness is weighed: nothing is judged yet. */
function inWords({ kernel, userspace, both = [] }: Judgement): ExpectationAhead[] {
  const [first, ...others] = userspace
  const judgement: Judgement = {
    kernel: [plain(kernel[0]), ...kernel.slice(1).map(plain)],
    userspace: [plain(first), ...others.map(plain)],
    both: both.map(plain),
  }
  const bands = [...judgement.kernel, ...judgement.userspace, ...(judgement.both ?? [])].map(({ band }) => band)
  return weigh(judgement, undefined).map((expectation, place) => ({
    counted: expectation.counted,
    sentence: expectation.sentence.replaceAll(/\b(NaN|undefined|null)\b/g, '…'),
    expected: isKnown(bands[place]) ? bandInWords(expectation) : '',
    seen: expectation.seen === null ? '' : seenInWords(expectation),
  }))
}

/** What a phase has yet to return is no number: where it was taken for one, nothing has been seen. */
const plain = (expectation: Expectation): Expectation => {
  const { seen, band } = expectation
  return {
    ...expectation,
    seen: ['number', 'string', 'boolean'].includes(typeof seen) ? seen : Number.NaN,
    band: band.kind === 'exactly' ? band : { ...band, low: Number(band.low), high: Number(band.high) },
  }
}

/** Some bands are made of what is seen. */
const isKnown = (band: Expectation['band'] | undefined): boolean =>
  band?.kind === 'exactly'
    ? ['string', 'boolean'].includes(typeof band.value)
    : band !== undefined && !Number.isNaN(band.low) && !Number.isNaN(band.high)

/** What a phase will return: whatever is asked of it, it has no value yet. */
const unknown: unknown = new Proxy(() => {}, {
  get(_target, key) {
    if (key === Symbol.toPrimitive) return () => Number.NaN
    return key === Symbol.iterator ? function* () {} : unknown
  },
  apply: () => unknown,
})
