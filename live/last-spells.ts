/** What a display has seen of a port in the last minutes, kept as findings are made from it: the diagnosis of `plan --from`, live. */
import { duration, number } from '#common/quantities.ts'
import { type Diagnosis, diagnose } from '#findings/recording/diagnose.ts'
import type { ListenerRecording, PortRecording, Readings } from '#findings/recording/recorded.ts'
import type { BacklogAdvice, LabPicture } from './state.ts'

const KEPT_MS = 300_000
/** Counters are exact whenever they are read: more often than this only the first in line needs. */
const EVERY_MS = 1000

/** One socket of the port, at one moment. */
export interface QueueNow {
  shard: number
  length: number
  limit: number
  /** Since it listens: for how long it stood full, and sk_drops. */
  fullSeconds: number
  drops: number
  /** How many processes wait for connections; undefined where nobody looked. */
  acceptors: number | undefined
}

/** A port and its network namespace, at one moment. What was not read is undefined. */
export interface PortNow {
  queues: readonly QueueNow[]
  oldestWaitMs: number | undefined
  hungUp: number | undefined
  counters: Readonly<Record<'opens' | 'overflows' | 'listenDrops' | 'synQueueFull', number | undefined>>
}

/** Whose sockets they are: what a reading does not say. */
export type Whose = Omit<PortRecording, 'shards' | 'oldestWaitSeconds' | 'hungUp' | 'counters'> & {
  of(
    shard: number,
  ): Omit<ListenerRecording, 'shard' | 'limit' | 'limits' | 'length' | 'peak' | 'fullSeconds' | 'drops' | 'acceptors'>
}

interface Kept {
  timeMs: number
  now: PortNow
}

/** Keeps readings around those in which something happened; of a calm port two. */
export class LastSpells {
  #kept: Kept[] = []
  #latest: Kept | undefined

  /** `timeMs` by the wall clock; a reading that comes sooner than a second after the last one is only the latest one. */
  see(timeMs: number, now: PortNow): void {
    const before = this.#kept.at(-1)
    this.#latest = { timeMs, now }
    if (before === undefined || timeMs - before.timeMs >= EVERY_MS) this.#keep(this.#latest)
    else if (timeMs < before.timeMs) this.#kept = [this.#latest]
  }

  #keep(reading: Kept): void {
    const [before, last] = this.#kept.slice(-2)
    // Between two calm readings nothing is to be known.
    if (before !== undefined && last !== undefined && isCalm(before.now, last.now) && isCalm(last.now, reading.now))
      this.#kept.pop()
    this.#kept.push(reading)
    const fromMs = reading.timeMs - KEPT_MS
    while (this.#kept.length > 2 && this.#kept[1]!.timeMs < fromMs) this.#kept.shift()
  }

  /** What was wrong, worst first; nothing where all was well, or nothing is known. */
  found(whose: Whose): Diagnosis[] {
    const latest = this.#latest
    if (latest === undefined) return []
    const kept = this.#kept.at(-1)!.timeMs < latest.timeMs ? [...this.#kept, latest] : this.#kept
    const read = (pick: (now: PortNow) => number | undefined): Readings =>
      kept.flatMap(({ timeMs, now }) => {
        const value = pick(now)
        return value === undefined ? [] : [{ atSeconds: timeMs / 1000, value }]
      })
    const shards = latest.now.queues.map(({ shard, limit }): ListenerRecording => {
      const of = (pick: (queue: QueueNow) => number | undefined): Readings =>
        read(({ queues }) => {
          const queue = queues.find((one) => one.shard === shard)
          return queue === undefined ? undefined : pick(queue)
        })
      return {
        ...whose.of(shard),
        shard,
        limit,
        limits: of((queue) => queue.limit),
        length: of((queue) => queue.length),
        // Its window reaches back beyond the spell that is judged.
        peak: [],
        fullSeconds: of((queue) => queue.fullSeconds),
        drops: of((queue) => queue.drops),
        acceptors: of((queue) => queue.acceptors),
      }
    })
    return diagnose({
      shards,
      oldestWaitSeconds: read(({ oldestWaitMs }) => (oldestWaitMs === undefined ? undefined : oldestWaitMs / 1000)),
      hungUp: read(({ hungUp }) => hungUp),
      counters: {
        opens: read(({ counters }) => counters.opens),
        overflows: read(({ counters }) => counters.overflows),
        listenDrops: read(({ counters }) => counters.listenDrops),
        synQueueFull: read(({ counters }) => counters.synQueueFull),
      },
      alone: whose.alone,
      somaxconn: whose.somaxconn,
    })
  }
}

/** The sockets of a lab's port: its backends, or a server of somebody's. */
export const labSockets = ({
  address,
  port,
  server,
  sysctls,
}: Pick<LabPicture, 'address' | 'port' | 'server' | 'sysctls'>): Whose => ({
  of: (shard) => ({
    netns: '',
    own: false,
    address,
    port,
    server: undefined,
    who: server?.name ?? `backend ${shard}`,
    activated: false,
    setBy: { by: 'application' },
  }),
  alone: false,
  somaxconn: sysctls.somaxconn < 0 ? undefined : sysctls.somaxconn,
})

/** Nothing was dropped between two readings, nothing stood full, and nothing is near it. */
const isCalm = (before: PortNow, now: PortNow): boolean =>
  now.queues.length === before.queues.length &&
  now.queues.every((queue, i) => {
    const old = before.queues[i]!
    return (
      queue.shard === old.shard &&
      queue.limit === old.limit &&
      queue.drops === old.drops &&
      queue.fullSeconds === old.fullSeconds &&
      queue.length <= queue.limit
    )
  })

/** The advice beside what was seen: where no backlog was the cure, none is proposed as one. */
export function withSpells(advice: BacklogAdvice, found: readonly Diagnosis[]): BacklogAdvice {
  const seen = found.filter(({ times }) => times > 0)
  const against = seen.find(({ backlogCures, severity }) => backlogCures === false && severity !== 'note')
  const spells = seen.filter((one) => one !== against).map(inWords)
  if (against === undefined) return spells.length === 0 ? advice : { ...advice, spells }
  const { backlog, stallMs, words } = advice
  return {
    ...advice,
    cures: false,
    spells,
    mends: against.mends.map(({ line, where, after }) => ({ line, where, after })),
    words: [
      inWords(against),
      ...(backlog === undefined
        ? words
        : [
            `So that nobody is dropped in a stall of ${duration(stallMs)} at the busiest moment of the last minute, ${number(backlog + 1)} would have to find a place (a backlog of ${number(backlog)}): room to wait in, and no cure.`,
            ...words.slice(1),
          ]),
    ],
  }
}

const inWords = ({ words }: Diagnosis): string => `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}`
