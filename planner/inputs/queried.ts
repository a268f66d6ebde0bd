/** Arrivals of what a Prometheus says came in each step: independent of each other, since only rates are known. */
import { UsageError } from '#common/errors.ts'
import { duration, number } from '#common/quantities.ts'
import { aroundPeak, poissonSteps } from '../poisson-steps.ts'
import { counterRates, type SteppedRates } from './counter-rates.ts'
import type { Prometheus, Series } from './prometheus.ts'
import { type Gives, meaningOf } from './query.ts'
import { type Recorded, recorded, type SaidOfSamples } from './recorded.ts'

/** This many are played in a second or two. */
const COMFORTABLE_ARRIVALS = 1_000_000

export interface Query {
  query: string
  rangeMs: number
  stepMs: number
  seed: number
  samples: SaidOfSamples | undefined
}

/** Throws a UsageError that asks what the values are where neither the query nor the Prometheus says so. */
export async function queriedArrivals(prometheus: Prometheus, asked: Query): Promise<Recorded> {
  const { query, rangeMs, stepMs, seed } = asked
  const gives = await saidOrFound(prometheus, asked)
  const stepped =
    gives.as === 'counter'
      ? await ratesOfCounter(prometheus, gives, asked)
      : inSteps(only(await prometheus.range(query, rangeMs, stepMs), query), stepMs, query)
  return arrivalsOfSteps(`${query} at ${prometheus}`, gives, stepped, stepMs, seed)
}

/** What values of a query mean, where that is known. */
export type Known = Exclude<Gives, { as: 'unknown' }>

/** Independent arrivals at the rates of these steps, and how they were read. */
export function arrivalsOfSteps(
  from: string,
  gives: Known,
  { perSecond, notes }: SteppedRates,
  stepMs: number,
  seed: number,
): Recorded {
  const size = gives.as === 'increase' ? gives.windowMs / 1000 : 1
  const missing = perSecond.filter((rate) => Number.isNaN(rate)).length
  const rates = perSecond.map((rate) => (Number.isNaN(rate) ? 0 : rate / size))
  const { from: first, to } = aroundPeak(rates, stepMs, COMFORTABLE_ARRIVALS)
  if (first === to)
    throw new UsageError(
      `One step of ${duration(stepMs)} holds more than ${number(COMFORTABLE_ARRIVALS)} connections, too many to play`,
      'Ask for finer steps: --step 1s',
    )
  const times = poissonSteps(rates.slice(first, to), stepMs, seed)
  const cut =
    to - first === rates.length
      ? []
      : [`of ${duration(rates.length * stepMs)} only the ${duration((to - first) * stepMs)} around the peak are played`]
  return recorded(from, times, {
    how: inWords(gives),
    notes: [
      `rates every ${duration(stepMs)}, turned into independent arrivals: clusters within a step are lost`,
      ...averaged(gives, stepMs),
      ...cut,
      ...notes,
      ...missingInWords(missing, rates.length, stepMs),
    ],
  })
}

async function saidOrFound(prometheus: Prometheus, { query, samples }: Query): Promise<Known> {
  if (typeof samples === 'object') return { as: 'increase', windowMs: samples.windowMs }
  if (samples === 'rate') return { as: 'rate', windowMs: undefined }
  const found = await meaningOf(query, prometheus)
  if (samples === 'counter') return found.as === 'counter' ? found : { as: 'counter', selector: query, summed: false }
  if (found.as !== 'unknown') return found
  throw new UsageError(
    `The query ${found.why}, so that its values may be a rate, a count or a counter: ${query}`,
    'Say which: --samples rate (per second), --samples counter, or --samples 1m for what came within each minute',
  )
}

const inWords = (gives: Gives): string | undefined =>
  gives.as === 'counter'
    ? 'a counter, whose increases are taken'
    : gives.as === 'increase'
      ? `what came within ${duration(gives.windowMs)}, divided by ${gives.windowMs / 1000} for a rate`
      : undefined

/** A rate over a window much longer than a step hides what is shorter. */
const averaged = (gives: Gives, stepMs: number): string[] =>
  (gives.as === 'rate' || gives.as === 'increase') && gives.windowMs !== undefined && gives.windowMs >= 2 * stepMs
    ? [`each is an average over ${duration(gives.windowMs)}: peaks that are shorter were higher`]
    : []

async function ratesOfCounter(
  prometheus: Prometheus,
  { selector, summed }: { selector: string; summed: boolean },
  { query, rangeMs, stepMs }: Query,
): Promise<SteppedRates> {
  const scraped = await prometheus.samples(selector, rangeMs)
  const series = scraped.filter(({ values }) => values.length > 1)
  if (series.length === 0) {
    if (scraped.length > 0)
      throw new UsageError(
        `The counter has one sample only within ${duration(rangeMs)}, which says nothing of a rate: ${query}`,
        'Ask again when it has been scraped for longer, or give a longer --range',
      )
    throw noSeries(query)
  }
  if (!summed) only(series, query)
  return counterRates(series, stepMs)
}

const noSeries = (query: string): UsageError =>
  new UsageError(`The query returns no series: ${query}`, 'Is the name right, and was it scraped within --range?')

/** The one series of what is named; with several, a UsageError that says what tells them apart. */
export function only(series: readonly Series[], query: string, holder = 'The query returns'): Series {
  const [first, ...others] = series
  if (first === undefined) throw noSeries(query)
  if (others.length === 0) return first
  const names = new Set(series.flatMap(({ labels }) => Object.keys(labels)))
  const differ = [...names].filter((name) => new Set(series.map(({ labels }) => labels[name])).size > 1)
  const label = differ[0]
  throw new UsageError(
    `${holder} ${number(series.length)} series${differ.length === 0 ? '' : `, which differ in ${differ.join(' and ')}`}${query === '' ? '' : `: ${query}`}`,
    `Add them up: sum(…)${label === undefined ? '' : `; or choose one: {${label}="${first.labels[label] ?? ''}"}`}`,
  )
}

/** A rate for each step from the first sample to the last; NaN where there is no sample, or no number. */
export function inSteps({ values }: Series, stepMs: number, query: string): SteppedRates {
  const first = values[0]?.atSeconds ?? 0
  const steps = Math.round(((values.at(-1)?.atSeconds ?? 0) - first) / (stepMs / 1000)) + 1
  const perSecond = Array.from({ length: steps }, () => Number.NaN)
  for (const { atSeconds, value } of values) {
    if (value < 0)
      throw new UsageError(
        `The query returns ${value} at ${new Date(atSeconds * 1000).toISOString()}: ${query}`,
        'Connections per second cannot be negative: use rate(…) of a counter, not deriv(…) or delta(…)',
      )
    if (Number.isFinite(value)) perSecond[Math.round((atSeconds - first) / (stepMs / 1000))] = value
  }
  if (!perSecond.some(Number.isFinite))
    throw new UsageError(`The query returns no numbers: ${query}`, 'Is its series scraped, and its range long enough?')
  return { perSecond, notes: [] }
}

const missingInWords = (missing: number, steps: number, stepMs: number): string[] =>
  missing === 0
    ? []
    : [
        `${number(missing)} of its ${number(steps)} steps have no sample (${duration(missing * stepMs)} in all) and count as times without arrivals`,
      ]
