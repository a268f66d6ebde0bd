import { duration, percent } from '#common/quantities.ts'
import { KernelError } from '#kernel/errors.ts'
import type { NetworkNamespace } from '#kernel/netns.ts'
import type { DumpHealth, Snapshot } from '../snapshot.ts'
import { BudgetedWork, CostBudget } from './cost-budget.ts'
import { DumpMeter } from './dump-meter.ts'
import type {
  DumpCost,
  DumpKind,
  NamespaceIdentity,
  RawNamespace,
  RawSamples,
  RawSnapshot,
  SampleErrors,
  SamplerOrders,
} from './message.ts'
import { NamespaceSampler } from './namespace-sampler.ts'
import { NamespaceSet } from './namespace-set.ts'
import type { Pacer } from './pacer.ts'
import { Tape } from './tape.ts'

type Orders = Pick<SamplerOrders, 'pace' | 'namespaces' | 'proc' | 'again' | 'firstSequence'>

/** One namespace, what is due in it, and what that costs. */
interface Watched {
  sampler: NamespaceSampler
  meters: Record<DumpKind, DumpMeter>
}

/** How many snapshots in a row must find the listeners too dear before it is said. */
const DEAR_SNAPSHOTS = 50

/** All that is sampled, in every namespace. Runs in a thread that may block; knows nothing of that thread. */
export class Sampler {
  readonly #orders: Orders
  readonly #clock: () => number
  readonly #log: (line: string) => void
  readonly #budget: CostBudget
  readonly #namespaces: NamespaceSet
  readonly #watched = new Map<number, Watched>()
  /** In the order in which they are next looked at for what is due. */
  readonly #meters: { watched: Watched; meter: DumpMeter }[] = []
  readonly #errors = new Map<string, SampleErrors>()
  readonly #departed: Record<DumpKind, number> = { listeners: 0, syn_queue: 0, connections: 0, counters: 0 }
  #sequence: number
  #samples = 0
  #failed = 0
  #turn = 0
  #tape: Tape | undefined
  #dearFor = 0

