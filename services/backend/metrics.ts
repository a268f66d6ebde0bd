import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Backend } from './backend.ts'
import { durationBounds } from './memory.ts'
import type { PortCounts } from './messages.ts'
import { noFaults } from './no-faults.ts'
import { countUpTo, mergeWaits } from './wait-buckets.ts'

/** In seconds; each is the bound of a bucket in wait-buckets.ts, so the counts are exact. */
const waitBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

interface Distribution {
  /** How many were at most each bound. */
  upTo: number[]
  count: number
  sum: number
}

/** A histogram whose counts are kept elsewhere: prom-client's own can only observe values one by one. */
class CountedHistogram extends Histogram {
  readonly #name: string
  readonly #help: string
  readonly #bounds: number[]
  distribution: Distribution = { upTo: [], count: 0, sum: 0 }

  constructor(registry: Registry, name: string, help: string, bounds: number[]) {
    super({ name, help, buckets: bounds, registers: [registry] })
    this.#name = name
    this.#help = help
    this.#bounds = bounds
  }

  /** What prom-client's registry asks for when it writes the text format. */
  async getForPromString() {
    const { upTo, count, sum } = this.distribution
    const bucket = (le: number | string, value: number) => ({
      metricName: `${this.#name}_bucket`,
      labels: { le },
      value,
    })
    const buckets = this.#bounds.map((bound, index) => bucket(bound, upTo[index] ?? 0))
    return {
      name: this.#name,
      help: this.#help,
      type: 'histogram',
      aggregator: 'sum',
      values: [
        ...buckets,
        bucket('+Inf', count),
        { metricName: `${this.#name}_sum`, labels: {}, value: sum },
        { metricName: `${this.#name}_count`, labels: {}, value: count },
      ],
    }
  }
}

/** The backend's metrics, over all its processes. Read from shared memory when asked, so a stalled loop hides nothing. */
export class BackendMetrics {
  readonly #backend: Backend
  readonly #registry = new Registry()
  readonly #metrics: Metrics
  readonly contentType = this.#registry.contentType

  constructor(backend: Backend) {
    this.#backend = backend
    this.#registry.setDefaultLabels({ backend: backend.options.name })
    this.#metrics = makeMetrics(this.#registry)
    this.#metrics.start.set(Date.now() / 1000 - process.uptime())
  }

  /** The text format, as of now. */
  async text(): Promise<string> {
    const { processes, ended } = await this.#backend.counts()
    fill(this.#metrics, processes, [...processes, ...ended])
    return this.#registry.metrics()
  }
}

type Metrics = ReturnType<typeof makeMetrics>

function makeMetrics(registry: Registry) {
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers: [registry] })
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  const histogram = (name: string, help: string, bounds: number[]) => new CountedHistogram(registry, name, help, bounds)
  return {
    accepts: counter('spillway_backend_accepts_total', 'Connections accepted'),
    waits: histogram(
      'spillway_backend_accept_wait_seconds',
      'How long accepted connections had waited in the accept queue, as the kernel tells. Resolution: one jiffy (1 to 10 ms)',
      waitBounds,
    ),
    responses: counter('spillway_backend_responses_total', 'HTTP responses sent, by status code', ['code']),
    durations: histogram(
      'spillway_backend_request_duration_seconds',
      'From the head of a request until its response was handed to the kernel; the accept wait is not in it',
      durationBounds,
    ),
    open: gauge('spillway_backend_open_connections', 'Connections accepted and not yet closed'),
    fault: gauge(
      'spillway_backend_fault',
      'Faults that are switched on: 1, or the value in the unit that the name of the fault ends with; 0 while off',
      ['fault'],
    ),
    lag: gauge(
      'spillway_backend_loop_lag_seconds',
      'How late the event loop of the shared port answered its last heartbeat; grows while it stands still',
    ),
    cpu: counter('process_cpu_seconds_total', 'CPU time of all processes of the backend'),
    memory: gauge('process_resident_memory_bytes', 'Resident memory of all processes of the backend'),
    start: gauge('process_start_time_seconds', 'When the backend started, in seconds since 1970'),
  }
}

/** `running` are the processes there are now, `all` includes those that have ended. */
function fill(metrics: Metrics, running: PortCounts[], all: PortCounts[]): void {
  const total = (of: PortCounts[], value: (counts: PortCounts) => number): number =>
    of.reduce((sum, counts) => sum + value(counts), 0)
  const set = (counter: Counter, value: number, labels: Record<string, string> = {}): void => counter.inc(labels, value)

  for (const counter of [metrics.accepts, metrics.responses, metrics.cpu]) counter.reset()
  set(
    metrics.accepts,
    total(all, (counts) => counts.accepts),
  )
  set(
    metrics.cpu,
    total(all, (counts) => counts.cpuSeconds),
  )
  const codes = new Set(['200', ...all.flatMap((counts) => Object.keys(counts.responses))])
  for (const code of codes)
    set(
      metrics.responses,
      total(all, (counts) => counts.responses[code] ?? 0),
      { code },
    )

  const waits = mergeWaits(all.map((counts) => counts.waits))
  metrics.waits.distribution = {
    upTo: waitBounds.map((seconds) => countUpTo(waits, seconds * 1000)),
    count: waits.count,
    sum: waits.sumMs / 1000,
  }
  const durations = all.map((counts) => counts.durations)
  const within = durationBounds.map((_, i) => durations.reduce((sum, one) => sum + (one.counts[i] ?? 0), 0))
  metrics.durations.distribution = {
    upTo: within.map((_, i) => within.slice(0, i + 1).reduce((sum, count) => sum + count, 0)),
    count: durations.reduce((sum, one) => sum + one.counts.reduce((a, b) => a + b, 0), 0),
    sum: durations.reduce((sum, one) => sum + one.sumSeconds, 0),
  }

  metrics.open.set(total(running, (counts) => counts.open))
  metrics.lag.set(Math.max(...running.map((counts) => counts.loopLagMs)) / 1000)
  metrics.memory.set(total(running, (counts) => counts.residentBytes))
  const faults = running.map((counts) => new Map(Object.entries(counts.faults)))
  for (const fault of Object.keys(noFaults))
    metrics.fault.set({ fault }, Math.max(...faults.map((of) => Number(of.get(fault)))))
}
