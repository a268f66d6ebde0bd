import type { LoadReport, LoadRequest } from './api.ts'
import { RunningLoad } from './running-load.ts'

const MOST_FINISHED = 100
/** How many connection records are kept, of all finished loads together. */
const MOST_RECORDS = 200_000
const MOST_RUNNING = 100

/** The loads of an agent: those that are running, and the last hundred that have ended. */
export class Loads {
  readonly #running = new Map<string, RunningLoad>()
  readonly #finished = new Map<string, RunningLoad>()
  #lastNumber = 0

  /** True if no more loads may begin before another has ended. */
  isFullFor(request: LoadRequest): boolean {
    return this.#besides(request).length >= MOST_RUNNING
  }

  /** Starts a load, which replaces a running one of the same label; resolves when that one has ended. */
  async start(request: LoadRequest): Promise<RunningLoad> {
    const besides = new Set(this.#besides(request))
    const replaced = [...this.#running.values()].filter((load) => !besides.has(load))
    const load = new RunningLoad(`load-${++this.#lastNumber}`, request)
    this.#running.set(load.id, load)
    void load.over.then(() => this.#finish(load))
    await Promise.all(replaced.map((old) => old.stop()))
    return load
  }

  /** The running loads that would continue alongside a new one. */
  #besides({ label }: LoadRequest): RunningLoad[] {
    return [...this.#running.values()].filter(({ request }) => label === undefined || request.label !== label)
  }

  get(id: string): RunningLoad | undefined {
    return this.#running.get(id) ?? this.#finished.get(id)
  }

  /** Reports on every load, the oldest first. */
  reports(): LoadReport[] {
    return [...this.#finished.values(), ...this.#running.values()]
      .map((load) => load.report())
      .toSorted((a, b) => numberOf(a.id) - numberOf(b.id))
  }

  /** The kind of each running load. */
  runningKinds(): LoadRequest['kind'][] {
    return [...this.#running.values()].map(({ request }) => request.kind)
  }

  /** Ends every load. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.values()].map((load) => load.stop()))
  }

  /** SYNs a second that half-open loads would write together with a new one; infinite if one of them has no rate. */
  halfOpenPerSecondWith(request: LoadRequest): number {
    let sum = 0
    for (const each of [request, ...this.#besides(request).map((load) => load.request)])
      if (each.kind === 'half-open') sum += each.ratePerSecond ?? Infinity
    return sum
  }

  #finish(load: RunningLoad): void {
    this.#running.delete(load.id)
    this.#finished.set(load.id, load)
    for (const id of this.#finished.keys()) {
      if (this.#finished.size <= MOST_FINISHED) break
      this.#finished.delete(id)
    }
    let records = 0
    for (const finished of [...this.#finished.values()].reverse()) {
      records += finished.records?.length ?? 0
      if (records > MOST_RECORDS) finished.forgetRecords()
    }
  }
}

const numberOf = (id: string): number => Number(id.slice('load-'.length))
