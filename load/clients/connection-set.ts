import type { StreamTarget } from '../agent/api.ts'
import type { Outcome, Progress } from '../progress.ts'
import { followSchedule } from '../schedule.ts'
import { type Behaviour, ClientConnection } from './client-connection.ts'

/** The connections of one load that are open or being opened. */
export class ConnectionSet {
  readonly #target: StreamTarget
  readonly #progress: Progress
  readonly #behaviour: Behaviour
  readonly #readBuffer: Uint8Array
  readonly #paused: boolean
  readonly #connections = new Set<ClientConnection>()
  #whenEmpty: (() => void) | undefined

  constructor(
    target: StreamTarget,
    progress: Progress,
    behaviour: Behaviour,
    options: { readBufferBytes?: number; paused?: boolean } = {},
  ) {
    this.#target = target
    this.#progress = progress
    this.#readBuffer = Buffer.alloc(options.readBufferBytes ?? 65_536)
    this.#paused = options.paused ?? false
    this.#behaviour = {
      ...behaviour,
      finished: (connection) => {
        this.#connections.delete(connection)
        behaviour.finished?.(connection)
        if (this.#connections.size === 0) this.#whenEmpty?.()
      },
    }
  }

  [Symbol.iterator](): IterableIterator<ClientConnection> {
    return this.#connections.values()
  }

  /** Begins a connection now that was due at `scheduledMs`. */
  open(scheduledMs: number): ClientConnection {
    const connection = new ClientConnection({
      target: this.#target,
      progress: this.#progress,
      behaviour: this.#behaviour,
      readBuffer: this.#readBuffer,
      paused: this.#paused,
      scheduledMs,
    })
    this.#connections.add(connection)
    return connection
  }

  /** Resolves when none is left, or when the signal aborts. */
  async empty(signal: AbortSignal): Promise<void> {
    if (this.#connections.size === 0 || signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#whenEmpty = resolve
    signal.addEventListener('abort', () => resolve(), { once: true })
    await promise
  }

  /**
   * Opens connections by the schedule and keeps them until none is left, the time is over, or the signal aborts. Those
   * still open then are cut and count as ok: they did what was asked of them.
   */
  async keep(offsetsMs: Iterable<number>, durationMs: number | undefined, signal: AbortSignal): Promise<void> {
    const time = new AbortController()
    const timer = durationMs === undefined ? undefined : setTimeout(() => time.abort(), durationMs)
    const over = AbortSignal.any([signal, time.signal])
    try {
      await followSchedule(offsetsMs, (scheduledMs) => this.open(scheduledMs), over)
      this.#progress.allBegun = true
      await this.empty(over)
    } finally {
      clearTimeout(timer)
      this.cut('ok')
    }
  }

  /** Cuts all that are left: those whose handshake had finished end as `held`, the others as abandoned. */
  cut(held: Outcome): void {
    for (const connection of [...this.#connections])
      connection.cut(connection.record.connectedMs === undefined ? 'abandoned' : held)
  }
}
