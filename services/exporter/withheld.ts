import { type DumpCost, type DumpKind, dumpKinds, type RawNamespace, type RawSnapshot } from './sampler/message.ts'
import type { ListenerSample, NamespaceSample, PortSample, Snapshot } from './snapshot.ts'

/**
 * The snapshot without what is too old to be shown at `nowMs` (CLOCK_MONOTONIC): a number that was true a while ago must
 * not pass for a present one. It is the same object if nothing is.
 */
export function withoutOld(snapshot: Snapshot, raw: RawSnapshot, nowMs: number): Snapshot {
  const namespaces = snapshot.namespaces.map((namespace, at) => current(namespace, raw.namespaces[at], nowMs))
  const same = namespaces.every((namespace, at) => namespace === snapshot.namespaces[at])
  return same ? snapshot : { ...snapshot, namespaces }
}

/** The kinds of which something is left out at `nowMs`, in any namespace. */
export const tooOld = (raw: RawSnapshot, nowMs: number): DumpKind[] =>
  dumpKinds.filter((kind) => raw.namespaces.some(({ costs }) => isOld(costs[kind], nowMs)))

const isOld = ({ readMs, goodForMs }: DumpCost, nowMs: number): boolean => readMs === null || nowMs - readMs > goodForMs

function current(namespace: NamespaceSample, raw: RawNamespace | undefined, nowMs: number): NamespaceSample {
  const old = (kind: DumpKind): boolean => raw === undefined || isOld(raw.costs[kind], nowMs)
  const hidden = new Set(dumpKinds.filter(old))
  if (hidden.size === 0) return namespace
  const kept = { ...namespace }
  if (hidden.has('listeners')) kept.listeners = []
  if (hidden.has('syn_queue')) kept.listeners = kept.listeners.map(withoutExact)
  kept.ports = kept.ports.map((port) => known(port, hidden.has('syn_queue'), hidden.has('connections')))
  if (hidden.has('counters')) kept.counters = {}
  for (const kind of hidden) for (const field of fieldsOf[kind] ?? []) delete kept[field]
  return kept
}

/** What a namespace shows of some kinds alone. */
const fieldsOf: Partial<Record<DumpKind, readonly OptionalField[]>> = {
  counters: ['otherCounters'],
  outgoing: ['outgoing'],
  unix: ['unixListeners', 'unixListenersLeftOut'],
  udp: ['udpSockets', 'udpSocketsLeftOut'],
  limits: ['limits', 'sockstat', 'tcpMemory'],
}
type OptionalField =
  | 'otherCounters'
  | 'outgoing'
  | 'unixListeners'
  | 'unixListenersLeftOut'
  | 'udpSockets'
  | 'udpSocketsLeftOut'
  | 'limits'
  | 'sockstat'
  | 'tcpMemory'

function withoutExact(listener: ListenerSample): ListenerSample {
  if (listener.exact === undefined) return listener
  const { exact: _, ...rest } = listener
  return rest
}

function known(port: PortSample, noSynQueue: boolean, noConnections: boolean): PortSample {
  const { address, port: number, device, used, synQueue, synQueueRetried, ...ofConnections } = port
  return {
    ...{ address, port: number, used },
    ...(device !== undefined && { device }),
    ...(noSynQueue || synQueue === undefined ? {} : { synQueue }),
    ...(noSynQueue || synQueueRetried === undefined ? {} : { synQueueRetried }),
    ...(noConnections ? {} : ofConnections),
  }
}
