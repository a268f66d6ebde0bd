/**
 * Waiting for something that can only be polled. A time limit assumes an idle machine: here it grows with the delays of
 * this machine, so that neither a busy machine nor a laptop that slept makes a wait fail that would have succeeded.
 */
import fs from 'node:fs'
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { UsageError } from './errors.ts'

const WITHIN_MS = 30_000
const EVERY_MS = 20
/** How often patience looks at the machine. */
const TICK_MS = 50
/** However crowded it is, a second counts as a twentieth: some end there must be. */
const MOST_CROWDED = 20
/** Below these a person need not be told of the machine. */
const LATE_MS = 200
const CROWDED = 1.5
const MOST_SHOWN = 400

/** What waiting takes from the machine; a test gives its own. */
export interface WaitingClock {
  nowMs(): number
  /** Resolves after so long, or later; also when `signal` aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Threads that want to run, for each core. */
  crowd(): number
}

export interface WaitOptions {
  /** How long, on a machine that has time; `Infinity` waits until it is so. Default 30,000. */
  withinMs?: number
  /** How long between two looks. Default 20. */
  everyMs?: number
  /** Ends the waiting with the signal's reason. */
  signal?: AbortSignal | undefined
  /** Whether an error of reading ends the waiting; by default none does. */
  endsIt?(error: unknown): boolean
  /** What a person can do when it does not come. */
  remedy?: string
  clock?: WaitingClock
}

/** What was waited for did not happen. The message says what was waited for, how long, what was seen last, and how busy the machine was. */
export class WaitedInVain extends UsageError {
  /** Whether the machine was too busy for the limit to mean much. */
  machineIsBusy = false
}

/**
 * Reads again and again until a reading is `wanted`, and gives it. `wanted` says so, or throws while it is not so, as
 * assertions do; left out, anything but false, undefined and their like will do. Only for reading: what is asked for must
 * have no effect of its own.
 * Throws a WaitedInVain when patience is at its end.
 *
 * @param what a clause that follows "until": `backend 2 answers`
 */
export async function eventually<Value, Wanted extends Value>(
  what: string,
  read: (signal: AbortSignal) => Value | Promise<Value>,
  wanted: (value: Value) => value is Wanted,
  options?: WaitOptions,
): Promise<Wanted>
export async function eventually<Value>(
  what: string,
  read: (signal: AbortSignal) => Value | Promise<Value>,
  wanted?: ((value: Value) => boolean) | ((value: Value) => void),
  options?: WaitOptions,
): Promise<Value>
export async function eventually<Value>(
  what: string,
  read: (signal: AbortSignal) => Value | Promise<Value>,
  wanted: (value: Value) => unknown = Boolean,
  options: WaitOptions = {},
): Promise<Value> {
  const {
    withinMs = WITHIN_MS,
    everyMs = EVERY_MS,
    signal,
    endsIt = () => false,
    remedy,
    clock = machineClock,
  } = options
  using patience = new Patience(withinMs, clock)
  const over = signal === undefined ? patience.signal : AbortSignal.any([signal, patience.signal])
  let last: { seen: unknown } | undefined
  let complaint: unknown
  for (;;) {
    signal?.throwIfAborted()
    try {
      // What never answers does not hold the waiting up.
      const value = await orEnd(read(over), over)
      last = { seen: value }
      complaint = undefined
      if (wanted(value) !== false) return value
    } catch (error) {
      signal?.throwIfAborted()
      if (error !== patience.end) {
        if (endsIt(error)) throw error
        complaint = error
      }
    }
    if (patience.signal.aborted)
      throw Object.assign(
        new WaitedInVain(
          `Timed out waiting until ${what}, after ${patience.inWords}${lastWords(last, complaint)}`,
          patience.machineIsBusy ? 'This machine is busy: try again when it has less to do' : remedy,
        ),
        { cause: complaint, machineIsBusy: patience.machineIsBusy },
      )
    await clock.sleep(everyMs, over)
  }
}

