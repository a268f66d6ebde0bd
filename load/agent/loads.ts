import type { LoadReport, LoadRequest } from './api.ts'
import { RunningLoad } from './running-load.ts'

const MOST_FINISHED = 100
/** Stories kept of all finished loads together. */
const MOST_STORIES = 200_000
const MOST_RUNNING = 100

/** The loads of an agent: those that run, and the last hundred that have. */
export class Loads {
  readonly #running = new Map<string, RunningLoad>()
  readonly #finished = new Map<string, RunningLoad>()
  #lastNumber = 0

  /** True if no further load may begin before another has ended. */
  get full(): boolean {
    return this.#running.size >= MOST_RUNNING
  }

  /** Starts a load. */
  start(request: LoadRequest): RunningLoad {
    const load = new RunningLoad(`load-${++this.#lastNumber}`, request)
    this.#running.set(load.id, load)
    void load.over.then(() => this.#finish(load))
    return load
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

  /** The kind of each load that runs. */
  runningKinds(): LoadRequest['kind'][] {
    return [...this.#running.values()].map(({ request }) => request.kind)
  }

  /** Ends every load. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.values()].map((load) => load.stop()))
  }

  /** SYNs a second that the half-open loads that run write together; infinite if one of them has no rate. */
  get halfOpenPerSecond(): number {
    let sum = 0
    for (const { request } of this.#running.values())
      if (request.kind === 'half-open') sum += request.ratePerSecond ?? Infinity
    return sum
  }

  #finish(load: RunningLoad): void {
    this.#running.delete(load.id)
    this.#finished.set(load.id, load)
    for (const id of this.#finished.keys()) {
      if (this.#finished.size <= MOST_FINISHED) break
      this.#finished.delete(id)
    }
    let stories = 0
    for (const finished of [...this.#finished.values()].reverse()) {
      stories += finished.stories?.length ?? 0
      if (stories > MOST_STORIES) finished.forgetStories()
    }
  }
}

const numberOf = (id: string): number => Number(id.slice('load-'.length))
