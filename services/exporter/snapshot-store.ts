import fs from 'node:fs'
import os from 'node:os'
import { monotonicMs } from '#common/clock.ts'
import { version } from '#common/version.ts'
import { parseCounters } from '#kernel/counters.ts'
import type { Held } from './catalogue.ts'
import type { Identifier } from './identity/identify.ts'
import { type DumpKind, perKind, type RawSamples, type RawSnapshot } from './sampler/message.ts'
import type { SamplingPace } from './sampler/pace.ts'
import type { Samples } from './samples.ts'
import type { UnreadNamespaces } from './sight.ts'
import type { Snapshot } from './snapshot.ts'
import { tooOld, withoutOld } from './withheld.ts'

const HEALTHY_FOR_MS = 5000
const HEALTHY_FOR_INTERVALS = 50
/** What a look at the owners may be late by while nobody asks. */
const IDENTIFIED_EVERY_MS = 5000

/** Holds the last snapshot of the sampler, until it is too old to be shown. */
export class SnapshotStore {
  readonly #identifier: Identifier
  readonly #clock: () => number
  readonly #goodForMs: number
  readonly #kernelCounters: ReadonlySet<string>
  #raw: RawSnapshot | undefined
  /** Made of `raw` once it is asked for. */
  #latest: Snapshot | undefined
  #versions = ''
  #identifiedMs = Number.NEGATIVE_INFINITY

  /** `clock` is the one that the sampler stamps its snapshots with. */
  constructor(pace: SamplingPace, identifier: Identifier, clock = monotonicMs) {
    this.#identifier = identifier
    this.#clock = clock
    const intervalMs = Math.max(pace.sampleIntervalMs, pace.streamIntervalMs)
    this.#goodForMs = Math.max(HEALTHY_FOR_MS, HEALTHY_FOR_INTERVALS * intervalMs)
    this.#kernelCounters = kernelCounters()
  }

  /**
   * Takes what the sampler delivers. Whose the listeners are is looked up when somebody asks, when one has come or gone,
   * and now and then: owners change too.
   */
  take(raw: RawSnapshot): void {
    this.#raw = raw
    this.#latest = undefined
    const versions = raw.namespaces.map(({ inode, listenersVersion }) => `${inode} ${listenersVersion}`).join()
    const nowMs = this.#clock()
    if (versions === this.#versions && nowMs - this.#identifiedMs < IDENTIFIED_EVERY_MS) return
    this.#versions = versions
    this.#identify(raw)
  }

  #identify(raw: RawSnapshot): Snapshot {
    this.#identifiedMs = this.#clock()
    this.#latest = this.#identifier.identify(raw)
    return this.#latest
  }

  /** The latest once it is known whose the listeners are, as far as that can be learned soon. */
  async settled(): Promise<Snapshot> {
    await this.#identifier.settled()
    this.#latest = undefined
    return this.latest
  }

  /** Samples with their shards, as the latest snapshot has them. */
  identify(samples: RawSamples): Samples {
    return this.#identifier.identifySamples(samples)
  }

  /** Since the sampler made it: it may have waited for this thread. Infinite before the first. */
  get snapshotAgeSeconds(): number {
    return (this.#clock() - (this.#raw?.monotonicMs ?? Number.NEGATIVE_INFINITY)) / 1000
  }

  /** The latest, however old. */
  get latest(): Snapshot {
    if (this.#raw === undefined) throw new Error('The sampler has delivered no snapshot yet')
    return this.#latest ?? this.#identify(this.#raw)
  }

  /** As the sampler delivered it, however old: what was made of one and the same is the same. */
  get raw(): RawSnapshot | undefined {
    return this.#raw
  }

  /** The latest without what is too old to be shown; undefined while the sampler delivers nothing. */
  get snapshot(): Snapshot | undefined {
    if (this.#raw === undefined) return undefined
    if (this.snapshotAgeSeconds * 1000 > this.#goodForMs) return undefined
    return withoutOld(this.latest, this.#raw, this.#clock())
  }

  /** Processes that may not be looked into for the owners of listeners. */
  get hiddenOwners(): number {
    return this.#identifier.ownerHealth.hidden
  }

  /** How old what is known of each kind is, in the namespace in which it is oldest; null where a kind was never read. */
  get agesSeconds(): Record<DumpKind, number | null> {
    const nowMs = this.#clock()
    const oldest = (kind: DumpKind): number | null => {
      const read = (this.#raw?.namespaces ?? []).map(({ costs }) => costs[kind].readMs)
      return read.length === 0 || read.includes(null) ? null : (nowMs - Math.min(...read.map(Number))) / 1000
    }
    return perKind(oldest)
  }

  /** The kinds that are left out at present because they are too old, in any namespace. */
  get withheld(): DumpKind[] {
    return this.#raw === undefined ? [] : tooOld(this.#raw, this.#clock())
  }

  held(samplerRestarts: number, unreadNamespaces?: UnreadNamespaces): Held {
    const { user, system } = process.cpuUsage()
    return {
      snapshot: this.snapshot,
      raw: this.#raw,
      snapshotAgeSeconds: this.snapshotAgeSeconds,
      monotonicMs: this.#clock(),
      samplerRestarts,
      unreadNamespaces,
      processStartedMs: performance.timeOrigin,
      processCpuSeconds: (user + system) / 1e6,
      owners: this.#identifier.ownerHealth,
      kernelCounters: this.#kernelCounters,
      version: version(),
      kernel: os.release(),
      node: process.version,
    }
  }
}

/** The names of the counters: the same in every namespace of one kernel. Some kernels lack some. */
function kernelCounters(): ReadonlySet<string> {
  const names = new Map<string, number>()
  for (const file of ['/proc/self/net/netstat', '/proc/self/net/snmp'])
    parseCounters(fs.readFileSync(file, 'utf8'), names)
  return new Set(names.keys())
}
