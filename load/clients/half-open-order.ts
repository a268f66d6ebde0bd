import type { Target } from '../agent/api.ts'

/** What one thread of a flood is given. */
export interface FloodOrder {
  target: Target
  /** The device by which all packets leave. */
  device: string
  durationMs: number
  /** Of this thread; as fast as possible if undefined. */
  ratePerSecond: number | undefined
  /** Of all threads together. */
  maxSyns: number
  sources: number
  sourcePorts: 'counting' | 'random'
  firstPair: number
  worker: number
  workers: number
  counts: SharedArrayBuffer
}

const STOP = 0
const FIRST_COUNT = 1
const COUNTS_A_WORKER = 2

/** What the threads of a flood share: a flag that ends them, and two counts each. */
export class SharedCounts {
  readonly memory: SharedArrayBuffer
  readonly #values: Int32Array
  readonly #workers: number

  constructor(workers: number, memory?: SharedArrayBuffer) {
    this.#workers = workers
    this.memory = memory ?? new SharedArrayBuffer((FIRST_COUNT + workers * COUNTS_A_WORKER) * 4)
    this.#values = new Int32Array(this.memory)
  }

  get syns(): number {
    return this.#sum(0)
  }
  get busy(): number {
    return this.#sum(1)
  }
  get stopped(): boolean {
    return Atomics.load(this.#values, STOP) !== 0
  }

  stop(): void {
    Atomics.store(this.#values, STOP, 1)
    Atomics.notify(this.#values, STOP)
  }

  /** Sleeps for this long, or until the flood is stopped. */
  sleep(delayMs: number): void {
    Atomics.wait(this.#values, STOP, 0, delayMs)
  }

  addSyns(worker: number, syns: number): void {
    Atomics.add(this.#values, FIRST_COUNT + worker * COUNTS_A_WORKER, syns)
  }
  addBusy(worker: number): void {
    Atomics.add(this.#values, FIRST_COUNT + worker * COUNTS_A_WORKER + 1, 1)
  }

  #sum(which: number): number {
    let sum = 0
    for (let worker = 0; worker < this.#workers; worker++)
      sum += Atomics.load(this.#values, FIRST_COUNT + worker * COUNTS_A_WORKER + which)
    return sum
  }
}
