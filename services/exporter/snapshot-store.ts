import fs from 'node:fs'
import os from 'node:os'
import { monotonicMs } from '#common/clock.ts'
import { version } from '#common/version.ts'
import { parseCounters } from '#kernel/counters.ts'
import type { Held } from './catalogue.ts'
import type { Identifier } from './identity/identify.ts'
import type { DumpKind, RawSamples, RawSnapshot } from './sampler/message.ts'
import type { SamplingPace } from './sampler/pace.ts'
import type { Samples } from './samples.ts'
import type { Snapshot } from './snapshot.ts'

const HEALTHY_FOR_MS = 5000
const HEALTHY_FOR_INTERVALS = 50

/** Holds the last snapshot of the sampler, until it is too old to be shown. */
export class SnapshotStore {
  readonly #identifier: Identifier
  readonly #clock: () => number
  readonly #goodForMs: number
  readonly #kernelCounters: ReadonlySet<string>
  #raw: RawSnapshot | undefined
  #latest: Snapshot | undefined
  #takenMs = Number.NEGATIVE_INFINITY

  /** `clock` gives milliseconds that never step. */
  constructor(pace: SamplingPace, identifier: Identifier, clock = () => performance.now()) {
    this.#identifier = identifier
    this.#clock = clock
    const intervalMs = Math.max(pace.sampleIntervalMs, pace.streamIntervalMs)
    this.#goodForMs = Math.max(HEALTHY_FOR_MS, HEALTHY_FOR_INTERVALS * intervalMs)
    this.#kernelCounters = kernelCounters()
  }

  take(raw: RawSnapshot): Snapshot {
    this.#raw = raw
    this.#latest = this.#identifier.identify(raw)
    this.#takenMs = this.#clock()
    return this.#latest
  }

  /** Samples with their shards, as the latest snapshot has them. */
  identify(samples: RawSamples): Samples {
    return this.#identifier.identifySamples(samples)
  }

  get snapshotAgeSeconds(): number {
    return (this.#clock() - this.#takenMs) / 1000
  }

  /** The latest, however old. */
  get latest(): Snapshot {
    if (this.#latest === undefined) throw new Error('The sampler has delivered no snapshot yet')
    return this.#latest
  }

  /** As the sampler delivered it, however old: what was made of one and the same is the same. */
  get raw(): RawSnapshot | undefined {
    return this.#raw
  }

  get snapshot(): Snapshot | undefined {
    return this.snapshotAgeSeconds * 1000 > this.#goodForMs ? undefined : this.#latest
  }

  /** How old what is known of each kind is, in the namespace in which it is oldest; null where a kind was never read. */
  get agesSeconds(): Record<DumpKind, number | null> {
    const nowMs = monotonicMs()
    const oldest = (kind: DumpKind): number | null => {
      const read = (this.#raw?.namespaces ?? []).map(({ costs }) => costs[kind].readMs)
      return read.length === 0 || read.includes(null) ? null : (nowMs - Math.min(...read.map(Number))) / 1000
    }
    return {
      listeners: oldest('listeners'),
      syn_queue: oldest('syn_queue'),
      connections: oldest('connections'),
      counters: oldest('counters'),
    }
  }

  held(samplerRestarts: number): Held {
    const { user, system } = process.cpuUsage()
    return {
      snapshot: this.snapshot,
      raw: this.#raw,
      snapshotAgeSeconds: this.snapshotAgeSeconds,
      monotonicMs: monotonicMs(),
      samplerRestarts,
      processStartedMs: performance.timeOrigin,
      processCpuSeconds: (user + system) / 1e6,
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
