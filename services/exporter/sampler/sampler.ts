import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { duration, percent } from '#common/quantities.ts'
import { KernelError } from '#kernel/errors.ts'
import type { NetworkNamespace } from '#kernel/netns.ts'
import type { DumpHealth, Snapshot } from '../snapshot.ts'
import { type BudgetedWork, CostBudget } from './cost-budget.ts'
import { DumpMeter } from './dump-meter.ts'
import {
  type Discovery,
  type DumpCost,
  type DumpKind,
  type NamespaceIdentity,
  perKind,
  type RawNamespace,
  type RawSamples,
  type RawSnapshot,
  type SampleErrors,
  type SamplerOrders,
} from './message.ts'
import { NamespaceSampler } from './namespace-sampler.ts'
import { NamespaceSet } from './namespace-set.ts'
import type { Pacer } from './pacer.ts'
import { Quiet } from './quiet.ts'
import { SampleRecorder } from './sample-recorder.ts'

type Orders = Pick<
  SamplerOrders,
  'pace' | 'namespaces' | 'proc' | 'again' | 'firstSequence' | 'discoveries' | 'selection'
>

/** One namespace, what is due in it, and what that costs. */
interface Watched {
  sampler: NamespaceSampler
  meters: Record<DumpKind, DumpMeter>
  quiet: Quiet
  /** Of the listeners, while it is quiet. */
  quietWork: BudgetedWork
}

/** Listeners of quiet namespaces take no more than this share of a core, but are read once a second at least. */
const QUIET_SHARE = 0.02
const QUIET_CEILING_MS = 1000

/** Settings change seldom, and what is used of them slowly. */
const LIMITS_INTERVAL_MS = 1000

/** However many namespaces have nothing of a kind, they are looked at this often at least. */
const LONGEST_REST_MS = 1000

/** How many snapshots in a row must find the listeners too expensive before a warning is logged. */
const DEAR_SNAPSHOTS = 50

/** Samples every namespace. Runs in a thread that may block; knows nothing about that thread. */
export class Sampler {
  readonly #orders: Orders
  readonly #clock: () => number
  readonly #cpuClock: () => number
  readonly #log: (line: string) => void
  readonly #budgets: Record<Exclude<DumpKind, 'listeners'>, CostBudget>
  /** For the listeners of all quiet namespaces together: a host may have hundreds. */
  readonly #quietBudget = new CostBudget(QUIET_SHARE, QUIET_CEILING_MS)
  readonly #namespaces: NamespaceSet
  readonly #watched = new Map<number, Watched>()
  /** In the order in which they are next looked at for what is due. */
  readonly #meters: { watched: Watched; meter: DumpMeter }[] = []
  readonly #errors = new Map<string, SampleErrors>()
  readonly #departed = perKind(() => 0)
  readonly #said = new Set<DumpKind>()
  readonly #startedMs = Date.now()
  #lookCpuMs = 0
  /** As last read: where one reading ends the next begins, and a look at that clock takes a microsecond. */
  #cpuMs = 0
  #sequence: number
  #samples = 0
  #failed = 0
  #turn = 0
  #recorder: SampleRecorder | undefined
  #dearFor = 0
  /** When it was last looked at what the listeners cost: by the clock, and in CPU time. */
  #lastLook: { nowMs: number; listenersMs: number } | undefined

