import type { NetworkNamespace } from '#kernel/netns.ts'
import type { Budgets } from './budgets.ts'
import type { BudgetedWork } from './cost-budget.ts'
import { DumpMeter } from './dump-meter.ts'
import type { WatchedEvents } from './exact-events.ts'
import type { ExactReadings } from './exact-readings.ts'
import type { Laps } from './laps.ts'
import { type DumpKind, dumpKinds, type NamespaceIdentity, perKind, type RawNamespace } from './message.ts'
import { NamespaceSampler } from './namespace-sampler.ts'
import type { SamplingPace } from './pace.ts'
import { type OwnSocket, Quiet } from './quiet.ts'
import type { SampleRecorder } from './sample-recorder.ts'
import type { SavedWork } from './saved-budget.ts'
import type { Selection } from './selection.ts'

/** Settings change seldom, and what is used of them slowly. */
const LIMITS_INTERVAL_MS = 1000

/** However many namespaces have nothing of a kind, they are looked at this often at least. */
const LONGEST_REST_MS = 2000

/** What is due by the schedule: counters are read for a snapshot, and listeners in each tick. */
const scheduledKinds: readonly DumpKind[] = dumpKinds.filter((kind) => kind !== 'listeners' && kind !== 'counters')

/** What all namespaces of one sampler share. */
export interface House {
  readonly pace: SamplingPace
  readonly selection: Selection | undefined
  readonly budgets: Budgets
  readonly exact: ExactReadings | undefined
  /** Whether peaks and time at the limit of accept queues are known without any sample. */
  seesAll(): boolean
  readonly own: OwnSocket
  /** Present while every sample is recorded. */
  readonly recorder: SampleRecorder | undefined
  readonly laps: Laps
  /** Milliseconds that never step. */
  clock(): number
  failed(kind: DumpKind, error: unknown, of: NamespaceSampler): void
}

/** One namespace: what is due in it, its readings, and what they cost. */
export class WatchedNamespace {
  readonly sampler: NamespaceSampler
  readonly meters: Record<DumpKind, DumpMeter>
  readonly #house: House
  readonly #quiet: Quiet
  readonly #quietWork: BudgetedWork
  readonly #listenersWork: SavedWork | undefined
  readonly #dueMs = perKind(() => Number.NEGATIVE_INFINITY)
  /** When the first of what is scheduled is due. */
  nextDueMs = Number.NEGATIVE_INFINITY

  constructor(identity: NamespaceIdentity, namespace: NetworkNamespace, house: House) {
    const { pace, budgets, selection, exact, own, seesAll } = house
    const meter = (kind: Exclude<DumpKind, 'listeners'>, intervalMs: number): DumpMeter =>
      new DumpMeter(kind, intervalMs, budgets[kind].work(intervalMs), pace.peakWindowMs)
    this.#house = house
    this.sampler = new NamespaceSampler(identity, namespace, pace, { selection, exact, own, seesAll })
    this.#quiet = new Quiet(house.clock())
    this.#quietWork = budgets.quietListeners.work(pace.quietIntervalMs)
    this.#listenersWork = budgets.listeners?.work(pace.sampleIntervalMs)
    this.meters = {
      listeners: new DumpMeter('listeners', pace.sampleIntervalMs, undefined, pace.peakWindowMs),
      counters: meter('counters', pace.streamIntervalMs),
      syn_queue: meter('syn_queue', pace.synIntervalMs),
      connections: meter('connections', pace.connectionsIntervalMs),
      outgoing: meter('outgoing', pace.outgoingIntervalMs),
      unix: meter('unix', pace.sampleIntervalMs),
      udp: meter('udp', pace.synIntervalMs),
      limits: meter('limits', LIMITS_INTERVAL_MS),
    }
  }

  /** Whether it is read less often: not if every sample is recorded, nor if it was asked for otherwise. */
  rests(nowMs: number): boolean {
    const { pace, recorder } = this.#house
    return recorder === undefined && pace.quietIntervalMs > pace.sampleIntervalMs && this.#quiet.isQuiet(nowMs)
  }

  /** Whether nothing of it is read in every tick. */
  sleeps(nowMs: number): boolean {
    return this.rests(nowMs) && this.tickMs(nowMs) >= this.#house.pace.quietIntervalMs
  }

  /** How long after this tick the next must be, for what is read in each. */
  tickMs(nowMs: number): number {
    const { sampleIntervalMs, quietIntervalMs } = this.#house.pace
    if (this.sampler.restFactor('unix', nowMs) === 1) return sampleIntervalMs
    return Math.max(sampleIntervalMs, this.#watchedIntervalMs, this.rests(nowMs) ? quietIntervalMs : 0)
  }

  /** How often lengths are read that nobody needs for a peak; 0 for as often as asked. */
  get #watchedIntervalMs(): number {
    const { pace, recorder, seesAll } = this.#house
    return recorder === undefined && seesAll() ? (pace.watchedIntervalMs ?? 0) : 0
  }

  /** Whether its listeners are to be read in this tick. */
  listenersAreDue(nowMs: number): boolean {
    return nowMs >= this.listenersDueMs(nowMs)
  }

