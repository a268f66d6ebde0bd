/** The last minute of arrivals, taken from the views of a lab, and the backlog that it needs. */

import { median } from '#common/quantile.ts'
import { duration, number, plural, rate } from '#common/quantities.ts'
import { adviceFrom, survivedWords } from '#planner/advice.ts'
import type { CountedInterval } from '#planner/counted-arrivals.ts'
import type { Counted } from './counted.ts'
import type { BacklogAdvice, QueueView } from './state.ts'
import type { LabView } from './view.ts'

const KEPT_MS = 60_000
/** A client sends its SYN again after a second at the earliest (RFC 6298), so until then each SYN is a new connection. */
const RETRY_MS = 1000
/** And its kernel is a little late: timers of a second stand on a coarse grid. */
const LATEST_RETRY_MS = 1200

/** A time without a reading, from which on nothing is known of when what came in it came. */
const GAP_MS = 1000
/** Where counters are read so seldom as a rule it is no gap. */
const GAP_OF_USUAL = 3

/** From one reading of the counters to the next. */
interface Interval {
  fromMs: number
  toMs: number
  opens: number
  overflows: number
  /** No SYN in it can have been sent again. */
  clear: boolean
}

/** From the first SYN that was dropped to the last one. */
interface Spill {
  fromMs: number
  toMs: number
}

/** Connections that came to other ports. */
interface Elsewhere {
  perMs: number
  /** Whether none came to the shared port. */
  all: boolean
}

/** What is needed of a view. */
export interface Watched extends Pick<LabView, 'monotonicMs' | 'counted' | 'steering' | 'port'> {
  shards: readonly Pick<QueueView, 'shard' | 'state' | 'limit'>[]
  sysctls: Partial<LabView['sysctls']> & Pick<LabView['sysctls'], 'somaxconn'>
}

export interface PlannedPort extends Pick<Watched, 'port' | 'shards'> {
  longestWaitMs: number
}

export class LastMinute {
  #intervals: Interval[] = []
  #waits: { atMs: number; longestMs: number }[] = []
  /** How many came to the shared port, by its backends' counts: since this was made, at each view. */
  #entered: { atMs: number; total: number }[] = []
  #read: { atMs: number; counted: Counted } | undefined
  #latest: Watched | undefined
  #spill: Spill | undefined

