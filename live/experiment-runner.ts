/** Experiments for the board: one at a time, each in its own lab, which is shown while it is there. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describeError, UsageError } from '#common/errors.ts'
import type { Experiment } from '#experiments/vocabulary/experiment.ts'
import type { Driver } from '#lab/driver.ts'
import type { Lab } from '#lab/lab.ts'
import { shownSource } from '#report/facts.ts'
import * as course from './experiment-course.ts'
import type { ExperimentState } from './experiment-state.ts'
import { observe } from './observer.ts'
import { type ExperimentOffer, FACTS_PATH, reportPath } from './orders.ts'
import type { LabView } from './view.ts'

/** What stands still says so again this often: a page that hears nothing would call it a fault. */
const STILL_MS = 300
/** Reports that a board can still open. */
const KEPT_REPORTS = 50

export class ExperimentRunner {
  /** What runs, or ran last. */
  current: ExperimentState | undefined
  /** The last view of the lab that `current` shows. */
  view: LabView | undefined
  /** Called whenever one of the two is another. */
  onNews: () => void = () => {}
  /** Called when a lab begins that will be shown: `shows` is its name in states. It ends with `lab.stopped` or `lab.over`. */
  onLab: (shows: string, lab: Lab) => void = () => {}
  readonly #experiments: readonly Experiment[]
  readonly #driver: Driver | undefined
  readonly #folders = new Map<number, string>()
  #interrupt: AbortController | undefined
  #running: Promise<void> = Promise.resolve()
  #runs = 0

  /** Without a driver nothing can be run. */
  constructor(experiments: readonly Experiment[], driver: Driver | undefined) {
    this.#experiments = experiments
    this.#driver = driver
  }

  get list(): ExperimentOffer[] {
    if (this.#driver === undefined) return []
    return this.#experiments.map(({ name, teaches, sources }) => ({
      name,
      teaches,
      sources: sources.map((source) => shownSource(source, FACTS_PATH)),
    }))
  }

  start(name: string): string {
    if (this.current?.running === true)
      throw new UsageError(`${this.current.name} is already running: wait until it ends, or stop it`)
    const experiment = this.#experiments.find((candidate) => candidate.name === name)
    if (experiment === undefined || this.#driver === undefined)
      throw new UsageError(`There is no experiment '${name}' here`)
    this.view = undefined
    this.#interrupt = new AbortController()
    this.#become(course.begun(experiment, ++this.#runs))
    this.#running = this.#run(experiment, this.#driver, this.#interrupt.signal)
    return `${name} has started, in its own lab`
  }

  stop(): string {
    if (this.current?.running !== true) throw new UsageError('No experiment is running')
    this.#interrupt?.abort(new Error('stopped from the board'))
    return 'Stopping the experiment'
  }

  /** Takes the verdict off the board. */
  dismiss(): string {
    if (this.current?.running === true) throw new UsageError(`${this.current.name} is running: stop it first`)
    this.#become(undefined)
    return 'The verdict is dismissed'
  }

  /** The report of a run as HTML; undefined where there is none. */
  report(run: number): string | undefined {
    const folder = this.#folders.get(run)
    const file = folder === undefined ? undefined : path.join(folder, 'report.html')
    return file !== undefined && fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined
  }

  async #run(experiment: Experiment, driver: Driver, signal: AbortSignal): Promise<void> {
    const reminder = setInterval(() => {
      if (this.current?.still !== undefined) this.onNews()
    }, STILL_MS)
    try {
      const out = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-run-'))
      // Loaded when first wanted: starting a lab is quicker.
      const { runExperiment } = await import('#lab/experiment/run-experiment.ts')
      const { expectationsAhead } = await import('#lab/experiment/ahead.ts')
      const { writeReport } = await import('#report/write.ts')
      const { judgedInWords } = await import('./judged-in-words.ts')
      const { verdict, folder } = await runExperiment(experiment, {
        driver,
        out,
        signal,
        onLab: (name, lab, recording) => {
          this.#change((state) => course.inLab(state, name, () => expectationsAhead(experiment, recording)))
          void this.#watch(name, lab, signal)
        },
        onPhase: (name, phase) => this.#change((state) => course.inPhase(state, name, phase)),
      })
      this.#change((state) => course.judged(state, judgedInWords(verdict)))
      await writeReport(folder)
      this.#keep(folder)
      this.#change((state) => course.over(state, verdict, folder, reportPath(state.run)))
    } catch (error) {
      this.#change((state) => course.broken(state, describeError(error)))
    } finally {
      clearInterval(reminder)
    }
  }

  /** Shows a lab until it ends: of how it ends the run speaks. */
  async #watch(name: string, lab: Lab, signal: AbortSignal): Promise<void> {
    const shows = `${this.#runs}: ${name}`
    this.onLab(shows, lab)
    try {
      for await (const view of observe(lab, signal)) {
        this.view = view
        this.#change((state) => ({ ...state, shows, still: undefined }))
      }
    } catch {}
    this.#change((state) => course.labOver(state, shows, name))
  }

  #keep(folder: string): void {
    this.#folders.set(this.#runs, folder)
    for (const run of [...this.#folders.keys()].slice(0, -KEPT_REPORTS)) this.#folders.delete(run)
  }

  #change(change: (state: ExperimentState) => ExperimentState): void {
    // A lab may be seen to end after its run.
    if (this.current?.running === true) this.#become(change(this.current))
  }

  #become(state: ExperimentState | undefined): void {
    this.current = state
    this.onNews()
  }

  /** Ends what runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#interrupt?.abort(new Error('the board is being closed'))
    await this.#running
  }
}
