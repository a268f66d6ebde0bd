/** The verdict on a run: every expectation with its band and what was seen. */
import type { Band, Expectation, Unit } from '#experiments/vocabulary/expectation.ts'
import type { Judgement } from '#experiments/vocabulary/experiment.ts'
import type { LoadReport } from '#load/agent/api.ts'
import type { LoadOrder } from '../clients.ts'
import type { LabPlan } from '../driver.ts'

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
  /** The largest scheduling lag measured during the run, of an idle process or of the clients' schedule: bands of times give way by it. Null if it did not get to its end. */
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
  /** By how much the upper end gave way to scheduling lag; included in `band.high`. */
  widenedMs: number
  passed: boolean
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
  plan: Pick<LabPlan, 'mode' | 'backends' | 'sysctls' | 'sampleIntervalMs'>
  /** Of the server's namespace, as the phases began; null where the kernel has none of that name. */
  sysctls: Record<string, string | null>
  /** When the first phase began, by CLOCK_MONOTONIC in milliseconds. */
  originMs: number
  phases: { name: string; tMs: number; endMs: number | null }[]
  events: { tMs: number; what: string }[]
  /** Before the first phase and after the last load. */
  counters: { host: 'server' | 'client'; name: string; before: number; after: number }[]
  loads: { id: string; phase: string; order: LoadOrder; report: LoadReport | null }[]
  /** Samples that came more than half an interval late: between them a queue may have moved unseen. */
  lateSamples: number
}

/** Weighs every expectation. */
export function weigh(judgement: Judgement, lagMs: number): JudgedExpectation[] {
  const { kernel, userspace, both = [] } = judgement
  return [
    ...kernel.map((expectation) => weighOne('kernel', expectation, lagMs)),
    ...userspace.map((expectation) => weighOne('userspace', expectation, lagMs)),
    ...both.map((expectation) => weighOne('both', expectation, lagMs)),
  ]
}

function weighOne(counted: JudgedExpectation['counted'], expectation: Expectation, lagMs: number): JudgedExpectation {
  const { sentence, seen, band } = expectation
  const widenedMs = band.kind === 'range' && band.unit === 'ms' && Number.isFinite(band.high) ? lagMs : 0
  return {
    counted,
    sentence,
    widenedMs,
    seen: typeof seen === 'number' && !Number.isFinite(seen) ? null : seen,
    band:
      band.kind === 'exactly'
        ? { value: band.value }
        : { low: finite(band.low), high: finite(band.high + widenedMs), unit: band.unit },
    passed: lies(seen, band, widenedMs),
  }
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

function lies(seen: Expectation['seen'], band: Band, widenedMs: number): boolean {
  if (band.kind === 'exactly') return seen === band.value
  return typeof seen === 'number' && seen >= band.low && seen <= band.high + widenedMs
}

/** A band in words: `9`, `0.75 to 0.85`, `at least 3`, `1000 to 1012 ms (including 12 ms for scheduling lag)`. */
export function bandInWords({ band, widenedMs }: Pick<JudgedExpectation, 'band' | 'widenedMs'>): string {
  if ('value' in band) return String(band.value)
  const { low, high, unit } = band
  const lag = widenedMs >= 0.05 ? ` (including ${show(widenedMs)} ms for scheduling lag)` : ''
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
