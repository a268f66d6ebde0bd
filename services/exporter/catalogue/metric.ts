import type { MetricFamily, MetricValue } from '#common/metrics-text.ts'
import type { OwnerHealth } from '../identity/owner-register.ts'
import type { RawSnapshot } from '../sampler/message.ts'
import type { UnreadNamespaces } from '../sight.ts'
import type { Snapshot } from '../snapshot.ts'

/** What the main thread has when it is scraped. */
export interface Held {
  /** Undefined while the sampler delivers nothing: old numbers would pass for current ones. */
  snapshot: Snapshot | undefined
  /** The last snapshot that the sampler delivered, however old: its own cost and errors. Undefined before the first. */
  raw: RawSnapshot | undefined
  snapshotAgeSeconds: number
  /** Now, by the clock of `readMs`. */
  monotonicMs: number
  samplerRestarts: number
  /** What was found of network namespaces and is not read; undefined if none are looked for. */
  unreadNamespaces: UnreadNamespaces | undefined
  /** When the process began, in milliseconds since 1970. */
  processStartedMs: number
  /** CPU time of the whole process. */
  processCpuSeconds: number
  /** How the search for the owners of sockets goes. */
  owners: OwnerHealth
  /** The counters that this kernel has. */
  kernelCounters: ReadonlySet<string>
  version: string
  kernel: string
  node: string
}

/** Everything about one metric: what /metrics and docs/metrics.md say of it, and where its values come from. */
export interface Metric {
  name: string
  type: MetricFamily['type']
  labels: readonly string[]
  /** One sentence or two, with the limits of the number. */
  help: string
  /** Where the number comes from. */
  source: string
  /** When to worry, or what to do with it. */
  worry: string
  read(held: Held): Iterable<MetricValue>
}

/** Metrics that are explained together. */
export interface MetricGroup {
  title: string
  introduction: string
  metrics: readonly Metric[]
}
