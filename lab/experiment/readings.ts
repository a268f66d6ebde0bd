/** Turns a recording into what an experiment's `expect` reads. Pure. */

import type { ClientReadings, PortReadings, Readings, Tally } from '#experiments/vocabulary/readings.ts'
import { fullName, type QueueCounter, tcp, tcpExt } from '#kernel/queue-counters.ts'
import type { LoadReport } from '#load/agent/api.ts'
import { backendOf } from './backend-readings.ts'
import { connectionsOf } from './connection-readings.ts'
import { listenerOf } from './listener-readings.ts'
import type { Recording } from './recording.ts'
import { Timeline } from './timeline.ts'

export function readingsOf(recording: Recording): Readings {
  const timeline = new Timeline(recording)
  return {
    result: Object.fromEntries(recording.phases.map(({ name, result }) => [name, result])),
    listener: (shard) => listenerOf(recording, timeline, shard),
    port: portOf(recording, timeline),
    counters: countersOf(timeline, 'counters'),
    clientCounters: countersOf(timeline, 'clientCounters'),
    clients: clientsOf(recording, timeline),
    backend: (number) => backendOf(recording, timeline, number),
    durationMs: (phase) => timeline.durationMs(phase),
    sysctl(name) {
      const value = recording.sysctls[name]
      if (value === undefined) throw new RangeError(`The sysctl ${name} is not recorded`)
      return value === null ? Number.NaN : Number(value)
    },
  }
}

function portOf({ connections, synQueue }: Recording, timeline: Timeline): PortReadings<string> {
  return {
    synQueue: timeline.series(synQueue.atMs, synQueue.length),
    waitingFinished: timeline.series(connections.atMs, connections.waitingFinished),
    oldestWaitMs: timeline.series(connections.atMs, connections.oldestWaitMs),
    established: timeline.series(connections.atMs, connections.established),
    receiveBytes: timeline.series(connections.atMs, connections.receiveBytes),
    sendBytes: timeline.series(connections.atMs, connections.sendBytes),
    zeroWindows: timeline.series(connections.atMs, connections.zeroWindows),
  }
}

function countersOf(timeline: Timeline, host: 'counters' | 'clientCounters'): Record<QueueCounter, Tally<string>> {
  const read = (name: QueueCounter): Tally<string> => timeline.tally((boundary) => boundary[host][fullName(name)] ?? 0)
  const all = [...tcp, ...tcpExt].map((name) => [name, read(name)])
  return Object.fromEntries(all) as Record<QueueCounter, Tally<string>>
}

function clientsOf({ loads, records, plan }: Recording, timeline: Timeline): ClientReadings<string> {
  const ours = plan.server === undefined
  const halfOpen = new Set(loads.flatMap(({ id, order }) => (order.kind === 'half-open' ? [id] : [])))
  const sumOfHalfOpen = (reports: readonly LoadReport[]): number =>
    reports.reduce((sum, { id, started }) => (halfOpen.has(id) ? sum + started : sum), 0)
  return {
    ...connectionsOf(records, ours),
    synsSent: timeline.tally(
      ({ clientCounters }) => (clientCounters.Tcp_ActiveOpens ?? 0) + (clientCounters.TcpExt_TCPSynRetrans ?? 0),
    ),
    halfOpenSyns: timeline.tally((boundary) => sumOfHalfOpen(boundary.loads)),
    startedIn(phase) {
      timeline.place(phase)
      return connectionsOf(
        records.filter((record) => record.phase === phase),
        ours,
      )
    },
  }
}
