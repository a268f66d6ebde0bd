import type { UnixRecord } from '#kernel/sock-diag.ts'
import { FillTime } from './fill-time.ts'
import type { RawUnixListener } from './message.ts'
import { PeakWindow } from './sliding-window.ts'

/** What of a listener's record is needed. */
export type ListeningRecord = Pick<
  UnixRecord,
  'name' | 'type' | 'inode' | 'cookie' | 'cookieHigh' | 'shortCookie' | 'length' | 'limit' | 'uid'
>

/** What the sampler remembers of one listening UNIX socket. `take` runs at every dump and allocates nothing. */
export class UnixListenerState {
  readonly path: string
  readonly type: 'stream' | 'seqpacket'
  readonly inode: number
  readonly cookie: string
  /** The number of the dump that showed this socket last. */
  seen = 0
  /** Dumps in a row that did not show it. */
  missed = 0
  #length = 0
  #limit = 0
  #uid: number | undefined
  #lastMs: number
  readonly #peak: PeakWindow
  readonly #fill: FillTime

  constructor(record: ListeningRecord, nowMs: number, peakWindowMs: number) {
    this.path = record.name
    this.type = record.type
    this.inode = record.inode
    this.cookie = String(record.cookie)
    this.#lastMs = nowMs // the first dump stands for no time yet
    this.#peak = new PeakWindow(peakWindowMs)
    this.#fill = new FillTime(peakWindowMs, Number.POSITIVE_INFINITY)
  }

  /** A sample stands for the time since the one before, but for no more than `longestGapMs`. */
  take(record: ListeningRecord, nowMs: number, longestGapMs: number): void {
    this.#length = record.length
    if (record.limit !== this.#limit) this.#peak.clear() // as for TCP: a peak belongs to the limit under which it was seen
    this.#limit = record.limit
    this.#uid = record.uid
    this.#peak.raise(nowMs, this.#length)
    this.#fill.observe(nowMs, Math.min(nowMs - this.#lastMs, longestGapMs), this.#length, this.#limit)
    this.#lastMs = nowMs
  }

  toRaw(nowMs: number): RawUnixListener {
    const { path, type, inode, cookie } = this
    return {
      path,
      type,
      length: this.#length,
      limit: this.#limit,
      peak: this.#peak.max(nowMs),
      atLeastSeconds: {
        '0.5': this.#fill.halfMs / 1000,
        '0.9': this.#fill.nineTenthsMs / 1000,
        '1': this.#fill.fullMs / 1000,
      },
      fullSecondsInWindow: this.#fill.fullMsInWindow(nowMs) / 1000,
      inode,
      cookie,
      uid: this.#uid ?? null,
    }
  }
}
