/**
 * When the kernel's timers fire, and how long TCP sets them. The timer wheel is the coarser the longer a timer runs
 * (kernel/time/timer.c, calc_index): at 250 Hz a timer of one second fires on a grid of 32 ms. So SYNs that were dropped
 * over some time come back in bunches, seen in a network namespace on 6.18: 60 SYNs 4 ms apart came back as 9 bunches.
 */

const LEVELS = 9

/** The moments at which timers can fire: a tick, and how far the kernel's clock is from ours. */
export class TimerWheel {
  readonly #tickMs: number
  readonly #phaseTicks: number

  /** `phase`, from 0 to 1, is where in its coarsest grid (some 2 s) the kernel's clock stands at our zero. */
  constructor(hz: number, phase: number) {
    this.#tickMs = 1000 / hz
    this.#phaseTicks = Math.floor(phase * 512) + phase
  }

  /** When a timer fires that is set at `nowMs` for `delayMs`: never early, late by up to one step of its grid. */
  firesAt(nowMs: number, delayMs: number): number {
    const now = Math.floor(nowMs / this.#tickMs + this.#phaseTicks)
    const delay = Math.ceil(delayMs / this.#tickMs)
    let level = 0
    while (level < LEVELS - 1 && delay >= 63 * 8 ** level) level++
    const step = 8 ** level
    const ticks = Math.floor((now + delay + step) / step) * step
    return (ticks - this.#phaseTicks) * this.#tickMs
  }
}

/** More grids than this lie so close together that nothing can tell. */
export const MOST_HOSTS = 256

/** Between the same tick of two CPUs: longer than a batch of handshakes takes, and far below a tick. */
const CPU_SKEW_MS = 0.05

/** The timers of the clients: one grid for each of their machines, one batch for each CPU. */
export class ClientTimers {
  readonly #wheels: TimerWheel[]
  readonly #cpus: number

  constructor(hz: number, { hosts, cpusPerHost }: { hosts: number; cpusPerHost: number }, random: () => number) {
    this.#wheels = Array.from({ length: Math.min(hosts, MOST_HOSTS) }, () => new TimerWheel(hz, random()))
    this.#cpus = cpusPerHost
  }

  /** When a timer fires that a client sets. `hash` tells on which machine and CPU it is. */
  firesAt(hash: number, nowMs: number, delayMs: number): number {
    const place = Math.imul(hash, 0x85ebca6b) >>> 0
    const cpu = place % this.#cpus
    return (
      this.#wheels[Math.floor(place / this.#cpus) % this.#wheels.length]!.firesAt(nowMs, delayMs) + cpu * CPU_SKEW_MS
    )
  }
}

/** How long a client waits before it sends its SYN for the n-th time again, n from 1; undefined where it gives up. */
export function synTimeoutMs(retry: number, synRetries: number, linearTimeouts: number): number | undefined {
  if (retry > synRetries + linearTimeouts) return undefined
  return 1000 * 2 ** Math.max(0, retry - 1 - linearTimeouts)
}

/** How long a server waits before the n-th look at a half-open request, n from 0: docs/kernel-facts.md#syn-ack-timer. */
export const synAckTimeoutMs = (timeouts: number): number => Math.min(1000 * 2 ** timeouts, 120_000)

/** The shortest retransmission timeout of Linux, and so the one of a short path. */
const RTO_MIN_MS = 200

/**
 * How long a client waits before it sends an unanswered request for the n-th time again, n from 1: once as a tail loss
 * probe, then with a timeout that doubles. Seen on 6.18: 0.21, 0.42, 0.85, 1.68, 3.35, 6.83 s.
 */
export const requestTimeoutMs = (retry: number, rttMs: number): number =>
  (RTO_MIN_MS + rttMs) * 2 ** Math.max(0, retry - 2)

/**
 * How often a half-open request may be answered again before it is dropped. While the SYN queue is more than half full
 * old requests give way, but only as far as few of them are young (reqsk_timer_handler, docs/kernel-facts.md#syn-queue-pruning).
 */
export function synAckRetries(retries: number, length: number, young: number, limit: number): number {
  if (2 * length <= Math.max(8, limit)) return retries
  let left = retries
  for (let threshold = 2 * young; left > 2 && length >= threshold; threshold *= 2) left--
  return left
}
