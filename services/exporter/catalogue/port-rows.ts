/** Rows for every listening port of a snapshot. */
import type { MetricValue } from '#common/metrics-text.ts'
import type { PortSample } from '../snapshot.ts'
import type { Held, Metric } from './metric.ts'

export const portLabels = ['netns', 'address', 'port'] as const

export type PortLabels = Record<(typeof portLabels)[number], string | number> & { device?: string }

/** The labels of a port in a namespace, and `device` only where its listeners are bound to one: several may share address and port. */
export const labelsOfPort = (
  netns: string,
  { address, port, device }: { address: string; port: number; device?: string },
): PortLabels => ({ netns, address, port, ...(device !== undefined && { device }) })

/** Rows from a function that gives those of one port; none for a port that no client has ever used. */
export function eachPort(read: (port: PortSample, labels: PortLabels) => Iterable<MetricValue>): Metric['read'] {
  return function* rows({ snapshot }: Held) {
    for (const { netns, ports } of snapshot?.namespaces ?? [])
      for (const port of ports) if (port.used) yield* read(port, labelsOfPort(netns, port))
  }
}

/** One row a port; none where the value is not known. */
export const onePerPort = (value: (port: PortSample) => number | undefined): Metric['read'] =>
  eachPort((port, labels) => {
    const known = value(port)
    return known === undefined ? [] : [{ labels, value: known }]
  })

export const connectionDump = 'dump of connections, once a second unless the CPU budget stretches the interval'
