/** The loads that a person switches on and off, by name: the keys of the terminal and the switches of the board share them. */
import type { Load, LoadOrder } from '#lab/clients.ts'
import type { Lab } from '#lab/lab.ts'
import type { LoadName } from './orders.ts'
import type { LoadState } from './state.ts'

/** The agent ends a half-open load by then, whatever is asked. */
const HALF_OPEN_MS = 60_000
const SLOW_READER_RESPONSE_BYTES = 8_000_000
const SLOW_WRITER_BODY_BYTES = 67_108_864

export class Loads {
  readonly #lab: Lab
  readonly #running = new Map<LoadName, { load: Load; amount: number }>()

  constructor(lab: Lab) {
    this.#lab = lab
  }

  isOn(name: LoadName): boolean {
    return this.#running.has(name)
  }

  /** Starts a load, in place of the one of that name that runs. `amount` is a second for `gentle` and `half-open`, else how many. */
  async start(name: LoadName, amount: number): Promise<void> {
    await this.stop(name)
    this.#running.set(name, { load: await this.#lab.clients.start(order(name, amount)), amount })
  }

  async stop(name: LoadName): Promise<void> {
    const running = this.#running.get(name)
    this.#running.delete(name)
    await running?.load.stop()
  }

  /** Forgets loads that have ended by themselves. */
  see(reports: readonly { id: string; state: string }[]): void {
    for (const [name, { load }] of this.#running)
      if (reports.some(({ id, state }) => id === load.id && state !== 'running')) this.#running.delete(name)
  }

  get list(): LoadState[] {
    return [...this.#running].map(([name, { amount }]) => ({ name, running: true, amount, error: undefined }))
  }
}

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
