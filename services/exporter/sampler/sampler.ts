import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { duration, percent } from '#common/quantities.ts'
import { KernelError } from '#kernel/errors.ts'
import type { NetworkNamespace } from '#kernel/netns.ts'
import type { DumpHealth, Snapshot } from '../snapshot.ts'
import type { WaitingAnswer } from '../waiting.ts'
import { budgetsFor } from './budgets.ts'
import { type BudgetedWork, CostBudget } from './cost-budget.ts'
import type { Exact } from './exact.ts'
import type { ExactReadings } from './exact-readings.ts'
import { Laps } from './laps.ts'
import type { ListenerState } from './listener-state.ts'
import {
  type Departed,
  type Discovery,
  type DumpCost,
  type DumpKind,
  dumpKinds,
  type NamespaceIdentity,
  noneDeparted,
  type RawSamples,
  type RawSnapshot,
  type SampleErrors,
  type SamplerOrders,
} from './message.ts'
import type { NamespaceSampler } from './namespace-sampler.ts'
import { NamespaceSet } from './namespace-set.ts'
import type { Pacer } from './pacer.ts'
import { SampleRecorder } from './sample-recorder.ts'
import { type House, WatchedNamespace } from './watched-namespace.ts'

type Orders = Pick<
  SamplerOrders,
  'pace' | 'namespaces' | 'proc' | 'again' | 'firstSequence' | 'discoveries' | 'selection' | 'exact'
>

/** Ticks in a row. */
const MOST_LEFT_OUT = 4

/** How often it is asked what has happened between the samples, if a tenth of --cpu-budget is enough for that. */
const EVENTS_EVERY_MS = 100
const EVENTS_PART = 0.1
const EVENTS_CEILING_MS = 1000
/** Whoever waits for the first reading has it by then. */
const LATER_MS = 1500

/** How many snapshots in a row must find the listeners too expensive before a warning is logged. */
const DEAR_SNAPSHOTS = 50

