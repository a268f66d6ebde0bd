/** Runs an experiment in labs of its own and judges it. */

import fs from 'node:fs'
import path from 'node:path'
import { monotonicMs } from '#common/clock.ts'
import { describeError } from '#common/errors.ts'
import { WaitedInVain } from '#common/waiting.ts'
import { BEARS_MS } from '#experiments/vocabulary/expectation.ts'
import { type Experiment, type LabWish, NotJudged } from '#experiments/vocabulary/experiment.ts'
import { type BackendPlan, type Driver, Unsettable } from '../driver.ts'
import { Lab, type LabOptions } from '../lab.ts'
import { Disturbed, undisturbed } from '../undisturbed.ts'
import { writeFolder } from './folder.ts'
import { JOURNAL, Journal } from './journal.ts'
import { type Late, lateInWords, worstOf } from './lateness.ts'
import { machineOf, thisMachine } from './machine.ts'
import { missingBefore, missingExact, missingInLab, type OwnServerWish, speakWith } from './needs.ts'
import { readingsOf } from './readings.ts'
import { Recorder } from './recorder.ts'
import { AFTERWARDS, type Recording } from './recording.ts'
import { LabStage, NotSeen } from './stage.ts'
import { summaryOf } from './summary.ts'
import { type RunHead, type Verdict, type WeighedExpectation, weigh } from './verdict.ts'

export interface RunOptions {
  driver: Driver
  /** Runs in place of the backends. */
  own?: OwnServerWish | undefined
  /** How it was asked for, as it is typed: a file of somebody's own. Its name where this is left out. */
  asked?: string
  /** What is typed behind that: the command of a server. */
  askedOf?: string
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
  const head = headOf(experiment, options)
  using journal = new Journal(path.join(folder, JOURNAL))
  journal.write({ is: 'run', head })
  const outcome = await judged(experiment, options, journal, head)
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

const headOf = (experiment: Experiment, { driver, asked = experiment.name, askedOf = '' }: RunOptions): RunHead => ({
  format: 1,
  experiment: experiment.name,
  teaches: experiment.teaches,
  sources: experiment.sources,
  startedAt: new Date().toISOString(),
  machine: { ...thisMachine(), driver: driver.name },
  again: `spillway run ${asked}${driver.name === 'namespaces' ? '' : ` --driver ${driver.name}`}${askedOf}`,
})

type Outcome = Pick<Verdict, 'status' | 'reason' | 'expectations'>

async function judged(experiment: Experiment, options: RunOptions, journal: Journal, head: RunHead): Promise<Outcome> {
  const without = (status: Outcome['status'], reason: string): Outcome => ({ status, reason, expectations: [] })
  try {
    const missing = await missingBefore(experiment, options.driver, options.own)
    if (missing !== undefined) return without('not judged', missing)
    for (const [name, wish] of Object.entries(experiment.cases))
      await runCase(experiment, name, wish, options, journal, head)
    const readings = Object.fromEntries(journal.recordings.map((recording) => [recording.case, readingsOf(recording)]))
    const worst = worstIn(journal.recordings)
    return verdictOn(weigh(experiment.judge(readings), worst, options.own?.server.name), worst)
  } catch (error) {
    if (isNotJudged(error)) return without('not judged', error.message)
    if (options.signal.aborted) return without('not judged', 'the run was interrupted')
    const worst = worstIn(journal.recordings)
    // What did not come while everything was on time is an outcome; beside lateness it may only not have been played.
    if (worst !== undefined && worst.lateMs > borne(error))
      return without(
        'not judged',
        `${tooBusy(worst)}. ${error instanceof NotSeen ? error.message : describeError(error)}`,
      )
    if (error instanceof WaitedInVain && error.machineIsBusy)
      return without('not judged', `this machine was too busy: ${describeError(error)}`)
    if (error instanceof NotSeen) return without('failed', error.message)
    return without('broken', describeError(error, 'the experiment, or in Spillway'))
  }
}

/** How much lateness says nothing of why the experiment could not go on: only waiting can be in vain because of it. */
function borne(error: unknown): number {
  if (error instanceof NotSeen) return error.bears === 'any lateness' ? Number.POSITIVE_INFINITY : error.bears
  return error instanceof WaitedInVain ? BEARS_MS : Number.POSITIVE_INFINITY
}

/** A failure stands whatever else could not be judged. */
function verdictOn(all: readonly WeighedExpectation[], worst: Late | undefined): Outcome {
  const expectations = all.map(({ untold: _, ...expectation }) => expectation)
  const told = all.filter(({ untold }) => !untold)
  const judged = told.filter(({ notJudged }) => notJudged === null)
  if (judged.some(({ passed }) => !passed)) return { status: 'failed', reason: null, expectations }
  if (told.length === 0) return { status: 'not judged', reason: all[0]?.notJudged ?? null, expectations }
  if (judged.length === told.length || worst === undefined) return { status: 'passed', reason: null, expectations }
  return { status: 'not judged', reason: tooBusy(worst), expectations }
}

const tooBusy = (worst: Late): string => `this machine was too busy: ${lateInWords(worst)} in phase ${worst.phase}`

/** It cannot be judged on this machine, in this lab, or was disturbed. */
const isNotJudged = (error: unknown): error is Error =>
  error instanceof NotJudged || error instanceof Unsettable || error instanceof Disturbed

async function runCase(
  experiment: Experiment,
  name: string,
  wish: LabWish,
  { driver, signal, onPhase, onLab, own, out }: RunOptions,
  journal: Journal,
  head: RunHead,
): Promise<void> {
  signal.throwIfAborted()
  await using lab = await Lab.start({
    driver,
    signal,
    ...pace,
    ...(own === undefined ? labOptions(wish) : onServer(wish, own, out)),
  })
  if (driver.elsewhere === true) {
    Object.assign(head.machine, await machineOf(lab))
    journal.write({ is: 'run', head })
  }
  const missing = (await missingInLab(experiment.needs, lab)) ?? (await speakWith(lab, experiment.needs))
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
    const lost = await missingExact(experiment.needs, lab)
    if (lost !== undefined) throw new NotJudged(lost)
  })
}

function labOptions({ backends = 1, ...wish }: LabWish): Omit<LabWish, 'backends'> & { backends: BackendPlan[] } {
  return { ...wish, backends: typeof backends === 'number' ? Array.from({ length: backends }, () => ({})) : backends }
}

/** The experiment's own settings of the kernel, and somebody's server in place of its backends. */
function onServer(
  { sysctls = {}, sampleIntervalMs = 10, exact }: LabWish,
  own: OwnServerWish,
  out: string,
): LabOptions {
  const { output = path.resolve(out, SERVER_LOG) } = own.server
  return { sysctls, sampleIntervalMs, ...(exact && { exact }), ...own, server: { ...own.server, output } }
}

/** What a server writes, beside the folders of its runs. */
const SERVER_LOG = 'server.log'

function worstIn(recordings: readonly Recording[]): (Late & { togetherMs: number }) | undefined {
  const worst = worstOf(recordings.flatMap(({ lateness }) => lateness))
  if (worst === undefined) return undefined
  const together = recordings.map(({ lateness }) => lateness.reduce((sum, { lateMs }) => sum + lateMs, 0))
  return { ...worst, togetherMs: Math.max(...together) }
}

/** Null unless every case got to its end. */
const lagOf = (recordings: readonly Recording[]): number | null =>
  recordings.length > 0 && recordings.every(({ complete }) => complete) ? (worstIn(recordings)?.lateMs ?? 0) : null
