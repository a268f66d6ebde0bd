import { type MetricFamily, type MetricValue, metricsContentType, metricsText } from '#common/metrics-text.ts'
import type { Backend } from './backend.ts'
import { boundsMs, boundsSeconds } from './bounds.ts'
import type { PortCounts } from './messages.ts'
import { noFaults } from './no-faults.ts'
import { countsUpTo, mergeWaits } from './wait-buckets.ts'

/** The backend's metrics, over all its processes. Read from shared memory on request, so a stalled loop hides nothing. */
export class BackendMetrics {
  readonly contentType = metricsContentType
  readonly #backend: Backend
  readonly #startSeconds = Date.now() / 1000 - process.uptime()

  constructor(backend: Backend) {
    this.#backend = backend
  }

  /** The text format, as of now. */
  async text(): Promise<string> {
    const { processes, ended } = await this.#backend.counts()
    const backend = this.#backend.options.name
    const families = familiesOf(processes, [...processes, ...ended], this.#startSeconds)
    return metricsText(
      families.map((family) => ({
        ...family,
        values: Array.from(family.values, (value) => ({ ...value, labels: { ...value.labels, backend } })),
      })),
    )
  }
}

/** `running` are the running processes, `all` includes those that have ended. */
function familiesOf(running: PortCounts[], all: PortCounts[], startSeconds: number): MetricFamily[] {
  const total = (of: PortCounts[], value: (counts: PortCounts) => number): number =>
    of.reduce((sum, counts) => sum + value(counts), 0)
  const waits = mergeWaits(all.map((counts) => counts.waits))
  const durations = all.map((counts) => counts.durations)
  const within = boundsSeconds.map((_, i) => durations.reduce((sum, one) => sum + (one.counts[i] ?? 0), 0))
  const codes = [...new Set(['200', ...all.flatMap((counts) => Object.keys(counts.responses))])]
  const faults = running.map((counts) => new Map(Object.entries(counts.faults)))
  return [
    counter('spillway_backend_accepts_total', 'Connections accepted', one(total(all, ({ accepts }) => accepts))),
    histogram(
      'spillway_backend_accept_wait_seconds',
      'How long accepted connections had waited in the accept queue, according to the kernel. Resolution: one jiffy (1 to 10 ms)',
      {
        upTo: countsUpTo(waits, boundsMs),
        count: waits.count,
        sum: waits.sumMs / 1000,
      },
    ),
    counter(
      'spillway_backend_responses_total',
      'HTTP responses sent, by status code',
      codes.map((code) => ({ labels: { code }, value: total(all, ({ responses }) => responses[code] ?? 0) })),
    ),
    histogram(
      'spillway_backend_request_duration_seconds',
      'From the head of a request until its response was handed to the kernel; the accept wait is not included',
      {
        upTo: runningSums(within),
        count: durations.reduce((sum, { counts }) => sum + counts.reduce((a, b) => a + b, 0), 0),
        sum: durations.reduce((sum, { sumSeconds }) => sum + sumSeconds, 0),
      },
    ),
    gauge(
      'spillway_backend_open_connections',
      'Connections accepted and not yet closed',
      one(total(running, ({ open }) => open)),
    ),
    gauge(
      'spillway_backend_fault',
      'Faults that are on: 1, or the value in the unit that the name of the fault ends with; 0 while off',
      Object.keys(noFaults).map((fault) => ({
        labels: { fault },
        value: Math.max(...faults.map((of) => Number(of.get(fault)))),
      })),
    ),
    gauge(
      'spillway_backend_loop_lag_seconds',
      'How late the event loop of the shared port answered its last heartbeat; grows while the loop is blocked',
      one(Math.max(...running.map(({ loopLagMs }) => loopLagMs)) / 1000),
    ),
    counter(
      'process_cpu_seconds_total',
      'CPU time of all processes of the backend',
      one(total(all, ({ cpuSeconds }) => cpuSeconds)),
    ),
    gauge(
      'process_resident_memory_bytes',
      'Resident memory of all processes of the backend',
      one(total(running, ({ residentBytes }) => residentBytes)),
    ),
    gauge('process_start_time_seconds', 'When the backend started, in seconds since 1970', one(startSeconds)),
  ]
}

const one = (value: number): MetricValue[] => [{ labels: {}, value }]
const counter = (name: string, help: string, values: MetricValue[]): MetricFamily => ({
  name,
  help,
  type: 'counter',
  values,
})
const gauge = (name: string, help: string, values: MetricValue[]): MetricFamily => ({
  name,
  help,
  type: 'gauge',
  values,
})

function runningSums(counts: number[]): number[] {
  let sum = 0
  return counts.map((count) => {
    sum += count
    return sum
  })
}

interface Distribution {
  /** How many were at most each of the bounds. */
  upTo: readonly number[]
  count: number
  sum: number
}

function histogram(name: string, help: string, { upTo, count, sum }: Distribution): MetricFamily {
  const bucket = (le: number | string, value: number): MetricValue => ({ labels: { le }, value, suffix: '_bucket' })
  return {
    name,
    help,
    type: 'histogram',
    values: [
      ...boundsSeconds.map((bound, index) => bucket(bound, upTo[index] ?? 0)),
      bucket('+Inf', count),
      { labels: {}, value: sum, suffix: '_sum' },
      { labels: {}, value: count, suffix: '_count' },
    ],
  }
}