  /** When its listeners are to be read next: what is not held back by a budget is at every tick. */
  listenersDueMs(nowMs: number): number {
    const { pace, recorder } = this.#house
    const work = this.rests(nowMs) ? this.#quietWork : recorder === undefined ? this.#listenersWork : undefined
    const intervalMs = Math.max(work?.intervalMs() ?? 0, this.#watchedIntervalMs)
    if (intervalMs === 0) return Number.NEGATIVE_INFINITY
    return this.meters.listeners.startMs + intervalMs - pace.sampleIntervalMs / 2
  }

  /** Whether its queues are known to be as they were read last: all empty. */
  standsStill(nowMs: number): boolean {
    if (this.#house.recorder !== undefined || this.#watchedIntervalMs > 0) return false
    if (!this.sampler.standsStill(nowMs)) return false
    this.meters.listeners.stands(nowMs)
    return true
  }

  /** Whether its counters are older than was asked for. */
  countersAreDue(nowMs: number): boolean {
    return nowMs >= this.#dueMs.counters
  }

  /** What is scheduled and due, the kind that stands after `last` first; undefined if nothing is. */
  dueAfter(last: DumpKind | undefined, nowMs: number): DumpKind | undefined {
    if (nowMs < this.nextDueMs) return undefined
    const begin = last === undefined ? 0 : scheduledKinds.indexOf(last) + 1
    for (let at = begin; at < scheduledKinds.length; at++)
      if (nowMs >= this.#dueMs[scheduledKinds[at]!]) return scheduledKinds[at]
    return undefined
  }

  /** Reads a kind now, and ends the lap; `every` also what is otherwise asked for rarely. */
  read(kind: DumpKind, every: boolean): void {
    const { laps, recorder } = this.#house
    const meter = this.meters[kind]
    const { nowMs: startMs, cpuMs: beganCpuMs } = laps
    const rested = this.rests(startMs)
    let succeeded = false
    try {
      this.#ask(kind, startMs, every, rested)
      succeeded = true
      recorder?.record(kind, this.sampler, startMs)
    } catch (error) {
      this.#house.failed(kind, error, this.sampler)
    }
    this.sampler.answered(kind, succeeded)
    laps.end()
    const cpuMs = laps.cpuMs - beganCpuMs
    meter.record(startMs, laps.nowMs - startMs, cpuMs, succeeded)
    if (kind === 'listeners') {
      const [work, other] = this.rests(startMs)
        ? [this.#quietWork, this.#listenersWork]
        : [this.#listenersWork, this.#quietWork]
      work?.observe(cpuMs)
      other?.release()
      // What was put off while nothing waited is due as otherwise from now on.
      if (rested && !this.rests(startMs)) for (const other of scheduledKinds) this.#schedule(other)
      return
    }
    // What is done a tenth as often needs a tenth of the share: namespaces in which nothing happens slow down no others.
    const { synIntervalMs } = this.#house.pace
    const rest =
      kind === 'syn_queue'
        ? this.#synIntervalMs(startMs, synIntervalMs) / synIntervalMs
        : this.sampler.restFactor(kind, startMs)
    meter.work?.observe(cpuMs / rest)
    this.#schedule(kind)
  }

  toRaw(nowMs: number, events: WatchedEvents | undefined): RawNamespace {
    return { ...this.sampler.toRaw(nowMs, events), costs: perKind((kind) => this.meters[kind].toCost(nowMs)) }
  }

  close(): void {
    this.#quietWork.release()
    this.#listenersWork?.release()
    for (const { work } of Object.values(this.meters)) work?.release()
    this.sampler.close()
  }

  #ask(kind: DumpKind, startMs: number, every: boolean, rests: boolean): void {
    const { sampler } = this
    switch (kind) {
      case 'listeners': {
        const drops = every || this.#house.recorder !== undefined
        const plenty = this.#listenersWork?.isPlenty ?? true
        this.#quiet.acceptQueues(startMs, sampler.sampleListeners(startMs, every, { drops, quiet: rests, plenty }))
        break
      }
      case 'syn_queue':
        this.#quiet.synQueues(startMs, sampler.sampleSynQueue(startMs))
        break
      case 'connections':
        sampler.sampleConnections(this.#house.clock)
        break
      case 'counters':
        sampler.sampleCounters()
        break
      case 'outgoing':
        sampler.sampleOutgoing(startMs)
        break
      case 'unix':
        sampler.sampleUnixListeners(startMs, this.meters.unix.work?.intervalMs() ?? 0)
        break
      case 'udp':
        sampler.sampleUdpSockets(startMs)
        break
      case 'limits':
        sampler.sampleLimits()
        break
    }
  }

  #schedule(kind: DumpKind): void {
    const meter = this.meters[kind]
    const { startMs } = meter
    const askedMs = meter.work?.intervalMs() ?? 0
    const stretchedMs = askedMs * this.sampler.restFactor(kind, startMs)
    const restMs = Math.max(this.sampler.restMs(kind, startMs), Math.min(stretchedMs, LONGEST_REST_MS))
    const longerMs = Math.max(askedMs, restMs)
    const intervalMs = kind === 'syn_queue' ? this.#synIntervalMs(startMs, longerMs) : longerMs
    // Half a sampling interval early is better than most of one late.
    this.#dueMs[kind] = startMs + intervalMs - this.#house.pace.sampleIntervalMs / 2
    let next = Number.POSITIVE_INFINITY
    for (const other of scheduledKinds) next = Math.min(next, this.#dueMs[other])
    this.nextDueMs = next
  }

  #synIntervalMs(nowMs: number, intervalMs: number): number {
    return this.rests(nowMs) ? this.#quiet.synIntervalMs(nowMs, intervalMs) : intervalMs
  }
}
