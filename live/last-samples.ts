/** Reads every sample of the labs that a board shows, while a page of it is open. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceError } from '#lab/endpoint.ts'
import type { Lab } from '#lab/lab.ts'
import { SampleKeeper } from './sample-keeper.ts'
import type { SampleWindow } from './sample-window.ts'

/** How often the clients' kernel is asked how many SYNs were sent again: each time costs its agent about half a millisecond. */
const RESENT_MS = 50
/** After an exporter or agent has not answered. */
const AGAIN_MS = 500

/** Sockets that are remembered: those that have closed are not told apart from those that stay. */
const MOST_OWNERS = 4096

/** The samples of one lab. It costs that lab's exporter about one percent of a core, and the load agent as much. */
class LabSamples {
  readonly #lab: Lab
  readonly #keeper: SampleKeeper
  readonly #owners = new Map<string, number>()
  #reading: AbortController | undefined

  constructor(lab: Lab) {
    this.#lab = lab
    this.#keeper = new SampleKeeper(lab.plan.port)
  }

  set wanted(wanted: boolean) {
    if (wanted === (this.#reading !== undefined)) return
    this.#reading?.abort()
    this.#reading = wanted ? new AbortController() : undefined
    if (this.#reading === undefined) return
    const over = AbortSignal.any([this.#reading.signal, this.#lab.over, this.#lab.stopped])
    void again(over, () => this.#readSamples(over))
    void again(over, () => this.#readResent(over))
  }

  window(): SampleWindow {
    return this.#keeper.window((cookie) => this.#owners.get(cookie))
  }

  async #readSamples(over: AbortSignal): Promise<void> {
    this.#keeper.gap()
    for await (const samples of this.#lab.samples(over)) {
      this.#keeper.add(samples)
      if (samples.listeners.cookie.some((cookie) => !this.#owners.has(cookie))) await this.#askOwners()
    }
  }

  async #readResent(over: AbortSignal): Promise<void> {
    this.#keeper.resentGap()
    while (!over.aborted) {
      const { monotonicMs, counters } = await this.#lab.clients.counters()
      this.#keeper.addResent(monotonicMs, counters.TcpExt_TCPSynRetrans ?? 0)
      await sleep(RESENT_MS, undefined, { signal: over, ref: false })
    }
  }

  /** Whose a socket is, its backend knows best: an exporter that was started again may number them anew. */
  async #askOwners(): Promise<void> {
    if (this.#owners.size > MOST_OWNERS) this.#owners.clear()
    const statuses = await Promise.all(this.#lab.backends.map((backend) => backend.told().catch(() => undefined)))
    for (const [index, status] of statuses.entries())
      if (status?.listener != null) this.#owners.set(status.listener.cookie, index + 1)
  }
}

/** Reads until it is over; a part that does not answer is asked again later. */
async function again(over: AbortSignal, read: () => Promise<void>): Promise<void> {
  while (!over.aborted) {
    try {
      await read()
    } catch (error) {
      if (!(error instanceof ServiceError) && !over.aborted) throw error
    }
    await sleep(AGAIN_MS, undefined, { signal: over, ref: false }).catch(() => {})
  }
}

/** The samples of the board's own lab, and of the lab of an experiment. */
export class LastSamples implements Disposable {
  readonly #labs = new Map<string | undefined, LabSamples>()
  #wanted = false

  /** Keeps the samples of a lab, in place of those of an earlier one. `name` is the `lab` of its states. */
  add(name: string | undefined, lab: Lab): void {
    for (const [other, samples] of this.#labs)
      if (other !== undefined || name === undefined) {
        samples.wanted = false
        this.#labs.delete(other)
      }
    const samples = new LabSamples(lab)
    samples.wanted = this.#wanted
    this.#labs.set(name, samples)
  }

  /** Whether a page is open: without one nothing is read. */
  set wanted(wanted: boolean) {
    this.#wanted = wanted
    for (const samples of this.#labs.values()) samples.wanted = wanted
  }

  /** What is kept of a lab; undefined if nothing is. */
  of(name: string | undefined): SampleWindow | undefined {
    return this.#labs.get(name)?.window()
  }

  [Symbol.dispose](): void {
    this.wanted = false
  }
}
