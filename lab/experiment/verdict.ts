/** The verdict on a run: every expectation with its band and what was seen. */
import { duration } from '#common/quantities.ts'
import type { Band, Bears, Expectation, Range, Unit } from '#experiments/vocabulary/expectation.ts'
import type { Judgement } from '#experiments/vocabulary/experiment.ts'
import type { LoadReport } from '#load/agent/api.ts'
import type { LoadOrder } from '../clients.ts'
import type { LabPlan } from '../driver.ts'
import { type Late, lateInWords } from './lateness.ts'

/** `broken`: it could not run to its end, so it says nothing of the kernel. */
export type Status = 'passed' | 'failed' | 'not judged' | 'broken'

/** verdict.json. */
export interface Verdict {
  format: 1
  experiment: string
  teaches: string
  sources: readonly string[]
  status: Status
  /** Why it failed outside of its expectations, was not judged, or broke. */
  reason: string | null
  expectations: JudgedExpectation[]
  startedAt: string
  durationMs: number
  machine: Machine
  /** The most that anything of the run was late; see the `lateness` of its cases. Null if it did not get to its end. */
  lagMs: number | null
  /** How to run it again. */
  again: string
  cases: CaseSummary[]
}

/** What is known of a run before it begins. */
export type RunHead = Pick<Verdict, 'format' | 'experiment' | 'teaches' | 'sources' | 'startedAt' | 'machine' | 'again'>

export interface JudgedExpectation {
  counted: 'kernel' | 'userspace' | 'both'
  sentence: string
  /** Null where there was nothing to see. */
  seen: number | string | boolean | null
  /** Null for an end that is open. */
  band: { low: number | null; high: number | null; unit: Unit } | { value: string | boolean }
  /** By how much the upper end of a time gave way to lateness; included in `band.high`. */
  widenedMs: number
  passed: boolean
  /** Why it is not judged, and `passed` says nothing; null if it is. */
  notJudged: string | null
}

export interface Machine {
  kernel: string
  cores: number
  processor: string
  memoryBytes: number
  node: string
  spillway: string
  driver: string
}

/** One lab of an experiment. Times are milliseconds since its first phase began. */
export interface CaseSummary {
  name: string
  plan: Pick<LabPlan, 'mode' | 'backends' | 'sysctls' | 'sampleIntervalMs' | 'server'>
  /** Of the server's namespace, as the phases began; null where the kernel has none of that name. */
  sysctls: Record<string, string | null>
  /** When the first phase began, by CLOCK_MONOTONIC in milliseconds. */
  originMs: number
  phases: { name: string; tMs: number; endMs: number | null }[]
  events: { tMs: number; what: string }[]
  /** Before the first phase and after the last load. */
  counters: { host: 'server' | 'client'; name: string; before: number; after: number }[]
  loads: { id: string; phase: string; order: LoadOrder; report: LoadReport | null }[]
  /** What BPF programs counted of each shard; absent where they did not. */
  exact?: ExactQueue[]
  /** Samples that came more than half an interval late: between them a queue may have moved unseen. */
  lateSamples: number
  /** What was late: the worst of each kind in each phase. */
  lateness: Late[]
}

/** One shard over the phases of a run: of all connections that came, not only of those at samples. */
export interface ExactQueue {
  shard: number
  peak: number
  timesFull: number
  joined: number
  /** Absent where accepts are not watched. */
  accepted?: {
    connections: number
    waitSumMs: number
    /** How many had waited for up to each of these times since their final ACK; null for longer. */
    waits: { upToMs: number | null; connections: number }[]
  }
}

/** `untold`: it needs what somebody's server does not tell. */
export type WeighedExpectation = JudgedExpectation & { untold: boolean }

/**
 * Weighs every expectation; `worst` is what was latest in the run, if anything was. `server` is somebody's that ran in place of
 * the backends: what it does not tell is no number, and nothing is judged by it.
 */
export function weigh(judgement: Judgement, worst: Worst | undefined, server?: string): WeighedExpectation[] {
  const { kernel, userspace, both = [] } = judgement
  const all = (counted: JudgedExpectation['counted'], expectations: readonly Expectation[]): WeighedExpectation[] =>
    expectations.map((expectation) => {
      const untold = server !== undefined && isUntold(expectation)
      const judged = weighOne(counted, expectation, worst)
      return untold ? { ...judged, untold, notJudged: `${server} does not tell it` } : { ...judged, untold }
    })
  return [...all('kernel', kernel), ...all('userspace', userspace), ...all('both', both)]
}

