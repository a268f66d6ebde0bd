/** The loads that a person switches on and off, by name: the keys of the terminal and the switches of the board share them. */
import type { Clients, LoadOrder } from '#lab/clients.ts'
import type { Lab } from '#lab/lab.ts'
import type { LoadReport } from '#load/agent/api.ts'
import { LoadName } from './orders.ts'
import type { LoadState } from './state.ts'

/** The agent ends half-open clients by then, whatever is asked. */
const HALF_OPEN_MS = 60_000
const SLOW_READER_RESPONSE_BYTES = 8_000_000
const SLOW_WRITER_BODY_BYTES = 67_108_864

/**
 * Loads that a switch starts carry its name as their label, and the agent's list is all that is known of them: it does
 * not matter who has started one.
 */
export class Loads {
  readonly #clients: Clients

  constructor({ clients }: Pick<Lab, 'clients'>) {
    this.#clients = clients
  }

  isOn(name: LoadName): boolean {
    return this.list.some((load) => load.name === name)
  }

  /**
   * Starts a load, in place of the one of that name that runs. `amount` is a second for `gentle` and `half-open`, else
   * how many. Gives it as the agent tells of it; undefined if it is over already.
   */
  async start(name: LoadName, amount: number): Promise<LoadState | undefined> {
    await this.#clients.start({ ...order(name, amount), label: name })
    await this.#clients.reports() // so that it is shown from now on
    return this.list.find((load) => load.name === name)
  }

  /** Ends every load of that name. */
  async stop(name: LoadName): Promise<void> {
    const running = runningOf(await this.#clients.reports()).filter(({ label }) => label === name)
    await Promise.all(running.map(({ id }) => this.#clients.load(id).stop()))
    await this.#clients.reports()
  }

  /** Those that run, as the agent told last: whoever watches the lab asks it a few times a second. */
  get list(): LoadState[] {
    const newest = new Map(runningOf(this.#clients.latestReports).map((report) => [report.label, report]))
    return loadNames.flatMap((name) => {
      const report = newest.get(name)
      return report === undefined ? [] : [{ name, running: true, amount: report.amount ?? 0, error: undefined }]
    })
  }
}

const loadNames: readonly LoadName[] = LoadName.anyOf.map((literal) => literal.const)

const runningOf = (reports: readonly LoadReport[]): LoadReport[] => reports.filter(({ state }) => state === 'running')

function order(name: LoadName, amount: number): LoadOrder {
  const connections = Math.max(1, Math.round(amount))
  switch (name) {
    case 'gentle':
      return { kind: 'connections', arrivals: { shape: 'poisson', ratePerSecond: amount } }
    case 'burst':
      return { kind: 'connections', arrivals: { shape: 'burst', connections } }
    case 'half-open':
      return { kind: 'half-open', ratePerSecond: amount, durationMs: HALF_OPEN_MS }
    case 'hold':
      return { kind: 'hold', connections }
    case 'slow-read':
      return { kind: 'slow-read', connections, bytesPerSecond: 0, responseBytes: SLOW_READER_RESPONSE_BYTES }
    case 'slow-write':
      return { kind: 'slow-write', connections, bodyBytes: SLOW_WRITER_BODY_BYTES }
  }
}