  /** `clock` gives milliseconds that never step, `cpuClock` those that this thread has spent on a CPU. */
  constructor(orders: Orders, clock: () => number, cpuClock: () => number, log: (line: string) => void) {
    this.#orders = orders
    this.#clock = clock
    this.#cpuClock = cpuClock
    this.#log = log
    this.#sequence = orders.firstSequence
    const { cpuShare } = orders.pace
    // Counters are cheap, and record what no sample sees. However expensive it is, nothing gets older than its ceiling.
    this.#budgets = {
      counters: new CostBudget(cpuShare * 0.3, 1000),
      syn_queue: new CostBudget(cpuShare * 0.3, 5000),
      connections: new CostBudget(cpuShare * 0.15, 15_000),
      outgoing: new CostBudget(cpuShare * 0.05, 60_000),
      unix: new CostBudget(cpuShare * 0.1, 1000),
      udp: new CostBudget(cpuShare * 0.05, 5000),
      limits: new CostBudget(cpuShare * 0.05, 15_000),
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
    if (this.#orders.again) this.#namespaces.refresh(this.#clock())
    else this.#namespaces.start(this.#clock())
    for (const { sampler } of this.#watched.values()) sampler.sampleListeners(this.#clock(), true)
    return this.#namespaces.identities
  }

  /** One tick: the listeners of every namespace, then what else is due as far as half an interval allows. */
  tick(): void {
    const beganMs = this.#clock()
    this.#namespaces.refresh(beganMs)
    this.#samples++
    this.#cpuMs = this.#cpuClock()
    for (const watched of this.#watched.values())
      if (this.#listenersAreDue(watched, beganMs)) this.#measure(watched, watched.meters.listeners, false)
    // In CPU time: if the scheduler makes this thread wait, doing less would not help.
    const untilCpuMs = this.#cpuMs + this.#orders.pace.sampleIntervalMs / 2
    // Each tick continues where the last one stopped and does at least one thing, so nothing starves.
    for (let looked = 0; looked < this.#meters.length; looked++) {
      const { watched, meter } = this.#meters[this.#turn++ % this.#meters.length]!
      if (!this.#isDue(watched, meter, beganMs)) continue
      this.#measure(watched, meter, false)
      if (this.#cpuMs >= untilCpuMs) break
    }
  }

  /** Until the next tick: longer than asked for while every namespace is quiet. */
  get tickIntervalMs(): number {
    const { sampleIntervalMs, quietIntervalMs } = this.#orders.pace
    const nowMs = this.#clock()
    for (const { sampler, quiet } of this.#watched.values())
      if (!this.#rests(quiet, nowMs) || sampler.restFactor('unix', nowMs) === 1) return sampleIntervalMs
    return Math.max(sampleIntervalMs, quietIntervalMs)
  }

  /** Reads the counters that are due: on a machine with no CPU to spare they wait for their turn, and they are cheap. */
  readCounters(): void {
    const nowMs = this.#clock()
    this.#cpuMs = this.#cpuClock()
    for (const watched of this.#watched.values())
      if (this.#isDue(watched, watched.meters.counters, nowMs)) this.#measure(watched, watched.meters.counters, false)
  }

  /** Reads everything now, due or not. */
  readEverything(): void {
    this.#samples++
    this.#cpuMs = this.#cpuClock()
    const begunMs = this.#cpuMs
    for (const watched of this.#watched.values())
      for (const meter of Object.values(watched.meters)) this.#measure(watched, meter, true)
    this.#lookCpuMs += this.#cpuMs - begunMs
  }

  /** What is known now, as plain data. */
  snapshot(thread: { cpuSeconds: number; late: Pacer['late']; answers: number }): RawSnapshot {
    const nowMs = this.#clock()
    const namespaces = [...this.#watched.values()].map((watched) => toRaw(watched, nowMs))
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
    if (on === (this.#recorder !== undefined)) return
    this.#recorder = on ? new SampleRecorder() : undefined
    if (on) this.readEverything()
  }

  /** All samples since the last call, if they are recorded. */
  takeSamples(): RawSamples[] {
    return this.#recorder?.take() ?? []
  }

  close(): void {
    for (const inode of [...this.#watched.keys()]) this.#unwatch(inode)
  }

  #watch(identity: NamespaceIdentity, namespace: NetworkNamespace): void {
    const { pace } = this.#orders
    const sampler = new NamespaceSampler(identity, namespace, pace, this.#orders.selection)
    const meter = (kind: Exclude<DumpKind, 'listeners'>, intervalMs: number): DumpMeter =>
      new DumpMeter(kind, intervalMs, this.#budgets[kind].work(intervalMs), pace.peakWindowMs)
    const watched: Watched = {
      sampler,
      quiet: new Quiet(this.#clock()),
      quietWork: this.#quietBudget.work(pace.quietIntervalMs),
      meters: {
        listeners: new DumpMeter('listeners', pace.sampleIntervalMs, undefined, pace.peakWindowMs),
        counters: meter('counters', pace.streamIntervalMs),
        syn_queue: meter('syn_queue', pace.synIntervalMs),
        connections: meter('connections', pace.connectionsIntervalMs),
        outgoing: meter('outgoing', pace.outgoingIntervalMs),
        unix: meter('unix', pace.sampleIntervalMs),
        udp: meter('udp', pace.synIntervalMs),
        limits: meter('limits', LIMITS_INTERVAL_MS),
      },
    }
    this.#watched.set(identity.inode, watched)
    for (const one of Object.values(watched.meters))
      if (one.work !== undefined) this.#meters.push({ watched, meter: one })
    this.#cpuMs = this.#cpuClock()
    // Read everything at once, so that no snapshot shows a namespace that is only half read.
    for (const one of Object.values(watched.meters)) this.#measure(watched, one, true)
  }

  #unwatch(inode: number): void {
    const watched = this.#watched.get(inode)
    if (watched === undefined) return
    this.#watched.delete(inode)
    for (let at = this.#meters.length - 1; at >= 0; at--)
      if (this.#meters[at]!.watched === watched) this.#meters.splice(at, 1)
    watched.quietWork.release()
    for (const { kind, count, work } of Object.values(watched.meters)) {
      this.#departed[kind] += count
      work?.release()
    }
    watched.sampler.close()
  }

  /** Whether a namespace is read less often: not if every sample is recorded, nor if it was asked for otherwise. */
  #rests(quiet: Quiet, nowMs: number): boolean {
    const { sampleIntervalMs, quietIntervalMs } = this.#orders.pace
    return this.#recorder === undefined && quietIntervalMs > sampleIntervalMs && quiet.isQuiet(nowMs)
  }

  #synIntervalMs(quiet: Quiet, nowMs: number, intervalMs: number): number {
    return this.#rests(quiet, nowMs) ? quiet.synIntervalMs(nowMs, intervalMs) : intervalMs
  }

  /** Of a quiet namespace not at every tick, unless every sample is recorded. */
  #listenersAreDue({ quiet, quietWork, meters }: Watched, nowMs: number): boolean {
    if (!this.#rests(quiet, nowMs)) return true
    return nowMs >= meters.listeners.startMs + quietWork.intervalMs() - this.#orders.pace.sampleIntervalMs / 2
  }

  #isDue({ sampler, quiet }: Watched, meter: DumpMeter, nowMs: number): boolean {
    if (meter.work === undefined) return false
    const stretchedMs = meter.work.intervalMs() * sampler.restFactor(meter.kind, nowMs)
    const restMs = Math.max(sampler.restMs(meter.kind, nowMs), Math.min(stretchedMs, LONGEST_REST_MS))
    const askedMs = Math.max(meter.work.intervalMs(), restMs)
    const intervalMs = meter.kind === 'syn_queue' ? this.#synIntervalMs(quiet, nowMs, askedMs) : askedMs
    // Half a sampling interval early is better than most of one late.
    return !(nowMs < meter.startMs + intervalMs - this.#orders.pace.sampleIntervalMs / 2)
  }

  #measure({ sampler, quiet, quietWork }: Watched, meter: DumpMeter, every: boolean): void {
    const startMs = this.#clock()
    const startCpuMs = this.#cpuMs
    let succeeded = false
    try {
      switch (meter.kind) {
        case 'listeners':
          quiet.acceptQueues(
            startMs,
            sampler.sampleListeners(startMs, every, {
              drops: every || this.#recorder !== undefined,
              quiet: this.#rests(quiet, startMs),
            }),
          )
          break
        case 'syn_queue':
          quiet.synQueues(startMs, sampler.sampleSynQueue(startMs))
          break
        case 'connections':
          sampler.sampleConnections(this.#clock)
          break
        case 'counters':
          sampler.sampleCounters()
          break
        case 'outgoing':
          sampler.sampleOutgoing()
          break
        case 'unix':
          sampler.sampleUnixListeners(startMs, meter.work?.intervalMs() ?? 0)
          break
        case 'udp':
          sampler.sampleUdpSockets(startMs)
          break
        case 'limits':
          sampler.sampleLimits()
          break
      }
      succeeded = true
      this.#recorder?.record(meter.kind, sampler, startMs)
    } catch (error) {
      this.#countError(meter.kind, codeOf(error))
      this.#sayOnce(sampler, meter.kind, error)
    }
    sampler.answered(meter.kind, succeeded)
    this.#cpuMs = this.#cpuClock()
    const cpuMs = this.#cpuMs - startCpuMs
    meter.record(startMs, this.#clock() - startMs, cpuMs, succeeded)
    if (meter.kind === 'listeners') {
      if (this.#rests(quiet, startMs)) quietWork.observe(cpuMs)
      else quietWork.release()
    }
    // What is done a tenth as often needs a tenth of the share: namespaces in which nothing happens slow down no others.
    const { synIntervalMs } = this.#orders.pace
    const rest =
      meter.kind === 'syn_queue'
        ? this.#synIntervalMs(quiet, startMs, synIntervalMs) / synIntervalMs
        : sampler.restFactor(meter.kind, startMs)
    meter.work?.observe(cpuMs / rest)
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

/** The last of the messages that have come; the thread never gets to hear of them otherwise. */
function latestOf(port: MessagePort): Discovery | undefined {
  let latest: Discovery | undefined
  for (;;) {
    const received: { message: Discovery } | undefined = receiveMessageOnPort(port)
    if (received === undefined) return latest
    latest = received.message
  }
}

const toRaw = ({ sampler, meters }: Watched, nowMs: number): RawNamespace => ({
  ...sampler.toRaw(nowMs),
  costs: perKind((kind) => meters[kind].toCost(nowMs)),
})

/** Over all namespaces: dumps add up, and so do their durations; the interval is the longest. */
function dumpHealth(
  costs: readonly Record<DumpKind, DumpCost>[],
  departed: Record<DumpKind, number>,
): Snapshot['sampler']['dumps'] {
  const health = (kind: DumpKind): DumpHealth => {
    const ofKind = costs.map((cost) => cost[kind])
    return {
      lastSeconds: ofKind.reduce((sum, cost) => sum + cost.lastSeconds, 0),
      intervalSeconds: ofKind.reduce((longest, cost) => Math.max(longest, cost.intervalSeconds), 0),
      count: ofKind.reduce((sum, cost) => sum + cost.count, departed[kind]),
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
