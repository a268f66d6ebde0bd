import { monotonicMs } from '#common/clock.ts'
import { LagMeter } from '#common/lag.ts'
import type { ListenerSample, Snapshot } from '#services/exporter/snapshot.ts'
import type { Lab } from '../lab.ts'
import type { Told } from '../told.ts'
import type { Journal } from './journal.ts'
import type { LateThing } from './lateness.ts'
import type { ListenerBoundary, Recording } from './recording.ts'

/** Sysctls of the server's namespace that say how its queues behave. */
const recordedSysctls = [
  'net.core.somaxconn',
  'net.ipv4.tcp_max_syn_backlog',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_synack_retries',
  'net.ipv4.tcp_abort_on_overflow',
  'net.ipv4.tcp_migrate_req',
  'net.ipv4.tcp_syn_linear_timeouts',
  'net.ipv4.tcp_tw_reuse_delay',
]

/** The window of a peak is three times as long. */
const PEAKS_EVERY_MS = 10_000

/** Writes down what a lab does, at the sampler's own rate, until it is disposed of. */
export class Recorder implements AsyncDisposable {
  readonly #lab: Lab
  readonly #journal: Journal
  readonly #lag = new LagMeter()
  readonly #over = new AbortController()
  #reading: Promise<void> = Promise.resolve()
  #lateBefore = 0
  /** What the last boundary found. */
  #last = { atMs: 0, loads: 0, isUnderWay: false }
  #peaksDue: NodeJS.Timeout | undefined

  private constructor(lab: Lab, journal: Journal) {
    this.#lab = lab
    this.#journal = journal
  }

  /** Begins to record; resolves when the first samples have been written. */
  static async start(lab: Lab, journal: Journal): Promise<Recorder> {
    const recorder = new Recorder(lab, journal)
    const { promise: first, resolve: seen, reject } = Promise.withResolvers<void>()
    recorder.#reading = recorder.#read(seen)
    recorder.#reading.catch(reject)
    await first
    const sysctls: Recording['sysctls'] = {}
    for (const name of recordedSysctls) sysctls[name] = (await lab.readSysctl(name)) ?? null
    journal.write({ is: 'sysctls', sysctls })
    const { sampler } = await lab.snapshot()
    recorder.#lateBefore = sampler.late
    if (sampler.exactFeatures?.peaks === null)
      recorder.#peaksDue = setInterval(() => void recorder.#readPeaks(), PEAKS_EVERY_MS)
    return recorder
  }

  /** Peaks are those of a window: between two boundaries that lie further apart they are read too. */
  async #readPeaks(): Promise<void> {
    // An exporter that is away has said so elsewhere.
    const snapshot = await this.#lab.snapshot().catch(() => undefined)
    if (snapshot === undefined || this.#over.signal.aborted) return
    this.#journal.write({ is: 'exact peaks', listeners: this.#listenersOf(snapshot) })
  }

  #listenersOf({ namespaces }: Snapshot): ListenerBoundary[] {
    return namespaces.flatMap(({ listeners }) =>
      listeners.flatMap(({ port, shard, cookie, drops, peak, events }) =>
        port === this.#lab.plan.port ? [{ shard, cookie, drops, ...exactOf(peak, events) }] : [],
      ),
    )
  }

  async #read(seen: () => void): Promise<void> {
    for await (const samples of this.#lab.samples(this.#over.signal)) {
      this.#journal.write({ is: 'samples', samples })
      seen()
    }
  }

  /** Reads all that only grows: what happened between two calls is their difference. */
  async boundary(): Promise<void> {
    const lab = this.#lab
    const atMs = monotonicMs()
    const [snapshot, { counters: clientCounters }, loads, backends] = await Promise.all([
      lab.look(),
      lab.clients.counters(),
      lab.clients.reports(),
      Promise.all(lab.backends.map((backend) => backend.told().catch(() => null))),
    ])
    const listeners = this.#listenersOf(snapshot)
    const counters = snapshot.namespaces[0]?.counters ?? {}
    this.#journal.write({ is: 'boundary', boundary: { atMs, counters, clientCounters, listeners, backends, loads } })
    this.#late('timers', this.#lag.take())
    // What takes long while nothing is under way delays nothing.
    const isUnderWay = loads.some(({ state }) => state === 'running')
    const before = this.#last
    this.#last = { atMs, loads: loads.length, isUnderWay }
    if (isUnderWay) this.#late('boundaries', monotonicMs() - atMs)
    if (before.isUnderWay || loads.length > before.loads)
      this.#late('backends', Math.max(0, ...backends.map((status) => stoodStillMs(status, before.atMs))))
  }

  #late(what: LateThing, lateMs: number): void {
    if (lateMs > 0) this.#journal.write({ is: 'late', what, lateMs })
  }

  /** Takes in the last samples and ends. */
  async stop(): Promise<void> {
    const { sampler } = await this.#lab.look()
    clearInterval(this.#peaksDue)
    this.#over.abort()
    await this.#reading
    this.#lag[Symbol.dispose]()
    this.#journal.write({ is: 'complete', lateSamples: sampler.late - this.#lateBefore })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#peaksDue)
    this.#over.abort()
    // A phase that was given up has no boundary at its end.
    this.#late('timers', this.#lag.take())
    this.#lag[Symbol.dispose]()
    await this.#reading.catch(() => {}) // the run says what went wrong
  }
}

function exactOf(
  peak: number,
  { joined, timesFull, accepted, waits, waitSumMs }: NonNullable<ListenerSample['events']> = {},
): Pick<ListenerBoundary, 'exact'> {
  if (joined === undefined || timesFull === undefined) return {}
  return {
    exact: {
      ...{ peak, joined, timesFull },
      ...(accepted !== undefined && {
        accepted: { connections: accepted, waits: waits ?? [], waitSumMs: waitSumMs ?? 0 },
      }),
    },
  }
}

/** For how long a loop of the backend stood still at worst that no fault had stopped, since a moment. */
const stoodStillMs = (status: Told | null, sinceMs: number): number =>
  (status?.processes ?? [])
    .flatMap(({ lateness = [] }) => lateness)
    .reduce((worst, { atMs, lateMs }) => (atMs > sinceMs ? Math.max(worst, lateMs) : worst), 0)