/**
 * A limit in time that counts only what this machine gives: a timer that fires late counts as if it had been on time, and
 * while n threads want to run on each core a second counts as one nth.
 */
export class Patience implements Disposable {
  /** The reason with which `signal` aborts. */
  readonly end = new UsageError('The time limit has passed')
  readonly #clock: WaitingClock
  readonly #limitMs: number
  readonly #sinceMs: number
  readonly #ended = new AbortController()
  readonly #disposed = new AbortController()
  #countedMs = 0
  #latestMs = 0
  #crowd = 1

  constructor(limitMs: number, clock: WaitingClock = machineClock) {
    this.#limitMs = limitMs
    this.#clock = clock
    this.#sinceMs = clock.nowMs()
    if (Number.isFinite(limitMs)) void this.#count()
  }

  /** Aborts when the limit is reached. */
  get signal(): AbortSignal {
    return this.#ended.signal
  }

  /** Whether this machine was too busy for the limit to mean much. */
  get machineIsBusy(): boolean {
    return this.#latestMs >= LATE_MS || this.#crowd >= CROWDED
  }

  /** How long it has lasted by the clock, and what the machine was like: `45 s on a machine that runs timers 3 s late`. */
  get inWords(): string {
    const late = this.#latestMs >= LATE_MS ? [`runs timers up to ${seconds(this.#latestMs)} late`] : []
    const crowded = this.#crowd >= CROWDED ? [`has ${Math.round(this.#crowd)} busy threads per core`] : []
    const machine = [...late, ...crowded].join(' and ')
    return `${seconds(this.#clock.nowMs() - this.#sinceMs)}${machine === '' ? '' : ` on a machine that ${machine}`}`
  }

  async #count(): Promise<void> {
    let ticks = 0
    let crowds = 0
    while (this.#countedMs < this.#limitMs) {
      const tickMs = Math.min(TICK_MS, this.#limitMs - this.#countedMs)
      const beganMs = this.#clock.nowMs()
      await this.#clock.sleep(tickMs, this.#disposed.signal)
      if (this.#disposed.signal.aborted) return
      const passedMs = this.#clock.nowMs() - beganMs
      const crowd = Math.min(MOST_CROWDED, Math.max(1, this.#clock.crowd()))
      crowds += crowd
      this.#crowd = crowds / ++ticks
      this.#latestMs = Math.max(this.#latestMs, passedMs - tickMs)
      // A timer may be early by a fraction of a millisecond; a step of nothing would never end.
      this.#countedMs += Math.max(1, Math.min(passedMs, tickMs)) / crowd
    }
    this.#ended.abort(this.end)
  }

  [Symbol.dispose](): void {
    this.#disposed.abort()
  }
}

const seconds = (ms: number): string => `${ms < 9_950 ? Number((ms / 1000).toPrecision(2)) : Math.round(ms / 1000)} s`

/** What a value settles to; throws the signal's reason if that comes first. */
export async function orEnd<Value>(value: Value | Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (!(value instanceof Promise)) return value
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([value, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function lastWords(last: { seen: unknown } | undefined, complaint: unknown): string {
  const seen = last === undefined || last.seen === false ? '' : `; last seen: ${shown(last.seen)}`
  if (complaint === undefined) return last === undefined ? '; nothing was seen' : seen
  return `${seen}: ${complaint instanceof Error ? complaint.message : String(complaint)}`
}

function shown(value: unknown): string {
  const text = inspect(value, { depth: 4, breakLength: Infinity })
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text
}

/** The clock and the crowd of this machine. */
export const machineClock: WaitingClock = {
  nowMs: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}), // the caller that aborts it knows
  crowd: () => runnableThreads() / os.availableParallelism(),
}

/** Threads of this machine that run or would, this one included (proc_pid_loadavg(5), fourth field); 1 if that is not known. */
function runnableThreads(): number {
  try {
    return Number(/ (\d+)\//.exec(fs.readFileSync('/proc/loadavg', 'utf8'))?.[1] ?? 1)
  } catch {
    return 1 // not Linux, or hidden
  }
}
