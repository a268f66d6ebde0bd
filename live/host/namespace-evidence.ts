/** A network namespace of two looks as evidence: what each listener holds, who accepts, what is counted and set. */
import type { NamespaceEvidence, Place, QueueEvidence, UdpEvidence } from '#findings/host/evidence.ts'
import type { NamespaceSample, PortSample } from '#services/exporter/snapshot.ts'
import type { Behinds } from './behind.ts'
import { type ExactLook, waitBefore } from './exact-wait.ts'
import type { EarlierLook } from './looks.ts'
import type { NamespaceFacts } from './namespace-facts.ts'
import { byPlace, countByPlace, namespaceName, placeOf } from './places.ts'

type Before = EarlierLook['namespaces'][number] | undefined

interface Around {
  apartMs: number
  /** Whether it is the namespace in which this process runs. */
  own: boolean
  /** The host, where it is not this one: its name. */
  host?: string | undefined
  processes: Behinds
  /** What the snapshot does not tell, where it can be looked at. */
  facts?: NamespaceFacts
  /** Where listeners were read by BPF too: the reading before, and when that of the snapshot was made. */
  exact?: { first: ExactLook; nowMs: number }
}

/** What two snapshots say of a namespace. */
export function namespaceEvidence(space: NamespaceSample, before: Before, around: Around): NamespaceEvidence {
  const { own, host, apartMs, facts } = around
  const settings = { ...facts?.settings, ...space.limits }
  const place = { netns: namespaceName(space), own, ...(host === undefined ? {} : { host }) }
  const counters = { ...space.counters, ...space.otherCounters }
  return {
    ...place,
    counters,
    countersBefore: before === undefined ? undefined : { ...before.counters, ...before.otherCounters },
    settings,
    conntrack: facts?.conntrack,
    destinations: (space.outgoing?.destinations ?? []).flatMap(({ address, port, ports: used, connections }) =>
      used === undefined ? [] : [{ address, port, ports: used, timeWait: connections.time_wait ?? 0 }],
    ),
    sourcePorts: space.outgoing?.portsLimit,
    queues: [
      ...tcpQueues(space, before, place, around, settings['net.core.somaxconn']),
      ...unixQueues(space, before, place, around, settings['net.core.somaxconn']),
    ],
    udp: udpOf(space, before, place, apartMs),
  }
}

type Where = Pick<Place, 'netns' | 'own' | 'host'>

function tcpQueues(
  space: NamespaceSample,
  before: Before,
  place: Where,
  { processes, apartMs, exact: around }: Around,
  somaxconn: number | undefined,
): QueueEvidence[] {
  const earlier = byCookie(before?.listeners ?? [])
  const ports = byPlace(space.ports)
  const portsBefore = byPlace(before?.ports ?? [])
  const shards = countByPlace(space.listeners)
  // Written out: copying objects into one another is what most of the time for ten thousand listeners would go into.
  return space.listeners.map((listener): QueueEvidence => {
    const { address, port, drops } = listener
    const at = placeOf(listener)
    const then = earlier.get(listener.cookie)
    const who = processes.behind(listener, somaxconn)
    const all = ofPort(ports.get(at), portsBefore.get(at))
    const exact = around === undefined ? undefined : listener.exact
    const waitMs = exact?.oldestWaitMs ?? 0
    return {
      netns: place.netns,
      own: place.own,
      host: place.host,
      address,
      port,
      mptcp: listener.protocol === 'mptcp',
      shard: listener.shard,
      shards: shards.get(at) ?? 1,
      server: who.server,
      who: who.who,
      taken: who.taken,
      activated: who.activated,
      unit: who.unit,
      container: who.container,
      pod: who.pod,
      kubernetes: who.kubernetes,
      processes: who.processes,
      acceptors: who.acceptors,
      unseen: who.unseen,
      length: who.length,
      lengthBefore: then?.length,
      limit: who.limit,
      setBy: who.setBy,
      drops,
      dropsPerSecond: then === undefined ? undefined : perSecond(drops - then.drops, apartMs),
      oldestWaitMs: exact === undefined ? all.oldestWaitMs : waitMs,
      oldestWaitBeforeMs:
        exact === undefined || around === undefined
          ? all.oldestWaitBeforeMs
          : waitBefore(listener.cookie, waitMs, { ...around, apartMs }),
      ...(exact !== undefined && { isExact: true, halfOpen: exact.synQueue }),
      hungUp: all.hungUp,
      accepted: all.accepted,
      acceptedBefore: all.acceptedBefore,
      closedFirst: all.closedFirst,
      unserved: all.unserved,
      synQueue: all.synQueue,
    }
  })
}

