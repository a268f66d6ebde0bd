/**
 * What the control thread and the port thread of a process share: faults go one way, counts the other. Both sides read
 * and write in place, so neither needs the other to be running: counts stay readable while the port's loop is blocked.
 */
import type { Faults, FaultsChange, WaitHistogram } from './api.ts'
import { boundsSeconds } from './bounds.ts'
import { boundOf, bucketOf, WAIT_BUCKETS } from './wait-buckets.ts'

const faultNames = [
  'stalled',
  'acceptDelayMs',
  'readDelayMs',
  'responseDelayMs',
  'neverRead',
  'responseBytes',
] as const satisfies (keyof Faults)[]

const WAKEUPS = faultNames.length

const STATUS_CODES = 600
const ACCEPTS = 0
const OPEN = 1
const WAIT_SUM = 2
const WAIT_MAX = 3
const DURATION_SUM = 4
const LAST_LAG = 5
const NEXT_BEAT = 6
const BODY_BYTES = 7
const CODES = 8
const DURATIONS = CODES + STATUS_CODES
const WAITS = DURATIONS + boundsSeconds.length + 1
const LATES = WAITS + WAIT_BUCKETS
const LATE = LATES + 1
/** How many delays are remembered: when, and how long. */
const MOST_LATE = 32
const NUMBERS = LATE + 2 * MOST_LATE

/** A delay that is worth remembering. */
const LEAST_LATE_MS = 10

const WORDS_BYTES = 64

/** The faults and counts of one port thread, in memory that two threads share. */
export class PortMemory {
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array
  /** Only the port thread writes here. Aligned doubles are read whole on every 64-bit machine, so no lock is needed. */
  readonly #numbers: Float64Array

  constructor(buffer = new SharedArrayBuffer(WORDS_BYTES + NUMBERS * 8)) {
    this.buffer = buffer
    this.#words = new Int32Array(buffer, 0, WAKEUPS + 1)
    this.#numbers = new Float64Array(buffer, WORDS_BYTES, NUMBERS)
  }

  /** A fault's value; switches are 0 or 1. */
  fault(name: keyof Faults): number {
    return Atomics.load(this.#words, faultNames.indexOf(name))
  }

  faults(): Faults {
    return {
      stalled: this.fault('stalled') === 1,
      acceptDelayMs: this.fault('acceptDelayMs'),
      readDelayMs: this.fault('readDelayMs'),
      responseDelayMs: this.fault('responseDelayMs'),
      neverRead: this.fault('neverRead') === 1,
      responseBytes: this.fault('responseBytes'),
    }
  }

  changeFaults(change: FaultsChange): void {
    for (const [index, name] of faultNames.entries())
      if (change[name] !== undefined) Atomics.store(this.#words, index, Number(change[name]))
  }

  /** How often the loop was woken. */
  wakeups(): number {
    return Atomics.load(this.#words, WAKEUPS)
  }

  /** Wakes the port thread if it is blocked, so that it looks at its commands and faults. */
  ringBell(): void {
    Atomics.add(this.#words, WAKEUPS, 1)
    Atomics.notify(this.#words, WAKEUPS)
  }

  /** Blocks without using CPU until it has been woken more often than `heard`, or until the timeout. */
  awaitWakeup(heard: number, timeoutMs: number): void {
    Atomics.wait(this.#words, WAKEUPS, heard, timeoutMs)
  }

  countAccept(waitMs: number): void {
    this.#add(ACCEPTS, 1)
    this.#add(OPEN, 1)
    this.#add(WAIT_SUM, waitMs)
    this.#add(WAITS + bucketOf(waitMs), 1)
    if (waitMs > this.#at(WAIT_MAX)) this.#numbers[WAIT_MAX] = waitMs
  }

  countClose(): void {
    this.#add(OPEN, -1)
  }

  countResponse(code: number, seconds: number): void {
    this.#add(CODES + Math.min(code, STATUS_CODES - 1), 1)
    this.#add(DURATION_SUM, seconds)
    const bucket = boundsSeconds.findIndex((bound) => seconds <= bound)
    this.#add(DURATIONS + (bucket < 0 ? boundsSeconds.length : bucket), 1)
  }

  /** This many more bytes of response bodies have been generated. */
  countBody(bytes: number): void {
    this.#add(BODY_BYTES, bytes)
  }

  /** The loop answered a heartbeat `lagMs` late and expects the next at `nextMs` of the monotonic clock. */
  beat(lagMs: number, nextMs: number): void {
    this.#numbers[LAST_LAG] = lagMs
    this.#numbers[NEXT_BEAT] = nextMs
  }

  /** The loop stood still for so long until `atMs`, and no fault asked it to. */
  late(atMs: number, lateMs: number): void {
    if (lateMs < LEAST_LATE_MS) return
    const place = LATE + 2 * (this.#at(LATES) % MOST_LATE)
    this.#numbers[place] = atMs
    this.#numbers[place + 1] = lateMs
    this.#add(LATES, 1)
  }

  /** The last of these delays, in no order. */
  lateness(): { atMs: number; lateMs: number }[] {
    return Array.from({ length: Math.min(MOST_LATE, this.#at(LATES)) }, (_, at) => ({
      atMs: this.#at(LATE + 2 * at),
      lateMs: this.#at(LATE + 2 * at + 1),
    }))
  }

  get accepts(): number {
    return this.#at(ACCEPTS)
  }

  get open(): number {
    return this.#at(OPEN)
  }

  get bodyBytes(): number {
    return this.#at(BODY_BYTES)
  }

  /** How late the last heartbeat was, or how overdue the next one is. */
  loopLagMs(nowMs: number): number {
    return this.#at(NEXT_BEAT) === 0 ? 0 : Math.max(this.#at(LAST_LAG), nowMs - this.#at(NEXT_BEAT))
  }

  /** Responses by status code. */
  responses(): Record<string, number> {
    const codes: Record<string, number> = {}
    for (let code = 0; code < STATUS_CODES; code++) if (this.#at(CODES + code) > 0) codes[code] = this.#at(CODES + code)
    return codes
  }

  /** Counts per bucket of `boundsSeconds` and one more for what is beyond, and the sum in seconds. */
  durations(): { counts: number[]; sumSeconds: number } {
    return { counts: [...this.#numbers.subarray(DURATIONS, WAITS)], sumSeconds: this.#at(DURATION_SUM) }
  }

  waits(): WaitHistogram {
    const upToMs: number[] = []
    const counts: number[] = []
    let count = 0
    for (let bucket = 0; bucket < WAIT_BUCKETS; bucket++) {
      const here = this.#at(WAITS + bucket)
      if (here === 0) continue
      upToMs.push(boundOf(bucket))
      counts.push(here)
      count += here
    }
    return { upToMs, counts, count, sumMs: this.#at(WAIT_SUM), maxMs: this.#at(WAIT_MAX) }
  }

  #at(index: number): number {
    return this.#numbers[index]!
  }

  #add(index: number, by: number): void {
    this.#numbers[index] = this.#at(index) + by
  }
}
