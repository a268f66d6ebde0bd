import { Fifo } from './fifo.ts'

/** One listening socket, from listen() to close(): its two queues, and what the kernel counts against it. */
export class Listener {
  /** Its number among all listeners of a run. */
  readonly place: number
  readonly shard: number
  /** N; the queues are full beyond it. */
  readonly limit: number
  /** Connections that nobody has accepted yet. */
  readonly accept = new Fifo()
  /** Half-open requests, and those of them whose timer has not fired yet. */
  requests = 0
  young = 0
  open = true

  constructor(place: number, shard: number, limit: number) {
    this.place = place
    this.shard = shard
    this.limit = limit
  }

  /** sk_acceptq_is_full: A > L, so L + 1 fit. */
  get acceptQueueFull(): boolean {
    return this.accept.length > this.limit
  }

  /** inet_csk_reqsk_queue_is_full, since early 2025 with the same `>` (docs/kernel-facts.md#syn-queue-limit). */
  get synQueueFull(): boolean {
    return this.requests > this.limit
  }
}
