/** Arrivals that were recorded, whatever they were recorded with. */
import { UsageError } from '#common/errors.ts'
import { duration, number } from '#common/quantities.ts'
import { seededRandom } from '#load/random.ts'
import type { Unit } from './times.ts'

/** A year: more is a slip of the unit. */
const LONGEST_MS = 366 * 86_400_000

/** From such a share of arrivals on that have the same time as another one, the times are coarse rather than the arrivals close. */
const COARSE = 0.2

/**
 * Ticks of coarse clocks: a second, and the fractions that date formats cut to. Within a millisecond it makes no difference where
 * an arrival falls; a minute is a tick only where dates have no seconds, since much begins with a minute.
 */
const TICKS_MS = [1000, 100, 10] as const

/** Times of a millisecond clock are all whole ticks by chance once in so many recordings, at most. */
const BY_CHANCE = 1000

export interface Recorded {
  /** From 0, never decreasing. */
  atMs: Float64Array
  /** How many over how long, how they were read, and where from: the end of a sentence, and perhaps more sentences. */
  source: string
}

/** What a person says that numbers beside times are: `windowMs` for connections of so long. */
export type SaidOfSamples = 'rate' | 'counter' | { windowMs: number }

/** What a person says about a recording where it can be read in more than one way. */
export interface SaidOfRecording {
  /** The column of times. */
  column?: string | undefined
  /** The column that counts the arrivals of each interval. */
  counts?: string | undefined
  /** What such a column, or a saved answer of a Prometheus, holds. */
  samples?: SaidOfSamples | undefined
  timeUnit?: Unit | undefined
  /** Requests that a connection carries on average; `logged` for the first of each connection that a log tells apart. */
  requestsPerConnection?: number | 'logged' | undefined
  /** The port whose connections count, where a capture has several; as the capture writes it. */
  port?: string | undefined
  /** The frontend whose lines count, where a proxy's log has several. */
  frontend?: string | undefined
  /** What lies between two outputs of a command. */
  betweenMs?: number | undefined
  /** Whether counters were printed in full, or as what they grew by since they were printed last. */
  counters?: 'total' | 'since-last' | undefined
  /** Of what is left to chance: where within a tick of a coarse clock an arrival falls. */
  seed?: number | undefined
}

/** What is told of a reading beside its number of arrivals. */
export interface Told {
  /** How it was read, where that had to be found out: the middle of a sentence. */
  how?: string | undefined
  /** What was left out or taken for granted: each behind a semicolon. */
  notes?: readonly string[]
  /** More sentences. */
  sentences?: readonly string[]
  /** How coarse the clock is, where that is known beforehand. */
  tickMs?: number | undefined
  seed?: number | undefined
}

/** Sorted times, from the first one on. Long gaps and coarse times are no error, but are said; whole ticks are spread. */
export function recorded(from: string, times: Float64Array | readonly number[], told: Told = {}): Recorded {
  const { how, notes = [], sentences = [], tickMs, seed } = told
  const read = how === undefined ? '' : ` (${how})`
  if (times.length < 2)
    throw new UsageError(
      `${from} holds ${times.length === 0 ? 'no arrivals' : 'one arrival only'}${read}${notes.map((note) => `; ${note}`).join('')}`,
      'A plan needs two at least',
    )
  if (times[0] === times.at(-1))
    throw new UsageError(
      `${from}: all ${number(times.length)} arrivals have the same time${read}, which says nothing of how fast they come`,
      'Record finer times, or give --rate',
    )
  const { times: spread, note: coarse } = withinTicks(times, seed, tickMs)
  const origin = spread[0]!
  const atMs = Float64Array.from(spread, (time) => time - origin)
  const span = atMs.at(-1)!
  if (span > LONGEST_MS)
    throw new UsageError(
      `${from} lasts ${duration(span)}, more than ${duration(LONGEST_MS)}${read}`,
      'Is the unit in its heading right? Else cut the busiest part out of it',
    )
  let gap = 0
  for (let i = 1; i < atMs.length; i++) gap = Math.max(gap, atMs[i]! - atMs[i - 1]!)
  const gapWords = gap > 20 * (span / atMs.length) && gap > span / 10 ? `, with a gap of ${duration(gap)} in it` : ''
  const all = [...(coarse === undefined ? [] : [coarse]), ...notes].map((note) => `; ${note}`).join('')
  return {
    atMs,
    source: `${number(times.length)} arrivals over ${duration(span)}${gapWords}${how === undefined ? '' : `, ${how}`}, recorded in ${from}${all}${sentences.map((sentence) => `. ${sentence}`).join('')}`,
  }
}

/**
 * Times of a coarse clock, each moved to a random place within its tick, in order; those of a fine clock as they are. What
 * came at which moment within a tick is not known: taken to come at once, a whole second's arrivals would be a burst that
 * never was. Wants times in order.
 */
export function withinTicks(
  times: Float64Array | readonly number[],
  seed = 1,
  knownMs?: number,
): { times: Float64Array; note: string | undefined; spread: boolean } {
  const as = Float64Array.from(times)
  let together = 0
  for (let i = 1; i < as.length; i++) if (as[i] === as[i - 1]) together++
  if (together <= COARSE * as.length) return { times: as, note: undefined, spread: false }
  const tickMs = knownMs ?? tickOf(as)
  if (tickMs === undefined)
    return {
      times: as,
      spread: false,
      note: `${number(together)} have the same time as the one before, and are taken to come at once: finer times may ask for less`,
    }
  const random = seededRandom(seed)
  return {
    times: as.map((time) => time + random() * tickMs).sort(),
    spread: true,
    note: `its clock ticks once in ${duration(tickMs)}: each arrival is placed at random within its tick, so bursts shorter than that do not show`,
  }
}

/** The tick that all times are multiples of, counted from the first; undefined where that may be chance. */
function tickOf(times: Float64Array): number | undefined {
  // Of a tick it takes several: one alone is a multiple of everything.
  const others = new Set(times).size - 1
  return TICKS_MS.find(
    (tick) => tick ** others >= BY_CHANCE && times.every((time) => isWhole((time - times[0]!) / tick)),
  )
}

/** Unix times in a small unit are good to a microsecond or so. */
const isWhole = (value: number): boolean => Math.abs(value - Math.round(value)) < 1e-4