  /** Takes a view. Views between which the counters were not read count as one. */
  see(view: Watched): void {
    const { monotonicMs: atMs, counted } = view
    const before = this.#latest
    this.#latest = view
    this.#waits.push({ atMs, longestMs: counted.longestWaitMs })
    this.#entered.push({ atMs, total: (this.#entered.at(-1)?.total ?? 0) + enteredBetween(before?.counted, counted) })
    if (this.#read === undefined || counted.readings !== this.#read.counted.readings) {
      if (this.#read !== undefined) this.#add(this.#read, { atMs, counted })
      this.#read = { atMs, counted }
    }
    const fromMs = atMs - KEPT_MS
    this.#waits = this.#waits.filter((wait) => wait.atMs >= fromMs)
    this.#entered = this.#entered.filter((entry) => entry.atMs >= fromMs)
    this.#intervals = this.#intervals.filter((interval) => interval.fromMs >= fromMs)
  }

  #add(before: { atMs: number; counted: Counted }, now: { atMs: number; counted: Counted }): void {
    const opens = now.counted.opens - before.counted.opens
    const overflows = now.counted.overflows - before.counted.overflows
    const [fromMs, toMs] = [before.atMs, now.atMs]
    // Counters of another namespace: nothing before is of any use.
    if (opens < 0 || overflows < 0 || toMs <= fromMs) {
      this.#intervals = []
      this.#spill = undefined
      return
    }
    if (this.#spill !== undefined && fromMs >= lastRetryMs(this.#spill)) this.#spill = undefined
    if (overflows > 0) this.#spill = { fromMs: this.#spill?.fromMs ?? fromMs, toMs }
    const clear = this.#spill === undefined || toMs <= this.#spill.fromMs + RETRY_MS
    this.#intervals.push({ fromMs, toMs, opens, overflows, clear })
  }

  /**
   * The backlog that the last minute needs for a stall of this length; by default that of the longest accept wait seen.
   * `about` is one port of several that were counted together.
   */
  plan(stallMs?: number, about?: PlannedPort): BacklogAdvice {
    const longestWaitMs =
      about?.longestWaitMs ?? this.#waits.reduce((longest, wait) => Math.max(longest, wait.longestMs), 0)
    const view = this.#latest && { ...this.#latest, ...about }
    const nothing = { stallMs: stallMs ?? longestWaitMs, longestWaitMs, backlog: undefined, sockets: [], basis: [] }
    const listening = (view?.shards ?? []).filter(({ state }) => state === 'listening')
    if (view === undefined)
      return {
        ...nothing,
        words: [
          about === undefined ? 'The lab is starting: nothing has been counted yet.' : 'Nothing has been counted yet.',
        ],
      }
    if (listening.length === 0) return { ...nothing, words: ['No backend is listening: there is no backlog to plan.'] }
    const seen = {
      limits: listening.map(({ limit }) => limit),
      stallMs: nothing.stallMs,
      byChance: view.steering.by === 'hash' || view.steering.by === 'random',
      ...(view.sysctls.somaxconn < 0 ? {} : { somaxconn: view.sysctls.somaxconn }),
    }
    const elsewhere = this.#elsewhere(view)
    const gap = this.#gap()
    const clear = adviceFrom(this.#runs(elsewhere, true), seen)
    const advice = clear ?? adviceFrom(this.#runs(elsewhere, false), seen)
    // What came in a gap may have come at once: where that is more than the answer has room for, there is no answer.
    if (gap !== undefined && gap.opens + gap.overflows > (advice?.backlog ?? 0) + 1)
      return { ...nothing, words: [askAgain(gap)] }
    if (advice === undefined) return { ...nothing, words: [this.#whyNot(view, elsewhere, nothing.stallMs)] }
    return {
      stallMs: seen.stallMs,
      longestWaitMs,
      backlog: advice.backlog,
      words: advice.words,
      sockets: listening.map(({ shard }, index) => {
        const { limit, enough, survives } = advice.sockets[index]!
        return { shard, limit, enough, survives: survivedWords(survives) }
      }),
      basis: [
        `Based on ${plural(advice.arrivals, 'connection')} within ${duration(advice.watchedMs)}, counted by the kernel (PassiveOpens) and read by the exporter every ${duration(advice.intervalMs)}.`,
        ...(gap === undefined
          ? []
          : [`The counters were not read for ${duration(gap.toMs - gap.fromMs)}: that time is left out.`]),
        ...this.#spillWords(clear === undefined),
        ...(view.counted.otherPorts.length === 0
          ? []
          : [
              `The kernel counts port ${view.counted.otherPorts.join(', ')} together with ${view.port}. Judging by the accepts, ${rate(Number((elsewhere.perMs * 1000).toPrecision(2)))} went there; they are subtracted evenly.`,
            ]),
      ],
    }
  }

  /** Runs of intervals without a gap, with the arrivals at the shared port: only those without retries, or all. */
  #runs(elsewhere: Elsewhere, clearOnly: boolean): CountedInterval[][] {
    if (elsewhere.all) return []
    const runs: CountedInterval[][] = []
    let endMs = Number.NaN
    let due = 0
    const longestMs = this.#longestMs()
    for (const { fromMs, toMs, opens, overflows, clear } of this.#intervals) {
      due += (toMs - fromMs) * elsewhere.perMs
      const takenOff = Math.min(opens, Math.floor(due))
      due -= takenOff
      if ((clearOnly && !clear) || toMs - fromMs > longestMs) continue
      if (fromMs !== endMs) runs.push([])
      runs.at(-1)!.push({ fromMs, toMs, count: opens - takenOff + overflows })
      endMs = toMs
    }
    return runs
  }

  /** What the kernel counted together with the shared port: requests to the control APIs of a lab in containers. */
  #elsewhere({ counted }: Watched): Elsewhere {
    const opens = this.#intervals.reduce((sum, interval) => sum + interval.opens, 0)
    const overflows = this.#intervals.reduce((sum, interval) => sum + interval.overflows, 0)
    const spanMs = (this.#intervals.at(-1)?.toMs ?? 0) - (this.#intervals[0]?.fromMs ?? 0)
    if (counted.otherPorts.length === 0 || spanMs === 0) return { perMs: 0, all: false }
    const entered = (this.#entered.at(-1)?.total ?? 0) - (this.#entered[0]?.total ?? 0)
    return { perMs: Math.max(0, opens - entered) / spanMs, all: entered === 0 && overflows === 0 }
  }

  /** The longest time between two readings that is not a gap. */
  #longestMs(): number {
    const usual = median(this.#intervals.map(({ fromMs, toMs }) => toMs - fromMs))
    return Math.max(GAP_MS, GAP_OF_USUAL * usual)
  }

  /** The time without a reading in which the most came; undefined where there was none. */
  #gap(): Interval | undefined {
    const longestMs = this.#longestMs()
    return this.#intervals
      .filter(({ fromMs, toMs }) => toMs - fromMs > longestMs)
      .toSorted((a, b) => b.opens + b.overflows - a.opens - a.overflows)[0]
  }

  #spillWords(unclear: boolean): string[] {
    const overflows = this.#intervals.reduce((sum, interval) => sum + interval.overflows, 0)
    if (overflows === 0) return []
    const leftOutMs = this.#intervals.reduce((sum, { fromMs, toMs, clear }) => sum + (clear ? 0 : toMs - fromMs), 0)
    const dropped = `${number(overflows)} SYNs met a full queue and were dropped.`
    return unclear
      ? [`${dropped} Each counts, retransmits included: the answer is an upper bound.`]
      : [
          `${dropped} In the first second each is a new connection, and counts${leftOutMs > 0 ? `; the ${duration(leftOutMs)} after that, with their retransmits, are left out` : ''}.`,
        ]
  }

  #whyNot({ port }: Watched, elsewhere: Elsewhere, stallMs: number): string {
    const watchedMs = this.#intervals.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
    const nobody = elsewhere.all || this.#intervals.every(({ opens, overflows }) => opens + overflows === 0)
    return nobody && watchedMs > 0
      ? `Port ${port} had no new connections in the last ${duration(watchedMs)}: there is nothing to plan for.`
      : `Arrivals have been observed for only ${duration(watchedMs)}, which is too short for a stall of ${duration(stallMs)}.`
  }
}

const askAgain = ({ fromMs, toMs, opens, overflows }: Interval): string =>
  `The machine was busy: the kernel’s counters were not read for ${duration(toMs - fromMs)}, and ${plural(opens + overflows, 'connection')} came in that time, at once or spread out. Ask again in a minute.`

/** Until when clients may still retransmit what was dropped: each waits at most as long as it has been trying. */
const lastRetryMs = ({ fromMs, toMs }: Spill): number => toMs + Math.max(LATEST_RETRY_MS, toMs - fromMs)

/** Connections that came to the port meanwhile; the count of a process that was not there before starts anew. */
function enteredBetween(before: Counted | undefined, now: Counted): number {
  let gained = 0
  for (const [pid, count] of Object.entries(now.entered)) {
    const earlier = before?.entered[pid]
    if (earlier !== undefined) gained += count - earlier
  }
  return gained
}
