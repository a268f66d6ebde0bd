/**
 * A server may listen on its port at several addresses, `0.0.0.0` and `::` for example, and each has sockets of its own. Clients
 * of the lab reach one of them: the others are left out of all that the exporter tells, so that no row is taken for another.
 */
import type { Samples } from '#services/exporter/samples.ts'
import type { Snapshot } from '#services/exporter/snapshot.ts'

interface Place {
  address: string
  port: number
}

/** Rows of other ports stay. */
const isReached =
  ({ address, port }: Place) =>
  (row: Place): boolean =>
    row.port !== port || row.address === address

export function snapshotOf(place: Place, snapshot: Snapshot): Snapshot {
  const reached = isReached(place)
  return {
    ...snapshot,
    namespaces: snapshot.namespaces.map((namespace) => ({
      ...namespace,
      listeners: namespace.listeners.filter(reached),
      ports: namespace.ports.filter(reached),
    })),
  }
}

export function samplesOf(place: Place, samples: Samples): Samples {
  const reached = isReached(place)
  const only = <Columns extends Samples['listeners'] | Samples['synQueue'] | Samples['connections']>(
    columns: Columns,
  ): Columns => {
    const kept = columns.address.map((address, row) => reached({ address, port: columns.port[row] ?? 0 }))
    if (kept.every(Boolean)) return columns
    const entries = Object.entries(columns).map(([name, values]) => [
      name,
      (values as readonly unknown[]).filter((_, row) => kept[row]),
    ])
    return { ...columns, ...Object.fromEntries(entries) }
  }
  const { listeners, synQueue, connections } = samples
  return { ...samples, listeners: only(listeners), synQueue: only(synQueue), connections: only(connections) }
}
