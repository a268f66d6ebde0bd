import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs } from '#common/clock.ts'
import type { Lab } from '../lab.ts'

/** Batches of samples come about ten times a second. */
const LAST_BATCH_MS = 300

/** Reads every sample of a lab's queues from now on. */
export class Watch {
  readonly #over = new AbortController()
  readonly #reading: Promise<void>
  readonly #fromMs = monotonicMs()
  /** Highest length of each shard's accept queue. */
  readonly peaks = new Map<number, number>()
  synQueuePeak = 0
  /** Every sampled length, by CLOCK_MONOTONIC. */
  readonly lengths: { atMs: number; shard: number; length: number }[] = []
  /** The same of the port's SYN queue. */
  readonly synLengths: { atMs: number; length: number }[] = []

  constructor(lab: Lab) {
    this.#reading = this.#read(lab)
    this.#reading.catch(() => {}) // stop() reports it
  }

  async #read(lab: Lab): Promise<void> {
    const { port } = lab.plan
    for await (const { listeners, synQueue } of lab.samples(this.#over.signal)) {
      for (const [row, atMs] of listeners.atMs.entries()) {
        if (listeners.port[row] !== port || atMs < this.#fromMs) continue
        const [shard, length] = [listeners.shard[row]!, listeners.length[row]!]
        this.peaks.set(shard, Math.max(this.peaks.get(shard) ?? 0, length))
        this.lengths.push({ atMs, shard, length })
      }
      for (const [row, atMs] of synQueue.atMs.entries())
        if (synQueue.port[row] === port && atMs >= this.#fromMs) {
          const length = synQueue.length[row]!
          this.synQueuePeak = Math.max(this.synQueuePeak, length)
          this.synLengths.push({ atMs, length })
        }
    }
  }

  /** Takes in the last samples and ends. */
  async stop(): Promise<void> {
    if (!this.#over.signal.aborted) await sleep(LAST_BATCH_MS)
    this.#over.abort()
    await this.#reading
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => {}) // the scene says what went wrong
  }
}
