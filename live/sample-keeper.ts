/** Keeps the samples of one lab's last half minute. Pure: what is read comes in, what is asked for goes out. */
import type { Samples } from '#services/exporter/samples.ts'
import { emptyWindow, type SampleWindow } from './sample-window.ts'

const KEPT_MS = 30_000
/** What is kept takes some 50 bytes a row: with very many shards it reaches back less far, and never takes more than this. */
const MOST_ROWS = 200_000
/** Sockets whose last count is remembered: those that have closed are not told apart from those that stay. */
const MOST_SOCKETS = 4096

/** Samples that came together, with the socket of each row. */
interface Batch extends SampleWindow {
  cookie: string[]
}

export class SampleKeeper {
  readonly #port: number
  readonly #drops = new Map<string, number>()
  #batches: Batch[] = []
  #rows = 0
  #begun = false
  #resent: number | undefined

  constructor(port: number) {
    this.#port = port
  }

  /** Takes a batch of the exporter. What came before a gap says nothing of what came in it. */
  add(samples: Samples): void {
    const batch: Batch = { ...emptyWindow(), cookie: [] }
    this.#addListeners(batch, samples.listeners)
    const { synQueue, counters } = samples
    for (const [row, port] of synQueue.port.entries()) {
      if (port !== this.#port) continue
      for (const column of ['atMs', 'length', 'limit'] as const) batch.synQueue[column].push(synQueue[column][row]!)
    }
    for (const [row, name] of counters.name.entries()) {
      // A row says that a counter has changed; but the first ones may say only what it was.
      if (name === 'TcpExt_ListenOverflows' && this.#begun) batch.overflows.atMs.push(counters.atMs[row]!)
    }
    this.#begun = true
    this.#keep(batch)
  }

  /** Takes a reading of TCPSynRetrans. */
  addResent(atMs: number, value: number): void {
    const batch: Batch = { ...emptyWindow(), cookie: [] }
    batch.resent.atMs.push(atMs)
    batch.resent.gained.push(this.#resent === undefined ? 0 : Math.max(0, value - this.#resent))
    this.#resent = value
    this.#keep(batch)
  }

  /** No samples came for a while: what has grown meanwhile has grown at no moment that is known. */
  gap(): void {
    this.#drops.clear()
    this.#begun = false
  }

  /** The same of TCPSynRetrans. */
  resentGap(): void {
    this.#resent = undefined
  }

  /** All of it. `owner` gives the shard of a socket that is known to be of another than the exporter says. */
  window(owner: (cookie: string) => number | undefined): SampleWindow {
    const all = emptyWindow()
    for (const batch of this.#batches) {
      for (const part of parts) {
        const into: Record<string, number[]> = all[part]
        for (const [column, values] of Object.entries<number[]>(batch[part]))
          for (const value of values) into[column]?.push(value)
      }
    }
    const cookies = this.#batches.flatMap(({ cookie }) => cookie)
    all.listeners.shard = all.listeners.shard.map((shard, row) => owner(cookies[row]!) ?? shard)
    return all
  }

  #addListeners({ listeners, cookie: cookies }: Batch, from: Samples['listeners']): void {
    if (this.#drops.size > MOST_SOCKETS) this.#drops.clear()
    for (const [row, port] of from.port.entries()) {
      const [cookie, drops] = [from.cookie[row]!, from.drops[row]!]
      if (port !== this.#port) continue
      const before = this.#drops.get(cookie)
      this.#drops.set(cookie, drops)
      cookies.push(cookie)
      for (const column of ['atMs', 'shard', 'length', 'limit'] as const) listeners[column].push(from[column][row]!)
      listeners.dropped.push(before === undefined ? 0 : Math.max(0, drops - before))
    }
  }

  #keep(batch: Batch): void {
    this.#batches.push(batch)
    this.#rows += rowsOf(batch)
    const fromMs = lastMs(batch) - KEPT_MS
    while (this.#batches.length > 1 && (lastMs(this.#batches[0]!) < fromMs || this.#rows > MOST_ROWS))
      this.#rows -= rowsOf(this.#batches.shift()!)
  }
}

const parts = ['listeners', 'synQueue', 'overflows', 'resent'] as const
const rowsOf = (batch: Batch): number => parts.reduce((sum, part) => sum + batch[part].atMs.length, 0)
const lastMs = (batch: Batch): number =>
  parts.reduce((last, part) => Math.max(last, batch[part].atMs.at(-1) ?? 0), Number.NEGATIVE_INFINITY)