function unixQueues(
  { unixListeners = [] }: NamespaceSample,
  before: Before,
  place: Where,
  { processes }: Around,
  somaxconn: number | undefined,
): QueueEvidence[] {
  const earlier = byCookie(before?.unixListeners ?? [])
  const shards = Map.groupBy(unixListeners, ({ path }) => path)
  return unixListeners.map((listener) => ({
    ...place,
    path: listener.path,
    shard: listener.shard,
    shards: shards.get(listener.path)?.length ?? 1,
    ...processes.behind({ ...listener, acceptors: listener.acceptors ?? null }, somaxconn),
    lengthBefore: earlier.get(listener.cookie)?.length,
    drops: undefined,
    dropsPerSecond: undefined,
    ...ofPort(undefined, undefined),
  }))
}

function udpOf({ udpSockets = [] }: NamespaceSample, before: Before, place: Where, apartMs: number): UdpEvidence[] {
  const earlier = byPlace(before?.udpSockets ?? [])
  return udpSockets.map((socket) => {
    const { address, port, bytes, limitBytes, drops } = socket
    const then = earlier.get(placeOf(socket))
    return {
      ...place,
      ...{ shard: 1, address, port, bytes, limitBytes, drops },
      dropsPerSecond: then === undefined ? undefined : perSecond(drops - then.drops, apartMs),
    }
  })
}

/** The states of a connection whose first FIN was ours; after the last of them it is kept for a minute. */
const closedByUs = ['fin_wait1', 'fin_wait2', 'closing', 'time_wait'] as const

/** What is known of a port alone, not by shard. */
function ofPort(
  port: PortSample | undefined,
  before: Pick<PortSample, 'oldestWaitMs' | 'pastAccept'> | undefined,
): Pick<
  QueueEvidence,
  | 'oldestWaitMs'
  | 'oldestWaitBeforeMs'
  | 'hungUp'
  | 'accepted'
  | 'acceptedBefore'
  | 'closedFirst'
  | 'unserved'
  | 'synQueue'
> {
  const { connections, pastAccept, waitingFinished, waitingReset, synQueue } = port ?? {}
  const { unserved, unservedOldestMs } = pastAccept ?? {}
  return {
    oldestWaitMs: port?.oldestWaitMs,
    oldestWaitBeforeMs: before?.oldestWaitMs,
    hungUp:
      waitingFinished === undefined && waitingReset === undefined
        ? undefined
        : (waitingFinished ?? 0) + (waitingReset ?? 0),
    accepted: pastAccept?.accepted,
    acceptedBefore: before?.pastAccept?.accepted,
    closedFirst: connections && closedByUs.reduce((sum, state) => sum + (connections[state] ?? 0), 0),
    unserved: unserved === undefined ? undefined : { connections: unserved, oldestMs: unservedOldestMs ?? 0 },
    synQueue,
  }
}

const perSecond = (more: number, apartMs: number): number => (Math.max(0, more) * 1000) / apartMs

const byCookie = <One extends { cookie: string }>(all: readonly One[]): Map<string, One> =>
  new Map(all.map((one) => [one.cookie, one]))
