import { monotonicMs } from '#common/clock.ts'
import { describeError } from '#common/errors.ts'
import { runConnections } from '../clients/connections.ts'
import { runHalfOpen } from '../clients/half-open.ts'
import { HeldConnections } from '../clients/hold.ts'
import { runSlowRead } from '../clients/slow-read.ts'
import { runSlowWrite } from '../clients/slow-write.ts'
import { Progress } from '../progress.ts'
import type { LoadReport, LoadRequest, Story } from './api.ts'

/** One load, from its start until it is forgotten. */
export class RunningLoad {
  readonly id: string
  readonly request: LoadRequest
  /** Resolves when the load is over, however it ended. */
  readonly over: Promise<void>
  readonly #stopping = new AbortController()
  readonly #beganMs = monotonicMs()
  readonly #speak: ((text?: string) => number) | undefined
  #stories: readonly Story[]
  #report: () => LoadReport

  constructor(id: string, request: LoadRequest) {
    this.id = id
    this.request = request
    const progress = new Progress()
    this.#stories = progress.stories
    this.#report = () => this.#reportOn(progress, 'running')
    const held = request.kind === 'hold' ? new HeldConnections(request, progress) : undefined
    this.#speak = held === undefined ? undefined : (text) => held.speak(text)
    this.over = this.#run(start(request, progress, held, this.#stopping.signal), progress)
  }

  async #run(load: Promise<void>, progress: Progress): Promise<void> {
    let final: LoadReport
    try {
      await load
      final = this.#reportOn(progress, 'done')
    } catch (error) {
      final = { ...this.#reportOn(progress, 'failed'), error: describeError(error) }
    }
    // From here on the load is its report: its histograms are let go.
    this.#report = () => final
  }

  #reportOn(progress: Progress, state: LoadReport['state']): LoadReport {
    const elapsedMs = monotonicMs() - this.#beganMs
    return { id: this.id, kind: this.request.kind, state, elapsedMs, ...progress.report() }
  }

  /** The report as it is now; the same for ever once the load is over. */
  report(): LoadReport {
    return this.#report()
  }

  get running(): boolean {
    return this.report().state === 'running'
  }

  /** The stories kept so far; undefined if none were asked for. */
  get stories(): readonly Story[] | undefined {
    return this.request.kind === 'connections' && this.request.stories === true ? this.#stories : undefined
  }

  /** Lets go of the stories of a load that is over; its report says that they are no longer kept. */
  forgetStories(): void {
    const final = this.report()
    const stories = { kept: 0, notKept: final.stories.kept + final.stories.notKept }
    this.#stories = []
    this.#report = () => ({ ...final, stories })
  }

  /** Lets every held connection speak and gives how many do; undefined if this load holds none, or no longer. */
  speak(text?: string): number | undefined {
    return this.running ? this.#speak?.(text) : undefined
  }

  /** Ends the load and gives its final report. */
  async stop(): Promise<LoadReport> {
    this.#stopping.abort()
    await this.over
    return this.report()
  }
}

function start(
  request: LoadRequest,
  progress: Progress,
  held: HeldConnections | undefined,
  signal: AbortSignal,
): Promise<void> {
  switch (request.kind) {
    case 'connections':
      return runConnections(request, progress, signal)
    case 'half-open':
      return runHalfOpen(request, progress, signal)
    case 'hold':
      return held?.run(signal) ?? Promise.resolve()
    case 'slow-read':
      return runSlowRead(request, progress, signal)
    case 'slow-write':
      return runSlowWrite(request, progress, signal)
  }
}
