/** Runs an experiment in labs of its own and judges it. */

import fs from 'node:fs'
import path from 'node:path'
import { monotonicMs } from '#common/clock.ts'
import { describeError } from '#common/errors.ts'
import { duration } from '#common/quantities.ts'
import { type Experiment, type LabWish, NotJudged } from '#experiments/vocabulary/experiment.ts'
import { type BackendPlan, type Driver, Unsettable } from '../driver.ts'
import { Lab } from '../lab.ts'
import { Disturbed, undisturbed } from '../undisturbed.ts'
import { writeFolder } from './folder.ts'
import { JOURNAL, Journal } from './journal.ts'
import { thisMachine } from './machine.ts'
import { missingBefore, missingInLab } from './needs.ts'
import { readingsOf } from './readings.ts'
import { Recorder } from './recorder.ts'
import { AFTERWARDS, type Recording } from './recording.ts'
import { LabStage, NotSeen } from './stage.ts'
import { summaryOf } from './summary.ts'
import { type RunHead, type Verdict, weigh } from './verdict.ts'

export interface RunOptions {
  driver: Driver
  /** Where the run's folder is made; it gets the name of the experiment. */
  out: string
  /** Interrupts the run: what there is by then is kept. */
  signal: AbortSignal
  /** Hears which case and phase begins. */
  onPhase?(name: string, phase: string): void
  /** Hears that a case has its lab, before its first phase: the lab ends with the case, and `recording` grows. */
  onLab?(name: string, lab: Lab, recording: Recording): void
}

/** A run that is over. */
export interface FinishedRun {
  verdict: Verdict
  recordings: readonly Recording[]
  folder: string
}

/** Above this lag a measured time says more about the machine than about the kernel. */
const TOO_SLOW_MS = 500

/** Half-open requests and connections are walked more often than in a lab that stands for hours. */
const pace = { synIntervalMs: 20, connectionsIntervalMs: 100, cpuShare: 0.2 }

/**
 * Runs every case of an experiment, one after the other, and leaves a folder with samples, connection records, events and
 * the verdict. Never throws for what happens in the run: that is the verdict's status and reason.
 */
export async function runExperiment(experiment: Experiment, options: RunOptions): Promise<FinishedRun> {
  const folder = path.join(options.out, experiment.name)
  fs.mkdirSync(folder, { recursive: true })
  const beganMs = monotonicMs()
  const head = headOf(experiment, options.driver)
  using journal = new Journal(path.join(folder, JOURNAL))
  journal.write({ is: 'run', head })
  const outcome = await judged(experiment, options, journal)
  const { recordings } = journal
  const verdict: Verdict = {
    ...head,
    ...outcome,
    durationMs: monotonicMs() - beganMs,
    lagMs: lagOf(recordings),
    cases: recordings.map(summaryOf),
  }
  await writeFolder(folder, verdict, recordings)
  // All of it is in the other files now.
  fs.rmSync(path.join(folder, JOURNAL))
  return { verdict, recordings, folder }
}

const headOf = (experiment: Experiment, driver: Driver): RunHead => ({
  format: 1,
  experiment: experiment.name,
  teaches: experiment.teaches,
  sources: experiment.sources,
  startedAt: new Date().toISOString(),
  machine: { ...thisMachine(), driver: driver.name },
  again: `spillway run ${experiment.name}${driver.name === 'namespaces' ? '' : ` --driver ${driver.name}`}`,
})

type Outcome = Pick<Verdict, 'status' | 'reason' | 'expectations'>

async function judged(experiment: Experiment, options: RunOptions, journal: Journal): Promise<Outcome> {
  const without = (status: Outcome['status'], reason: string): Outcome => ({ status, reason, expectations: [] })
  try {
    const missing = await missingBefore(experiment, options.driver)
    if (missing !== undefined) return without('not judged', missing)
    for (const [name, wish] of Object.entries(experiment.cases)) await runCase(experiment, name, wish, options, journal)
    const readings = Object.fromEntries(journal.recordings.map((recording) => [recording.case, readingsOf(recording)]))
    const lagMs = worstLag(journal.recordings)
    const expectations = weigh(experiment.judge(readings), lagMs)
    const failed = expectations.some(({ passed }) => !passed)
    if (failed && lagMs > TOO_SLOW_MS) return { status: 'not judged', reason: tooSlow(lagMs), expectations }
    return { status: failed ? 'failed' : 'passed', reason: null, expectations }
  } catch (error) {
    if (isNotJudged(error)) return without('not judged', error.message)
    if (error instanceof NotSeen) return without('failed', error.message)
    if (options.signal.aborted) return without('not judged', 'the run was interrupted')
    return without('broken', describeError(error, 'the experiment, or in Spillway'))
  }
}

/** It cannot be judged on this machine, in this lab, or was disturbed. */
const isNotJudged = (error: unknown): error is Error =>
  error instanceof NotJudged || error instanceof Unsettable || error instanceof Disturbed

const tooSlow = (lagMs: number): string =>
  `this machine was too busy: timers of an idle process, or the clients' own schedule, ran up to ${duration(lagMs)} late`

async function runCase(
  experiment: Experiment,
  name: string,
  wish: LabWish,
  { driver, signal, onPhase, onLab }: RunOptions,
  journal: Journal,
): Promise<void> {
  signal.throwIfAborted()
  await using lab = await Lab.start({ driver, signal, ...pace, ...labOptions(wish) })
  const missing = await missingInLab(experiment.needs, lab)
  if (missing !== undefined) throw new NotJudged(missing)
  journal.write({ is: 'case', name, plan: lab.plan })
  await undisturbed(lab, signal, async (over) => {
    await using recorder = await Recorder.start(lab, journal)
    onLab?.(name, lab, journal.recordings.at(-1)!)
    const stage = new LabStage(name, lab, journal, over)
    await recorder.boundary()
    for (const [phase, happen] of Object.entries(experiment.phases)) {
      onPhase?.(name, phase)
      stage.phase = phase
      journal.write({ is: 'phase begins', name: phase, atMs: monotonicMs() })
      const result = await happen(stage)
      await recorder.boundary()
      journal.write({ is: 'phase ends', atMs: monotonicMs(), result })
    }
    onPhase?.(name, AFTERWARDS)
    journal.write({ is: 'phase begins', name: AFTERWARDS, atMs: monotonicMs() })
    await stage.endLoads()
    await recorder.boundary()
    journal.write({ is: 'phase ends', atMs: monotonicMs() })
    await recorder.stop()
  })
}

function labOptions({ backends = 1, ...wish }: LabWish): Omit<LabWish, 'backends'> & { backends: BackendPlan[] } {
  return { ...wish, backends: typeof backends === 'number' ? Array.from({ length: backends }, () => ({})) : backends }
}

/** How late the machine made things: a timer of an idle process at worst, or one in a hundred arrivals of a paced load. */
const worstLag = (recordings: readonly Recording[]): number =>
  Math.max(0, ...recordings.flatMap(({ lagMs, loads }) => [lagMs, ...loads.map(lateness)]))

const lateness = ({ order, report }: Recording['loads'][number]): number =>
  order.kind === 'connections' && order.arrivals.shape !== 'burst' ? (report?.scheduleLagMs.p99 ?? 0) : 0

/** Null unless every case got to its end. */
function lagOf(recordings: readonly Recording[]): number | null {
  const lagMs = worstLag(recordings)
  return recordings.length === 0 || Number.isNaN(lagMs) ? null : lagMs
}
