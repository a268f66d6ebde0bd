/** What was kept of listening sockets over a time: readings one after another, by whoever kept them. What is not known is empty. */
import type { QueueEvidence } from '../host/evidence.ts'

/** A reading, in seconds since 1970. */
export interface Reading {
  atSeconds: number
  value: number
}

export type Readings = readonly Reading[]

/** Of a histogram of waits that were measured at accept(): how many were no longer than this, counted since the beginning. */
export interface WaitBucket {
  /** Infinity for all of them. */
  upToSeconds: number
  count: Readings
}

/** One listening socket. */
export interface ListenerRecording
  extends Pick<
    QueueEvidence,
    'netns' | 'own' | 'host' | 'address' | 'port' | 'path' | 'shard' | 'server' | 'who' | 'activated' | 'setBy'
  > {
  /** As it is now, or was last: N, and N + 1 fit. */
  limit: number
  /** Where it was set otherwise before, each limit from its first reading on. */
  limits: Readings
  length: Readings
  /** The highest length of the last half minute or so. */
  peak: Readings
  /** Counters: for how long it stood full, and sk_drops. */
  fullSeconds: Readings
  drops: Readings
  /** How many processes wait for connections at it. */
  acceptors: Readings
  /** What only BPF tells: how long the first in its own line has waited, how often it has become full, how long the accepted had waited. */
  oldestWaitSeconds?: Readings
  timesFull?: Readings
  waits?: readonly WaitBucket[]
}

/** The sockets of one address and port, with what is kept of the port and of its network namespace. */
export interface PortRecording {
  shards: readonly ListenerRecording[]
  /** For how long the first in line has waited, of all its sockets. */
  oldestWaitSeconds: Readings
  /** Clients that wait although they have hung up. */
  hungUp: Readings
  /** Of the whole namespace. */
  counters: {
    opens: Readings
    overflows: Readings
    listenDrops: Readings
    synQueueFull: Readings
  }
  /** Whether no other port of the namespace has had a client: then its counters are this port's. */
  alone: boolean
  somaxconn: number | undefined
}

/** What a counter gained between one reading and the next. One that fell began again at zero. */
export interface Gain {
  from: number
  to: number
  by: number
}

export function gains(readings: Readings): Gain[] {
  return readings.slice(1).map(({ atSeconds, value }, i) => {
    const before = readings[i]!
    return { from: before.atSeconds, to: atSeconds, by: value < before.value ? value : value - before.value }
  })
}

/** What a counter gained in a time, in intervals that lie in it at least in part; undefined where none does. */
export function gainedIn(readings: Readings, from: number, to: number): number | undefined {
  const within = gains(readings).filter((gain) => gain.to > from && gain.from < to)
  return within.length === 0 ? undefined : within.reduce((sum, { by }) => sum + by, 0)
}

export const within = (readings: Readings, from: number, to: number): Readings =>
  readings.filter(({ atSeconds }) => atSeconds >= from && atSeconds <= to)

/** The largest value; undefined where there is none. */
export const largest = (readings: Readings): number | undefined =>
  readings.length === 0 ? undefined : readings.reduce((most, { value }) => Math.max(most, value), -Infinity)

/** The limit that was in force at a moment. */
export function limitAt({ limit, limits }: Pick<ListenerRecording, 'limit' | 'limits'>, atSeconds: number): number {
  return limits.findLast((reading) => reading.atSeconds <= atSeconds)?.value ?? limits[0]?.value ?? limit
}