/** Whether a number is missing from what was seen, or from the band that it is held against. */
const isUntold = ({ seen, band }: Expectation): boolean =>
  [seen, ...(band.kind === 'range' ? [band.low, band.high] : [])].some((value) => Number.isNaN(value))

/** What was latest, and how late all were together: what is late one after the other adds up in a time. */
type Worst = Pick<Late, 'what' | 'lateMs'> & { togetherMs?: number }

function weighOne(
  counted: JudgedExpectation['counted'],
  expectation: Expectation,
  worst: Worst | undefined,
): JudgedExpectation {
  const { sentence, seen, band, bears } = expectation
  const lateMs = worst?.lateMs ?? 0
  const tooLate = worst !== undefined && bears !== 'any lateness' && lateMs > bears ? worst : undefined
  // Within what is borne, lateness is the machine's and not the kernel's.
  const widenedMs = isTime(band) && Number.isFinite(band.high) && tooLate === undefined ? lateMs : 0
  const passed = lies(seen, band, widenedMs)
  return {
    counted,
    sentence,
    widenedMs,
    seen: typeof seen === 'number' && !Number.isFinite(seen) ? null : seen,
    band:
      band.kind === 'exactly'
        ? { value: band.value }
        : { low: finite(band.low), high: finite(band.high + widenedMs), unit: band.unit },
    passed,
    notJudged:
      tooLate !== undefined && isDoubtful(expectation, passed, tooLate.togetherMs ?? lateMs)
        ? tooMuch(tooLate, bears)
        : null,
  }
}

const isTime = (band: Band): band is Range => band.kind === 'range' && band.unit === 'ms'

/** Whether something that was so late can have made the outcome what it is. */
function isDoubtful({ seen, band, lateHelps }: Expectation, passed: boolean, lateMs: number): boolean {
  // Of a time it is known by how much: one that lies further from the end of the band is what the kernel made it.
  if (isTime(band) && typeof seen === 'number' && !Number.isNaN(seen))
    return passed ? lateHelps || seen - lateMs < band.low : Math.max(band.low - seen, seen - band.high) <= lateMs
  return !passed || lateHelps
}

const tooMuch = (worst: Worst, bears: Bears): string =>
  `this machine was too busy: ${lateInWords(worst)}, and it bears ${bears === 0 ? 'no lateness' : duration(Number(bears))}`

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

function lies(seen: Expectation['seen'], band: Band, widenedMs: number): boolean {
  if (band.kind === 'exactly') return seen === band.value
  return typeof seen === 'number' && seen >= band.low && seen <= band.high + widenedMs
}

/** A band in words: `9`, `0.75 to 0.85`, `at least 3`, `1000 to 1012 ms (including 12 ms for lateness)`. */
export function bandInWords({ band, widenedMs }: Pick<JudgedExpectation, 'band' | 'widenedMs'>): string {
  if ('value' in band) return String(band.value)
  const { low, high, unit } = band
  const lag = widenedMs >= 0.05 ? ` (including ${show(widenedMs)} ms for lateness)` : ''
  if (low === null && high === null) return 'any number'
  if (low === null) return `at most ${quantity(high, unit)}${lag}`
  if (high === null) return `at least ${quantity(low, unit)}`
  return low === high ? quantity(low, unit) : `${show(low, unit)} to ${quantity(high, unit)}${lag}`
}

/** What was seen, in words. */
export const seenInWords = ({ seen, band }: Pick<JudgedExpectation, 'seen' | 'band'>): string =>
  seen === null ? 'nothing' : typeof seen === 'number' ? quantity(seen, 'unit' in band ? band.unit : '') : String(seen)

/** A number with its unit; a share as a percentage. */
function quantity(value: number | null, unit: Unit): string {
  if (value === null) return '?'
  const suffix = unit === 'ms' || unit === 'B' ? ` ${unit}` : unit === 'share' ? ' %' : ''
  return `${show(value, unit)}${suffix}`
}

/** In the unit of the band and with more digits than elsewhere: what was seen must be told apart from what was expected. */
function show(value: number, unit: Unit = ''): string {
  const shown = unit === 'share' ? value * 100 : value
  return Number.isInteger(shown) ? String(shown) : String(Number(shown.toPrecision(Math.abs(shown) >= 1000 ? 6 : 4)))
}
