/** Experiments for the board: one at a time, each in its own lab beside the one that is shown. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describeError, UsageError } from '#common/errors.ts'
import type { Experiment } from '#experiments/vocabulary/experiment.ts'
import { ONLY_CASE } from '#experiments/vocabulary/experiment.ts'
import type { Driver } from '#lab/driver.ts'
import type { JudgedExpectation } from '#lab/experiment/verdict.ts'
import { shownSource } from '#report/facts.ts'
import { type ExperimentOffer, FACTS_PATH } from './orders.ts'
import type { ExpectationState, ExperimentState } from './state.ts'

export class ExperimentRunner {
  /** What runs, or ran last. */
  current: ExperimentState | undefined
  readonly #experiments: readonly Experiment[]
  readonly #driver: Driver | undefined
  #interrupt: AbortController | undefined
  #running: Promise<void> = Promise.resolve()

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
    const nothing = { status: undefined, reason: undefined, folder: undefined, expectations: [] }
    this.current = { name, running: true, phases: [], ...nothing }
    this.#interrupt = new AbortController()
    this.#running = this.#run(experiment, this.#driver, this.#interrupt.signal)
    return `${name} is running in its own lab`
  }

  stop(): string {
    this.#interrupt?.abort(new Error('stopped from the board'))
    return 'Stopping the experiment'
  }

  async #run(experiment: Experiment, driver: Driver, signal: AbortSignal): Promise<void> {
    const out = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-run-'))
    try {
      // Loaded when first wanted: starting a lab is quicker.
      const { runExperiment } = await import('#lab/experiment/run-experiment.ts')
      const { writeReport } = await import('#report/write.ts')
      const { bandInWords, seenInWords } = await import('#lab/experiment/verdict.ts')
      const inWords = (expectation: JudgedExpectation): ExpectationState => ({
        counted: expectation.counted === 'both' ? 'kernel and userspace' : expectation.counted,
        sentence: expectation.sentence,
        expected: bandInWords(expectation),
        seen: seenInWords(expectation),
        passed: expectation.passed,
      })
      const { verdict, folder } = await runExperiment(experiment, {
        driver,
        out,
        signal,
        onPhase: (name, phase) => this.#phase(name === ONLY_CASE ? phase : `${name}, ${phase}`),
      })
      await writeReport(folder)
      this.#end(verdict.status, verdict.reason ?? undefined, verdict.expectations.map(inWords), folder)
    } catch (error) {
      this.#end('broken', describeError(error), [], undefined)
    }
  }

  #phase(name: string): void {
    if (this.current === undefined) return
    this.current = { ...this.current, phases: [...this.current.phases, { name, timeMs: Date.now() }] }
  }

  #end(status: string, reason: string | undefined, expectations: ExpectationState[], folder: string | undefined): void {
    if (this.current === undefined) return
    this.current = { ...this.current, running: false, status, reason, expectations, folder }
  }

  /** Ends what runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop()
    await this.#running
  }
}
