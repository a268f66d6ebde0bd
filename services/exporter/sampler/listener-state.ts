import type { ListenerCounts } from '#kernel/bpf/event-record.ts'
import type { ListenerProtocol, SocketRecord } from '#kernel/sock-diag.ts'
import { EventCounts, type Sampled } from './event-counts.ts'
import type { WatchedEvents } from './exact-events.ts'
import type { ExactReading } from './exact-readings.ts'
import { FillTime, longestGapMs } from './fill-time.ts'
import type { RawListener } from './message.ts'
import type { SamplingPace } from './pace.ts'
import { PeakWindow } from './sliding-window.ts'

/** Of all listeners of a namespace, between two dumps of them. */
export interface KnownBetween {
  /** When all that were empty in the dump before were still empty. */
  emptyMs: number
  /** When none that was not full in the dump before could be full. */
  notFullMs: number
}

/** What the sampler remembers of one listening socket. `take` runs at every sample and allocates nothing. */
export class ListenerState {
  readonly address: string
  readonly port: number
  readonly inode: number
  readonly cookie: string
  readonly cgroupId: bigint | undefined
  /** Index of the device that it is bound to, 0 for none; a socket that listens cannot change it without a privilege. */
  readonly deviceIndex: number
  /** When it was first seen, in milliseconds since 1970. */
  readonly seenSinceMs = Date.now()
  /** The number of the dump that showed this socket last. */
  seen = 0
  /** Dumps in a row that did not show it. */
  missed = 0
  limit = 0
  length = 0
  drops = 0
  /** Whether a connection has ever waited here, or was dropped. */
  used = false
  /** Since when, and for how many samples, the length has been what it is; and when it was last 0. */
  steadySinceMs: number
  steadySamples = 0
  lastEmptyMs = Number.NEGATIVE_INFINITY
  /** What it was opened as, once that is known. */
  protocol: ListenerProtocol | undefined
  /** What BPF tells of it, if that is read. */
  exact: ExactReading | undefined
  /** Whether it has closed. */
  isGone = false
  /** What happened here between the samples, if that is watched. */
  #events: EventCounts | undefined
  readonly #isNew: boolean
  readonly #firstMs: number
  #knowsFull = false
  #dropsMs: number | undefined
  #uid = 0
  #lastMs: number
  #lastDrops = 0
  /** Whether there were none when they were first read. */
  #dropsFromZero: boolean | undefined
  readonly #peak: PeakWindow
  readonly #fill: FillTime

  /**
   * `isNew` is false for one that may have listened before anything was read. Of a new one all that happens is known, if that is
   * `watched` already: no sample stands for what is told exactly a little later.
   */
  constructor(record: SocketRecord, nowMs: number, pace: SamplingPace, { isNew = false, watched = false } = {}) {
    this.#isNew = isNew
    this.#knowsFull = isNew && watched
    this.limit = record.sendQueue
    this.#firstMs = nowMs
    this.address = record.address
    this.port = record.port
    this.inode = record.inode
    this.cookie = String(record.cookie)
    this.cgroupId = record.cgroupId
    this.deviceIndex = record.interfaceIndex
    this.steadySinceMs = nowMs
    this.#lastMs = nowMs // the first sample stands for no time yet
    this.#peak = new PeakWindow(pace.peakWindowMs)
    this.#fill = new FillTime(pace.peakWindowMs, longestGapMs(pace.sampleIntervalMs))
  }

  /** `known` is what is certain since the dump before, without another. */
  take(record: SocketRecord, nowMs: number, known: KnownBetween): void {
    if (this.length === 0 && known.emptyMs > this.lastEmptyMs) this.lastEmptyMs = known.emptyMs
    const wasFull = this.length > this.limit
    const sinceMs = wasFull ? this.#lastMs : Math.max(this.#lastMs, known.notFullMs)
    const length = record.receiveQueue
    if (length !== this.length) {
      this.steadySinceMs = nowMs
      this.steadySamples = 0
    } else this.steadySamples++
    if (length === 0) this.lastEmptyMs = nowMs
    this.length = length
    // A peak belongs to the limit under which it was seen: those who divide the two must not meet with that of another.
    if (record.sendQueue !== this.limit) {
      this.#peak.clear()
      this.#knowsFull = false
    }
    this.limit = record.sendQueue
    this.#uid = record.uid
    const { drops } = record
    if (drops !== undefined) {
      this.#dropsFromZero ??= drops === 0
      this.drops += (drops - this.#lastDrops) >>> 0 // sk_drops is 32 bits wide and starts again at 0
      this.#lastDrops = drops
      this.#dropsMs = nowMs
    }
    if (this.length > 0 || this.drops > 0) this.used = true
    if (this.length > 0) {
      this.#peak.raise(nowMs, this.length)
      this.#fill.observe(nowMs, nowMs - sinceMs, this.length, this.limit, this.#knowsFull)
    }
    this.#lastMs = nowMs
  }

  /** Takes what has happened here until `nowMs`, and gives how many events were missed, as sock_diag shows. */
  takeEvents(counts: ListenerCounts, nowMs: number, watched: WatchedEvents): number {
    this.#events ??= this.#beginEvents(watched)
    const longerMs = this.#events.take(counts, nowMs, this.limit, watched)
    // A peak belongs to the limit that it was seen under, and the next sample may show another one.
    if (watched.kinds.has('joins') && counts.limit === this.limit && counts.peak > 0)
      this.#peak.raise(nowMs, counts.peak)
    this.#knowsFull = longerMs !== undefined
    if (longerMs !== undefined) this.#fill.add(nowMs, longerMs)
    if (counts.joined > 0) this.used = true
    return this.#events.missed(this.#sampled, watched)
  }

  /** From now on nothing is known but the samples. */
  forgetEvents(): void {
    this.#events = undefined
    this.#knowsFull = false
  }

  #beginEvents({ sinceMs }: WatchedEvents): EventCounts {
    return new EventCounts(this.#isNew && this.#firstMs > sinceMs)
  }

  get #sampled(): Sampled {
    return { length: this.length, drops: this.drops, lengthMs: this.#lastMs, dropsMs: this.#dropsMs }
  }

  /** `device` is the name of the one that it is bound to, `used` whether its port has ever had a client. */
  toRaw(nowMs: number, device: string, used: boolean, watched?: WatchedEvents): RawListener {
    if (watched !== undefined && watched.kinds.size > 0) this.#events ??= this.#beginEvents(watched)
    return {
      device,
      used,
      address: this.address,
      port: this.port,
      length: this.length,
      limit: this.limit,
      peak: this.#peak.max(nowMs),
      atLeastSeconds: {
        '0.5': this.#fill.halfMs / 1000,
        '0.9': this.#fill.nineTenthsMs / 1000,
        '1': this.#fill.fullMs / 1000,
      },
      fullSecondsInWindow: this.#fill.fullMsInWindow(nowMs) / 1000,
      drops: this.drops,
      dropsFromZero: this.#dropsFromZero === true,
      seenSinceMs: this.seenSinceMs,
      inode: this.inode,
      cookie: this.cookie,
      ...(this.protocol !== undefined && { protocol: this.protocol }),
      cgroupId: this.cgroupId,
      uid: this.#uid,
      ...(this.exact !== undefined && { exact: this.exact }),
      ...(watched !== undefined && this.#events && { events: this.#events.toSample(this.#sampled, watched) }),
    }
  }
}