  /** `clock` gives milliseconds of a clock that never steps. */
  constructor(orders: Orders, clock: () => number, log: (line: string) => void) {
    this.#orders = orders
    this.#clock = clock
    this.#log = log
    this.#sequence = orders.firstSequence
    this.#budget = new CostBudget(orders.pace.cpuShare)
    this.#namespaces = new NamespaceSet(orders.namespaces, orders.proc, {
      open: (identity, namespace) => this.#watch(identity, namespace),
      close: (identity) => this.#unwatch(identity.inode),
      failed: (code) => this.#countError('namespace', code),
      log,
    })
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
    for (const watched of this.#watched.values()) this.#measure(watched, watched.meters.listeners, false)
    const untilMs = beganMs + this.#orders.pace.sampleIntervalMs / 2
    // Each tick goes on where the last one stopped, and does one thing at least: nobody starves.
    for (let looked = 0; looked < this.#meters.length; looked++) {
      const { watched, meter } = this.#meters[this.#turn++ % this.#meters.length]!
      if (!this.#isDue(meter, beganMs)) continue
      this.#measure(watched, meter, false)
      if (this.#clock() >= untilMs) break
    }
  }

  /** Reads everything now, due or not. */
  readEverything(): void {
    this.#samples++
    for (const watched of this.#watched.values())
      for (const meter of Object.values(watched.meters)) this.#measure(watched, meter, true)
  }

  /** What is known now, as plain data. */
  snapshot(thread: { cpuSeconds: number; late: Pacer['late']; answers: number }): RawSnapshot {
    const nowMs = this.#clock()
    const namespaces = [...this.#watched.values()].map((watched) => toRaw(watched, nowMs))
    this.#warnIfDear(namespaces)
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
    }
  }

  /** Whether every sample is taken down; from then on `takeSamples` gives them. */
  set taping(on: boolean) {
    if (on === (this.#tape !== undefined)) return
    this.#tape = on ? new Tape() : undefined
    if (on) this.readEverything()
  }

  /** All samples since the last call, if they are taken down. */
  takeSamples(): RawSamples[] {
    return this.#tape?.take() ?? []
  }

  close(): void {
    for (const inode of [...this.#watched.keys()]) this.#unwatch(inode)
  }

  #watch(identity: NamespaceIdentity, namespace: NetworkNamespace): void {
    const { pace } = this.#orders
    const sampler = new NamespaceSampler(identity, namespace, pace)
    const meter = (kind: DumpKind, intervalMs?: number): DumpMeter =>
      new DumpMeter(kind, intervalMs === undefined ? undefined : new BudgetedWork(intervalMs), pace.peakWindowMs)
    const watched: Watched = {
      sampler,
      meters: {
        listeners: meter('listeners'),
        counters: meter('counters', pace.streamIntervalMs),
        syn_queue: meter('syn_queue', pace.synIntervalMs),
        connections: meter('connections', pace.connectionsIntervalMs),
      },
    }
    this.#watched.set(identity.inode, watched)
    for (const one of Object.values(watched.meters))
      if (one.work !== undefined) this.#meters.push({ watched, meter: one })
    // No snapshot shows a namespace of which half is still unread.
    for (const one of Object.values(watched.meters)) this.#measure(watched, one, true)
  }

  #unwatch(inode: number): void {
    const watched = this.#watched.get(inode)
    if (watched === undefined) return
    this.#watched.delete(inode)
    for (let at = this.#meters.length - 1; at >= 0; at--)
      if (this.#meters[at]!.watched === watched) this.#meters.splice(at, 1)
    for (const { kind, count, work } of Object.values(watched.meters)) {
      this.#departed[kind] += count
      if (work !== undefined) this.#budget.release(work)
    }
    watched.sampler.close()
  }

  #isDue(meter: DumpMeter, nowMs: number): boolean {
    if (meter.work === undefined) return false
    // Half a sampling interval early is better than most of one late.
    const slackMs = this.#orders.pace.sampleIntervalMs / 2
    return !(nowMs < meter.startMs + this.#budget.intervalMs(meter.work) - slackMs)
  }

  #measure({ sampler }: Watched, meter: DumpMeter, every: boolean): void {
    const startMs = this.#clock()
    try {
      switch (meter.kind) {
        case 'listeners':
          sampler.sampleListeners(startMs, every)
          break
        case 'syn_queue':
          sampler.sampleSynQueue(startMs)
          break
        case 'connections':
          sampler.sampleConnections()
          break
        case 'counters':
          sampler.sampleCounters()
          break
      }
      this.#tape?.record(meter.kind, sampler, startMs)
    } catch (error) {
      this.#countError(meter.kind, codeOf(error))
    }
    const durationMs = this.#clock() - startMs
    meter.record(startMs, durationMs)
    if (meter.work !== undefined) this.#budget.observe(meter.work, durationMs)
  }

  #countError(kind: SampleErrors['kind'], code: string): void {
    this.#failed++
    const key = `${kind} ${code}`
    const known = this.#errors.get(key)
    if (known !== undefined) known.count++
    else this.#errors.set(key, { kind, code, count: 1 })
  }

  /** Listeners are read as often as asked; on a host with very many namespaces that alone can cost too much. */
  #warnIfDear(namespaces: readonly RawNamespace[]): void {
    const { sampleIntervalMs, cpuShare } = this.#orders.pace
    const average = namespaces.reduce((sum, { costs }) => sum + costs.listeners.sumSeconds / costs.listeners.count, 0)
    const share = (average * 1000) / sampleIntervalMs
    if (!(share > Math.max(cpuShare, 0.1))) {
      this.#dearFor = 0
      return
    }
    if (++this.#dearFor !== DEAR_SNAPSHOTS) return
    this.#log(
      `Reading the listeners of ${namespaces.length} namespaces every ${duration(sampleIntervalMs)} takes ` +
        `${percent(share)} of a core, and --cpu-budget does not slow it down: raise --sample-interval`,
    )
  }
}

const toRaw = ({ sampler, meters }: Watched, nowMs: number): RawNamespace => ({
  ...sampler.toRaw(nowMs),
  costs: {
    listeners: meters.listeners.toCost(nowMs),
    syn_queue: meters.syn_queue.toCost(nowMs),
    connections: meters.connections.toCost(nowMs),
    counters: meters.counters.toCost(nowMs),
  },
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
  }
}

function codeOf(error: unknown): string {
  if (error instanceof KernelError) return error.code
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  throw error // a fault of our own is no sampling error: the thread ends and says why
}
