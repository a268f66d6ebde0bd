/** What is said of a number that may be old, or is known only within bounds. The page runs this file too: it imports quantities alone. */
import { duration, UNKNOWN } from '#common/quantities.ts'

/** What is read together: each kind has an age of its own. `backends` is what the processes say of themselves. */
export type ReadKind = 'listeners' | 'synQueue' | 'connections' | 'counters' | 'backends'

/** How old the readings have been at most within the last two seconds, in milliseconds; undefined for what was never read. */
export type Ages = Record<ReadKind, number | undefined>

/** Up to this age a number is shown without one. */
const SHOWN_AGE_MS = 500

const kindWords: Record<ReadKind, string> = {
  listeners: 'accept queues',
  synQueue: 'half-open requests',
  connections: 'connections',
  counters: 'counters',
  backends: 'backends',
}

/** An age to a tenth of a second: more digits would only flicker. */
const ageInWords = (ms: number): string => duration(Math.ceil(ms / 100) * 100)

/** What stands beside a number of this kind: `up to 1.4 s old`. Empty while it is fresh, and while nothing was read. */
export function ageBeside(ages: Ages, kind: ReadKind): string {
  const ageMs = ages[kind]
  return ageMs === undefined || ageMs <= SHOWN_AGE_MS ? '' : `up to ${ageInWords(ageMs)} old`
}

const allKinds = Object.keys(kindWords) as ReadKind[]

/** The worst age of all that is shown: `connections up to 1.4 s old`; undefined while all is fresh. */
export function worstAge(ages: Ages, kinds: readonly ReadKind[] = allKinds): string | undefined {
  const unread = kinds.find((kind) => ages[kind] === undefined)
  if (unread !== undefined) return `${kindWords[unread]} not read`
  const oldest = kinds.reduce((worst, kind) => ((ages[kind] ?? 0) > (ages[worst] ?? 0) ? kind : worst))
  const words = ageBeside(ages, oldest)
  return words === '' ? undefined : `${kindWords[oldest]} ${words}`
}

/** A wait that is surely no shorter and no longer than this. `mostMs` is undefined where nothing bounds it. */
export interface WaitBounds {
  leastMs: number
  mostMs: number | undefined
}

/** One tick of a kernel with HZ = 100 and a little more: closer bounds are a measurement. */
const MEASURED_MS = 12
/** Bounds further apart than this share of the upper one are both told. */
const WIDE_SHARE = 0.2

/** `1.4 s`, `≤ 1.4 s`, `2 s to 3.5 s`, `≥ 2 s`, or a dash where nothing is known. */
export function waitInWords(wait: WaitBounds | undefined): string {
  if (wait === undefined) return UNKNOWN
  const { leastMs, mostMs } = wait
  if (mostMs === undefined) return leastMs > 0 ? `≥ ${duration(leastMs)}` : UNKNOWN
  if (mostMs - leastMs <= MEASURED_MS && (leastMs > 0 || mostMs === 0)) return duration(mostMs)
  if (leastMs >= SHOWN_AGE_MS && mostMs - leastMs > mostMs * WIDE_SHARE)
    return `${duration(leastMs)} to ${duration(mostMs)}`
  return `≤ ${duration(mostMs)}`
}

/** The same in the middle of a sentence: `at most 1.4 s`. */
export const waitInSentence = (wait: WaitBounds | undefined): string =>
  waitInWords(wait).replace('≤', 'at most').replace('≥', 'at least').replace(UNKNOWN, 'an unknown time')

/** How many, at least and at most. */
export interface CountBounds {
  least: number
  most: number
}
