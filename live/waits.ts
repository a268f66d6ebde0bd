/**
 * How long the one in front of each accept queue has waited: bounds, from what is read one after the other. A dump of the
 * connections gives the longest wait of a port, and is a while old; it names no listener. So a queue is watched as well:
 * since when it has not been empty, since when nothing has left it, and how many have left it since it held how many.
 */
import type { WaitBounds } from './reading.ts'

/** One queue, as it was sampled at `atMs`; what its process says of it is older, and may be missing. */
export interface Queue {
  cookie: string
  length: number
  process: { askedMs: number; accepts: number; length: number; processes: number } | undefined
  /** What BPF told of this queue alone, and when: how long the first had waited. */
  exact?: ExactWait | undefined
}

interface ExactWait {
  readMs: number
  oldestMs: number
}

/** The last dump of connections of the port. */
export interface Dump {
  beganMs: number
  /** The longest wait that it saw. */
  oldestMs: number
}

interface Watched {
  length: number
  atMs: number
  emptyMs: number | undefined
  /** When it was last seen to hold anybody. */
  takenMs: number | undefined
  /** Since when nobody has left it, while it holds anybody. */
  frontMs: number | undefined
  /** What its process has said, oldest first, and everybody who came before `youngerMs` has left. */
  told: NonNullable<Queue['process']>[]
  youngerMs: number | undefined
  exact: ExactWait | undefined
}

/** A dump and a sample of the same moment lie no further apart. */
const SAME_MOMENT_MS = 120
const MOST_TOLD = 12

export class Waits {
  #watched = new Map<string, Watched>()

  /** Takes the queues of one port as they were at `atMs`. */
  see(queues: readonly Queue[], atMs: number): void {
    this.#watched = new Map(queues.map((queue) => [queue.cookie, watch(this.#watched.get(queue.cookie), queue, atMs)]))
  }

  /** Since when nobody is known to have left the queue; undefined while it is empty. */
  stoodSince(cookie: string): number | undefined {
    return this.#watched.get(cookie)?.frontMs
  }

  /**
   * The bounds by cookie at `nowMs`. Without a dump the queues alone bound them: so it must be where clients have sent an
   * RST, since these are in the queue and in no dump.
   */
  bounds(dump: Dump | undefined, nowMs: number): Map<string, WaitBounds> {
    return new Map([...this.#watched].map(([cookie, one]) => [cookie, this.#bounds(cookie, one, dump, nowMs)]))
  }

  #bounds(cookie: string, one: Watched, dump: Dump | undefined, nowMs: number): WaitBounds {
    if (one.length === 0) return { leastMs: 0, mostMs: 0 }
    if (one.exact !== undefined) {
      const { oldestMs, readMs } = one.exact
      const mostMs = oldestMs + nowMs - readMs
      // Where a connection has left since, the first is a younger one: as it was read, it is as old as the reading.
      return { leastMs: one.frontMs !== undefined && one.frontMs <= readMs ? mostMs : oldestMs, mostMs }
    }
    const upper = [one.emptyMs, one.youngerMs].flatMap((sinceMs) => (sinceMs === undefined ? [] : [nowMs - sinceMs]))
    if (dump !== undefined) upper.push(dump.oldestMs + nowMs - dump.beganMs)
    const mostMs = upper.length === 0 ? undefined : Math.min(...upper)
    const alone =
      dump !== undefined &&
      one.frontMs !== undefined &&
      one.frontMs <= dump.beganMs &&
      [...this.#watched].every(
        ([other, { takenMs }]) => other === cookie || takenMs === undefined || takenMs < dump.beganMs - SAME_MOMENT_MS,
      )
    const stood = one.frontMs === undefined || one.told.length === 0 ? 0 : nowMs - one.frontMs
    const leastMs = alone ? Math.max(stood, dump.oldestMs + nowMs - dump.beganMs) : stood
    return { leastMs: mostMs === undefined ? leastMs : Math.min(leastMs, mostMs), mostMs }
  }
}

function watch(before: Watched | undefined, { length, process, exact }: Queue, atMs: number): Watched {
  const told = before?.told ?? []
  const last = told.at(-1)
  const restarted = last !== undefined && process !== undefined && process.accepts < last.accepts
  const news = process !== undefined && process.askedMs !== last?.askedMs ? [process] : []
  const all = (restarted ? news : [...told, ...news]).slice(-MOST_TOLD)
  const accepted = last !== undefined && news.some(({ accepts }) => accepts > last.accepts)
  const left = before === undefined || accepted || length < before.length
  return {
    length,
    atMs,
    emptyMs: length === 0 ? atMs : before?.emptyMs,
    takenMs: length > 0 ? atMs : before?.takenMs,
    frontMs: length === 0 ? undefined : left ? atMs : (before.frontMs ?? atMs),
    told: all,
    youngerMs: youngerThan(all) ?? before?.youngerMs,
    exact,
  }
}

/**
 * The latest moment of which it is known that everybody who waited then has left: first in, first out. An accept may have
 * been taken from the queue and not been counted yet, one for each process.
 */
function youngerThan(told: readonly NonNullable<Queue['process']>[]): number | undefined {
  const last = told.at(-1)
  if (last === undefined) return undefined
  return told.slice(0, -1).findLast(({ accepts, length, processes }) => last.accepts - accepts >= length + processes)
    ?.askedMs
}
