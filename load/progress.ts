import type { LoadReport, Outcomes, Story } from './agent/api.ts'
import { LatencyHistogram } from './latency.ts'

export type Outcome = keyof Outcomes
/** What a client knows of its load; the agent adds the id, the kind and the state. */
export type LoadProgress = Omit<LoadReport, 'id' | 'kind' | 'state' | 'error' | 'elapsedMs'>

/** Stories kept of one load: more would only fill the memory of the agent. */
const MAX_STORIES = 50_000
/** Kinds of failure told apart in one load. */
const MAX_FAILURES = 20

/** The live report of one load. Clients write into it as things happen, and it can be read at any time. */
export class Progress {
  allBegun = false
  started = 0
  open = 0
  connected = 0
  bytesRead = 0
  bytesWritten = 0
  synRetransmits = 0
  kernelBusy = 0
  seed: number | undefined
  readonly connectMs = new LatencyHistogram()
  readonly acceptWaitMs = new LatencyHistogram()
  readonly firstByteMs = new LatencyHistogram()
  readonly totalMs = new LatencyHistogram()
  readonly scheduleLagMs = new LatencyHistogram()
  readonly outcomes: Outcomes = {
    ok: 0,
    refused: 0,
    reset: 0,
    timedOut: 0,
    noPortLeft: 0,
    closedEarly: 0,
    failed: 0,
    abandoned: 0,
  }
  readonly stories: Story[] = []
  /** Called before each report, by clients whose counts lie elsewhere (in the kernel, in a worker). */
  refresh: () => void = () => {}
  readonly #failures = new Map<string, number>()
  readonly #keepsStories: boolean
  readonly #maxStories: number
  #storiesNotKept = 0

  constructor(options: { stories?: boolean; maxStories?: number } = {}) {
    this.#keepsStories = options.stories ?? false
    this.#maxStories = options.maxStories ?? MAX_STORIES
  }

  /** Counts how a connection ended; `failure` says what a failed one died of. */
  count(outcome: Outcome, failure?: string): void {
    this.outcomes[outcome]++
    if (failure === undefined) return
    const known = this.#failures.has(failure) || this.#failures.size < MAX_FAILURES
    const key = known ? failure : 'other'
    this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1)
  }

  /** Keeps a story if the load asked for stories, or counts it where there is no more room. */
  tell(story: Story): void {
    if (!this.#keepsStories) return
    if (this.stories.length < this.#maxStories) this.stories.push(story)
    else this.#storiesNotKept++
  }

  /** Everything so far, as plain data. */
  report(): LoadProgress {
    this.refresh()
    return {
      allBegun: this.allBegun,
      started: this.started,
      open: this.open,
      connected: this.connected,
      bytesRead: this.bytesRead,
      bytesWritten: this.bytesWritten,
      outcomes: { ...this.outcomes },
      synRetransmits: this.synRetransmits,
      connectMs: this.connectMs.summary(),
      acceptWaitMs: this.acceptWaitMs.summary(),
      firstByteMs: this.firstByteMs.summary(),
      totalMs: this.totalMs.summary(),
      scheduleLagMs: this.scheduleLagMs.summary(),
      failures: Object.fromEntries(this.#failures),
      kernelBusy: this.kernelBusy,
      stories: { kept: this.stories.length, notKept: this.#storiesNotKept },
      ...(this.seed === undefined ? {} : { seed: this.seed }),
    }
  }
}
