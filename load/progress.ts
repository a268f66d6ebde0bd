import type { ConnectionRecord, LoadReport, Outcomes } from './agent/api.ts'
import { LatencyHistogram } from './latency.ts'

export type Outcome = keyof Outcomes
/** What a client knows about its load; the agent adds the id, the kind and the state. */
export type LoadProgress = Omit<LoadReport, 'id' | 'kind' | 'state' | 'error' | 'elapsedMs'>

/** How many connection records are kept of one load: more would only fill the agent's memory. */
const MAX_RECORDS = 50_000
/** How many kinds of failure are distinguished in one load. */
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
  readonly records: ConnectionRecord[] = []
  /** Called before each report; for clients whose counts are elsewhere (in the kernel, in a worker). */
  refresh: () => void = () => {}
  readonly #failures = new Map<string, number>()
  readonly #keepsRecords: boolean
  readonly #maxRecords: number
  #recordsNotKept = 0

  constructor(options: { records?: boolean; maxRecords?: number } = {}) {
    this.#keepsRecords = options.records ?? false
    this.#maxRecords = options.maxRecords ?? MAX_RECORDS
  }

  /** Counts how a connection ended; `failure` says why a failed one failed. */
  count(outcome: Outcome, failure?: string): void {
    this.outcomes[outcome]++
    if (failure === undefined) return
    const known = this.#failures.has(failure) || this.#failures.size < MAX_FAILURES
    const key = known ? failure : 'other'
    this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1)
  }

  /** Keeps the record of a connection if the load asked for records; above the limit only counts it. */
  tell(record: ConnectionRecord): void {
    if (!this.#keepsRecords) return
    if (this.records.length < this.#maxRecords) this.records.push(record)
    else this.#recordsNotKept++
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
      records: { kept: this.records.length, notKept: this.#recordsNotKept },
      ...(this.seed === undefined ? {} : { seed: this.seed }),
    }
  }
}
