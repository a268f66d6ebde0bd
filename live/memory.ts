/** What must be remembered from one look at a lab to the next: a snapshot alone tells less than a few of them in a row. */
import type { Told } from '#lab/told.ts'
import type { ListenerSample, NamespaceSample, PortSample, Snapshot } from '#services/exporter/snapshot.ts'
import { HungUp } from './hung-up.ts'
import { Peaks } from './peaks.ts'
import type { Ages, CountBounds, ReadKind, WaitBounds } from './reading.ts'
import { type Queue, Waits } from './waits.ts'

/** What is remembered of a port, at the last look; by the cookie of the listener. */
export interface Remembered {
  waits: ReadonlyMap<string, WaitBounds>
  /** Undefined while the connections are not known. */
  hungUp: ReadonlyMap<string, CountBounds> | undefined
  peaks: ReadonlyMap<string, number>
  ages: Ages
}

interface Look {
  snapshot: Snapshot
  backends: readonly (Told | undefined)[]
  askedMs: number
}

/** For how long the worst age is shown: readings that come once a second would else count up and down. */
const HELD_MS = 2000

/** The queues of one port, with the last dump of its connections, where there is one. */
interface PortLook {
  nowMs: number
  queues: (Queue & { limit: number; peak: number })[]
  port: PortSample | undefined
  ages: Ages
}

/** What is remembered of one port, wherever it is. */
export class PortMemory {
  readonly #waits = new Waits()
  readonly #hungUp = new HungUp()
  readonly #peaks = new Peaks()
  #ages: { atMs: number; ages: Ages }[] = []

  see({ nowMs, queues, port, ages }: PortLook): Remembered {
    const dump =
      port?.waiting === undefined || ages.connections === undefined
        ? undefined
        : {
            beganMs: nowMs - ages.connections,
            oldestMs: port.oldestWaitMs ?? 0,
            waiting: port.waiting,
            finished: port.waitingFinished ?? 0,
            reset: port.waitingReset,
          }
    this.#waits.see(queues, nowMs - (ages.listeners ?? 0))
    const places = new Map(
      queues.map(({ cookie, length }) => [cookie, { length, stoodSinceMs: this.#waits.stoodSince(cookie) }]),
    )
    const hungUp = this.#hungUp.see(places, dump)
    const allSeen = dump !== undefined && !this.#hungUp.missesSome(dump)
    return {
      waits: this.#waits.bounds(allSeen ? dump : undefined, nowMs),
      hungUp,
      peaks: this.#peaks.see(queues, nowMs),
      ages: this.#held(ages, nowMs),
    }
  }

  #held(ages: Ages, atMs: number): Ages {
    this.#ages = [...this.#ages.filter((old) => atMs - old.atMs < HELD_MS && old.atMs <= atMs), { atMs, ages }]
    const worst = (kind: ReadKind): number | undefined =>
      ages[kind] === undefined ? undefined : Math.max(...this.#ages.map((old) => old.ages[kind] ?? 0))
    return perKind(worst)
  }
}

/** What is remembered of the shared port of a lab, whose backends tell more. */
export class Memory {
  readonly #port = new PortMemory()

  see({ snapshot, backends, askedMs }: Look, portNumber: number): Remembered {
    const nowMs = snapshot.monotonicMs
    const namespace = snapshot.namespaces[0]
    const listeners = namespace?.listeners.filter(({ port }) => port === portNumber) ?? []
    const ages = agesNow(namespace, askedMs > 0 ? nowMs - askedMs : undefined)
    const queues = listeners.map(({ cookie, length, limit, peak, exact }) => {
      const status = backends.find((backend) => backend?.listener?.cookie === cookie)
      const told = status?.listener
      const process =
        status?.accepts === undefined || told === null || told === undefined
          ? undefined
          : { askedMs, accepts: status.accepts, length: told.length, processes: Math.max(1, status.processes.length) }
      return { cookie, length, limit, peak, process, exact: exactWait(exact, nowMs, ages) }
    })
    return this.#port.see({
      nowMs,
      queues,
      port: namespace?.ports.find((candidate) => candidate.port === portNumber),
      ages,
    })
  }
}

/** How long the first of a queue had waited when that was last read by BPF; undefined where it is not. */
export function exactWait(exact: ListenerSample['exact'], nowMs: number, { synQueue }: Ages): Queue['exact'] {
  if (exact === undefined || synQueue === undefined) return undefined
  return { readMs: nowMs - synQueue, oldestMs: exact.oldestWaitMs ?? 0 }
}

const perKind = (of: (kind: ReadKind) => number | undefined): Ages => ({
  listeners: of('listeners'),
  synQueue: of('synQueue'),
  connections: of('connections'),
  counters: of('counters'),
  backends: of('backends'),
})

/** What the exporter calls the kinds. */
const nameOf: Record<Exclude<ReadKind, 'backends'>, string> = {
  listeners: 'listeners',
  synQueue: 'syn_queue',
  connections: 'connections',
  counters: 'counters',
}

/** How old each kind is in a namespace; `backendsMs` is the age of what processes say of themselves. */
export function agesNow(namespace: NamespaceSample | undefined, backendsMs: number | undefined): Ages {
  return perKind((kind) => {
    if (kind === 'backends') return backendsMs === undefined ? undefined : Math.max(0, backendsMs)
    const seconds = namespace?.agesSeconds[nameOf[kind]]
    return seconds === undefined || seconds === null ? undefined : seconds * 1000
  })
}