/** Samples every namespace. Runs in a thread that may block; knows nothing about that thread. */
export class Sampler {
  readonly #orders: Orders
  readonly #house: House & {
    recorder: SampleRecorder | undefined
    exact: ExactReadings | undefined
    own: { inode: number }
  }
  readonly #log: (line: string) => void
  readonly #exact: Exact | undefined
  readonly #eventsWork: BudgetedWork
  #eventsDueMs: number
  readonly #namespaces: NamespaceSet
  readonly #watched = new Map<number, WatchedNamespace>()
  /** In the order in which they are next looked at for what is due, which nothing is before `#nextDueMs`. */
  #round: WatchedNamespace[] = []
  /** Those that are read at every tick; the others are looked at when the first of them is due, and not in between. */
  #awake: WatchedNamespace[] = []
  #othersDueMs = Number.NEGATIVE_INFINITY
  /** How long after a tick the next must be for the others. */
  #othersTickMs = Number.POSITIVE_INFINITY
  #lastRead: DumpKind | undefined
  #nextDueMs = Number.NEGATIVE_INFINITY
  readonly #errors = new Map<string, SampleErrors>()
  readonly #departed = noneDeparted()
  readonly #said = new Set<DumpKind>()
  readonly #startedMs = Date.now()
  #lookCpuMs = 0
  #sequence: number
  #samples = 0
  /** Ticks since the last that was not. */
  #leftOut = 0
  #failed = 0
  #changes = 0
  #dearFor = 0
  /** When it was last looked at what the listeners cost: by the clock, and in CPU time. */
  #lastLook: { nowMs: number; listenersMs: number } | undefined

  /**
   * `clock` gives milliseconds that never step, `cpuClock` those that this thread has spent on a CPU. `exact` is what has become of the
   * wish for exact numbers; who has none need not load what that takes.
   */
  constructor(orders: Orders, clock: () => number, cpuClock: () => number, log: (line: string) => void, exact?: Exact) {
    const { pace, selection } = orders
    this.#orders = orders
    this.#log = log
    this.#sequence = orders.firstSequence
    this.#exact = exact
    this.#eventsDueMs = orders.exact === 'later' ? clock() + LATER_MS : Number.NEGATIVE_INFINITY
    this.#eventsWork = new CostBudget(pace.cpuShare * EVENTS_PART, EVENTS_CEILING_MS).work(EVENTS_EVERY_MS)
    this.#house = {
      ...{
        pace,
        selection,
        clock,
        laps: new Laps(clock, cpuClock),
        budgets: budgetsFor(pace, clock),
        recorder: undefined,
      },
      exact: this.#exact?.readings,
      seesAll: () => this.#exact?.events?.seesAll === true,
      own: { inode: 0 },
      failed: (kind, error, of) => {
        this.#countError(kind, codeOf(error))
        this.#sayOnce(of, kind, error)
      },
    }
    const user = {
      open: (identity: NamespaceIdentity, namespace: NetworkNamespace) => this.#watch(identity, namespace),
      close: (identity: NamespaceIdentity) => this.#unwatch(identity.inode),
      failed: (code: string) => this.#countError('namespace', code),
      log,
    }
    this.#namespaces = new NamespaceSet(orders.namespaces, orders.proc, user, () => latestOf(orders.discoveries))
  }

  /** Opens the namespaces, and reads each once. Throws a UsageError or KernelError if that cannot work. */
  start(): NamespaceIdentity[] {
    if (this.#orders.again) this.#namespaces.refresh(this.#house.clock())
    else this.#namespaces.start(this.#house.clock())
    // A reading that fails is counted and goes on; here it is to be thrown.
    if (this.#failed > 0)
      for (const { sampler } of this.#watched.values()) sampler.sampleListeners(this.#house.clock(), true)
    return this.#namespaces.identities
  }

  /**
   * Whether this tick may be left out: every queue is known to be empty still. Most ticks of a host at rest are such, and a
   * look costs half of a tick: what else a tick does waits for the next few at most.
   */
  standsStill(nowMs: number): boolean {
    if (++this.#leftOut > MOST_LEFT_OUT) return false
    for (const watched of this.#watched.values()) if (!watched.standsStill(nowMs)) return false
    return true
  }

  /**
   * One tick, which begins now: the listeners of every namespace, then what else is due as far as half an interval allows.
   * Gives the time until the next: longer than asked for while every namespace is quiet, or costs more than it may.
   */
  tick(nowMs: number): number {
    const { laps } = this.#house
    this.#namespaces.refresh(nowMs)
    this.#leftOut = 0
    this.#samples++
    laps.begin(nowMs)
    for (const watched of nowMs >= this.#othersDueMs ? this.#watched.values() : this.#awake)
      if (watched.listenersAreDue(nowMs)) {
        const rested = watched.rests(nowMs)
        watched.read('listeners', false)
        if (rested && !watched.rests(nowMs)) this.#nextDueMs = nowMs
      }
    if (nowMs >= this.#nextDueMs) this.#readDue(nowMs)
    if (nowMs >= this.#eventsDueMs) this.#readEvents()
    if (nowMs >= this.#othersDueMs) this.#findAwake(nowMs)
    const { sampleIntervalMs, quietIntervalMs } = this.#orders.pace
    let waitMs = this.#othersTickMs
    for (const watched of this.#awake) waitMs = Math.min(waitMs, watched.tickMs(nowMs))
    if (waitMs === Number.POSITIVE_INFINITY) waitMs = Math.max(sampleIntervalMs, quietIntervalMs)
    if (this.#house.budgets.listeners === undefined) return waitMs
    // Waking up costs about as much as reading: where less is read, it wakes less often.
    let dueMs = this.#nextDueMs
    for (const watched of this.#watched.values()) dueMs = Math.min(dueMs, watched.listenersDueMs(nowMs))
    return Math.max(waitMs, dueMs - nowMs)
  }

  /** While one namespace is busy, hundreds of others are not to be looked at a hundred times a second. */
  #findAwake(nowMs: number): void {
    this.#awake = []
    this.#othersDueMs = this.#othersTickMs = Number.POSITIVE_INFINITY
    for (const watched of this.#watched.values()) {
      if (!watched.sleeps(nowMs)) this.#awake.push(watched)
      else {
        this.#othersDueMs = Math.min(this.#othersDueMs, watched.listenersDueMs(nowMs))
        this.#othersTickMs = Math.min(this.#othersTickMs, watched.tickMs(nowMs))
      }
    }
    // One that is awake may fall asleep.
    this.#othersDueMs = Math.min(this.#othersDueMs, nowMs + this.#orders.pace.quietIntervalMs)
  }

  /** Each time continues where the last one stopped and does at least one thing, so nothing starves. */
  #readDue(nowMs: number): void {
    const { laps } = this.#house
    // In CPU time: if the scheduler makes this thread wait, doing less would not help.
    const untilCpuMs = laps.cpuMs + this.#orders.pace.sampleIntervalMs / 2
    for (let looked = 0; looked < this.#round.length; ) {
      const watched = this.#round[0]!
      const due = watched.dueAfter(this.#lastRead, nowMs)
      this.#lastRead = due
      if (due === undefined) {
        this.#round.push(this.#round.shift()!)
        looked++
        continue
      }
      // Clients of a UNIX listener wake a namespace, as those in an accept queue do.
      const slept = due === 'unix' && watched.sleeps(nowMs)
      watched.read(due, false)
      if (slept && !watched.sleeps(nowMs)) this.#othersDueMs = Number.NEGATIVE_INFINITY
      if (laps.cpuMs >= untilCpuMs) return
    }
    let nextDueMs = Number.POSITIVE_INFINITY
    for (const watched of this.#round) nextDueMs = Math.min(nextDueMs, watched.nextDueMs)
    this.#nextDueMs = nextDueMs
  }

  /** Grows whenever a listener, or a namespace, has come or gone. */
  get changes(): number {
    let changes = this.#changes
    for (const { sampler } of this.#watched.values()) changes += sampler.changes
    return changes
  }

  /** Reads the counters that are older than asked for: cheap, and nobody sees them but in a snapshot. */
  readCounters(): void {
    const { laps } = this.#house
    this.#beginAnew()
    const { nowMs } = laps
    for (const watched of this.#watched.values()) if (watched.countersAreDue(nowMs)) watched.read('counters', false)
  }

  /** What has happened between the samples, after them: what they show has happened by then. */
  #readEvents(): void {
    const { clock, laps, pace } = this.#house
    if (this.#exact?.isToWatch === true) {
      this.#exact.watch(clock())
      laps.end()
    }
    const events = this.#exact?.events
    if (events === undefined) {
      this.#eventsDueMs = Number.POSITIVE_INFINITY
      return
    }
    laps.end()
    const [beganMs, beganCpuMs] = [clock(), laps.cpuMs]
    events.read(
      beganMs,
      Array.from(this.#watched.values(), ({ sampler }) => sampler),
      this.changes,
    )
    laps.end()
    this.#eventsWork.observe(laps.cpuMs - beganCpuMs)
    this.#eventsDueMs = beganMs + this.#eventsWork.intervalMs() - pace.sampleIntervalMs / 2
  }

  /**
   * Has listeners read by BPF too from now on, whatever was ordered, and gives how long the first in each line has waited now, in
   * milliseconds, by the cookie of the listener.
   */
  readExactly(readings: ExactReadings): Map<string, number> {
    this.#house.exact = readings
    const waits = new Map<string, number>()
    for (const { sampler } of this.#watched.values()) {
      sampler.readExactly(readings)
      for (const { cookie, exact } of sampler.listeners())
        if (exact?.oldestWaitMs != null) waits.set(cookie, exact.oldestWaitMs)
    }
    return waits
  }

  /** Reads everything now, due or not. */
  readEverything(): void {
    const { laps } = this.#house
    this.#samples++
    this.#beginAnew()
    const beganCpuMs = laps.cpuMs
    for (const watched of this.#watched.values()) readAll(watched)
    this.#readEvents()
    this.#nextDueMs = this.#othersDueMs = Number.NEGATIVE_INFINITY
    this.#lookCpuMs += laps.cpuMs - beganCpuMs
  }

  /**
   * Who waits at the listener of this cookie, read now; undefined if no dump has shown such a listener. Where nobody was found to
   * wait the kernel is not asked again.
   */
  waiting(cookie: string): WaitingAnswer | undefined {
    const [cookieHigh, cookieLow] = [Number(BigInt(cookie) >> 32n), Number(BigInt(cookie) & 0xffff_ffffn)]
    for (const { sampler } of this.#watched.values()) {
      const listener = sampler.findListener(cookieHigh, cookieLow)
      if (listener !== undefined) return this.#waitingAt(sampler, listener, { cookieHigh, cookieLow })
    }
    return undefined
  }

  #waitingAt(
    sampler: NamespaceSampler,
    { length, limit }: ListenerState,
    cookie: { cookieHigh: number; cookieLow: number },
  ): WaitingAnswer {
    const reader = this.#exact?.waiting
    if (reader === undefined || reader.why !== undefined) return { why: this.#whyNotInOrder }
    const { laps, clock } = this.#house
    this.#beginAnew()
    const [monotonicMs, beganCpuMs] = [clock(), laps.cpuMs]
    const line = length === 0 ? undefined : reader.read(sampler, cookie)
    laps.end()
    this.#lookCpuMs += laps.cpuMs - beganCpuMs
    if (reader.why !== undefined) return { why: this.#whyNotInOrder }
    return { monotonicMs, ...(line ?? { length: 0, limit, first: [] }) }
  }

  get #whyNotInOrder(): string {
    const sampled = 'who waits in which order is not known'
    if (this.#exact === undefined) return `Sampled, without --exact: ${sampled}`
    if (this.#exact.isToWatch) return `Not read yet: ${sampled}`
    return `Sampled: ${sampled}. ${this.#exact.whys.waiting ?? ''}`.trimEnd()
  }

  #beginAnew(): void {
    this.#house.laps.rest()
    this.#house.laps.begin(this.#house.clock())
  }

  /** What is known now, as plain data. */
  snapshot(thread: { cpuSeconds: number; late: Pacer['late']; answers: number }): RawSnapshot {
    const nowMs = this.#house.clock()
    this.#house.laps.rest()
    const namespaces = [...this.#watched.values()].map((watched) => watched.toRaw(nowMs, this.#exact?.events?.watched))
    this.#warnIfDear(namespaces.length, nowMs)
    return {
      sequence: this.#sequence++,
      timeMs: Date.now(),
      monotonicMs: nowMs,
      namespaces,
      sampler: {
        intervalSeconds: this.#orders.pace.sampleIntervalMs / 1000,
        samples: this.#samples,
        late: thread.late,
        failed: this.#failed,
        cpuSeconds: thread.cpuSeconds,
        dumps: dumpHealth(
          namespaces.map(({ costs }) => costs),
          this.#departed,
        ),
        ...(this.#exact !== undefined && exactState(this.#exact)),
      },
      errors: [...this.#errors.values()].map((error) => ({ ...error })),
      departed: { ...this.#departed },
      answers: thread.answers,
      startedMs: this.#startedMs,
      lookCpuSeconds: this.#lookCpuMs / 1000,
    }
  }

  /** Whether every sample is recorded; from then on `takeSamples` gives them. */
  set recording(on: boolean) {
    if (on === (this.#house.recorder !== undefined)) return
    this.#house.recorder = on ? new SampleRecorder() : undefined
    this.#othersDueMs = Number.NEGATIVE_INFINITY
    if (on) this.readEverything()
  }

  /** The socket at which the exporter itself listens: see `OwnSocket`. */
  set ownInode(inode: number) {
    this.#house.own.inode = inode
  }

  /** All samples since the last call, if they are recorded. */
  takeSamples(): RawSamples[] {
    return this.#house.recorder?.take() ?? []
  }

  close(): void {
    for (const inode of [...this.#watched.keys()]) this.#unwatch(inode)
    this.#exact?.close()
  }

  #watch(identity: NamespaceIdentity, namespace: NetworkNamespace): void {
    const watched = new WatchedNamespace(identity, namespace, this.#house)
    this.#watched.set(identity.inode, watched)
    this.#round.push(watched)
    this.#changes++
    // Read everything at once, so that no snapshot shows a namespace that is only half read.
    this.#beginAnew()
    readAll(watched)
    this.#nextDueMs = this.#othersDueMs = Number.NEGATIVE_INFINITY
  }

  #unwatch(inode: number): void {
    const watched = this.#watched.get(inode)
    if (watched === undefined) return
    this.#watched.delete(inode)
    this.#awake = this.#awake.filter((other) => other !== watched)
    this.#othersDueMs = Number.NEGATIVE_INFINITY
    if (this.#round[0] === watched) this.#lastRead = undefined
    this.#round = this.#round.filter((other) => other !== watched)
    this.#changes += watched.sampler.changes + 1
    const nowMs = this.#house.clock()
    for (const meter of Object.values(watched.meters)) {
      const { count, sumSeconds, cpuSeconds } = meter.toCost(nowMs)
      const known = this.#departed[meter.kind]
      this.#departed[meter.kind] = {
        count: known.count + count,
        sumSeconds: known.sumSeconds + sumSeconds,
        cpuSeconds: known.cpuSeconds + cpuSeconds,
      }
    }
    watched.close()
  }

  /** Says why a kind that can be missing from a kernel is not read. */
  #sayOnce({ identity }: NamespaceSampler, kind: DumpKind, error: unknown): void {
    const what = { unix: 'UNIX listeners', udp: 'UDP sockets', limits: 'Settings and sockstat' }
    if (!(kind === 'unix' || kind === 'udp' || kind === 'limits') || this.#said.has(kind)) return
    this.#said.add(kind)
    const why = error instanceof Error ? error.message : String(error)
    this.#log(`${what[kind]} of network namespace ${identity.netns} are not read: ${why}`)
  }

  #countError(kind: SampleErrors['kind'], code: string): void {
    this.#failed++
    const key = `${kind} ${code}`
    const known = this.#errors.get(key)
    if (known !== undefined) known.count++
    else this.#errors.set(key, { kind, code, count: 1 })
  }

  /** Listeners are read as often as asked; on a host with very many namespaces that alone can cost too much. */
  #warnIfDear(namespaces: number, nowMs: number): void {
    const { sampleIntervalMs, cpuShare } = this.#orders.pace
    let listenersMs = 0
    for (const { meters } of this.#watched.values()) listenersMs += meters.listeners.cpuSumMs
    const last = this.#lastLook
    this.#lastLook = { nowMs, listenersMs }
    if (last === undefined || nowMs <= last.nowMs) return
    const share = (listenersMs - last.listenersMs) / (nowMs - last.nowMs)
    if (!(share > Math.max(cpuShare, 0.1))) {
      this.#dearFor = 0
      return
    }
    if (++this.#dearFor !== DEAR_SNAPSHOTS) return
    this.#log(
      `Reading the listeners of ${namespaces} namespaces every ${duration(sampleIntervalMs)} takes ${percent(share)} of a ` +
        'core in CPU time, and --cpu-budget does not limit it: raise --sample-interval',
    )
  }
}

function exactState({ whys, events }: Exact): Pick<Snapshot['sampler'], 'exact' | 'exactFeatures' | 'eventsMissed'> {
  return {
    ...(whys.shards !== undefined && { exact: whys.shards }),
    exactFeatures: whys,
    ...(events !== undefined && { eventsMissed: events.missed }),
  }
}

/** The last of the messages that have come; the thread never gets to hear of them otherwise. */
function latestOf(port: MessagePort): Discovery | undefined {
  let latest: Discovery | undefined
  for (;;) {
    const received: { message: Discovery } | undefined = receiveMessageOnPort(port)
    if (received === undefined) return latest
    latest = received.message
  }
}

/** Reads every kind of a namespace. */
function readAll(watched: WatchedNamespace): void {
  for (const kind of dumpKinds) watched.read(kind, true)
}

/** Over all namespaces: dumps add up, and so do their durations; the interval is the longest. */
function dumpHealth(
  costs: readonly Record<DumpKind, DumpCost>[],
  departed: Record<DumpKind, Departed>,
): Snapshot['sampler']['dumps'] {
  const health = (kind: DumpKind): DumpHealth => {
    const ofKind = costs.map((cost) => cost[kind])
    return {
      lastSeconds: ofKind.reduce((sum, cost) => sum + cost.lastSeconds, 0),
      intervalSeconds: ofKind.reduce((longest, cost) => Math.max(longest, cost.intervalSeconds), 0),
      count: ofKind.reduce((sum, cost) => sum + cost.count, departed[kind].count),
    }
  }
  return {
    listeners: health('listeners'),
    synQueue: health('syn_queue'),
    connections: health('connections'),
    counters: health('counters'),
    outgoing: health('outgoing'),
    unix: health('unix'),
    udp: health('udp'),
    limits: health('limits'),
  }
}

function codeOf(error: unknown): string {
  if (error instanceof KernelError) return error.code
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  throw error // a fault of our own is not a sampling error: the thread ends and says why
}
