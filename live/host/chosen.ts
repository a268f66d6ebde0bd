/** One place of a host as the board draws it, snapshot by snapshot: what must be remembered of it begins when it is chosen. */
import type { QueueEvidence } from '#findings/host/evidence.ts'
import { doubtOf, whySo } from '#findings/host/words.ts'
import { fullName, tcpExt } from '#kernel/queue-counters.ts'
import type { NamespaceSample, Snapshot } from '#services/exporter/snapshot.ts'
import { agesNow, exactWait, PortMemory } from '../memory.ts'
import type { Ages } from '../reading.ts'
import type { ArrivalsView, HolderView, PictureState, QueueView } from '../state.ts'
import { portViewOf } from '../view.ts'
import type { ChosenView } from './host-state.ts'
import type { PlaceRows } from './overview.ts'
import { namespaceName } from './places.ts'
import type { HostRow } from './rows.ts'

/** More tanks side by side than this are no picture. */
const MOST_TANKS = 64
const RATE_SPAN_MS = 1000

export interface SeenPlace {
  key: string
  snapshot: Snapshot
  rows: PlaceRows
  severalNamespaces: boolean
  /** Of its sockets, as far as it was gathered. */
  evidence: readonly QueueEvidence[]
}

export class ChosenPlace {
  readonly #memory = new PortMemory()
  #history: { monotonicMs: number; counters: Readonly<Record<string, number>> }[] = []

  /** Snapshots must follow one another. */
  see({ key, snapshot, rows, severalNamespaces, evidence }: SeenPlace): ChosenView {
    const [worst] = rows
    const { kind, place, netns, portSample } = worst
    const space = snapshot.namespaces.find((one) => namespaceName(one) === netns)
    const nowMs = snapshot.monotonicMs
    const inOrder = rows.toSorted((a, b) => a.shard - b.shard)
    const drawn = inOrder.length <= MOST_TANKS ? inOrder : rows.slice(0, MOST_TANKS)
    const ages = agesOf(space, kind)
    const remembered = this.#memory.see({
      nowMs,
      queues: inOrder.map(({ key: cookie, length, room, peak, exact }) => ({
        cookie,
        length,
        limit: room - 1,
        peak,
        process: undefined,
        exact: exactWait(exact, nowMs, ages),
      })),
      port: portSample,
      ages,
    })
    const stopped = new Set(
      evidence.flatMap(({ processes }) => processes.flatMap(({ pid, state }) => (state === 'stopped' ? [pid] : []))),
    )
    const shards = drawn.map((row) => queueOf(row, remembered, stopped))
    const [first] = evidence
    const { pastAccept, retransmitting } = portSample ?? {}
    const picture: PictureState = {
      sequence: snapshot.sequence,
      timeMs: snapshot.timeMs,
      monotonicMs: nowMs,
      mode: drawn.length > 1 ? 'sharded' : 'single',
      steering: undefined,
      shards,
      portView: portSample && portViewOf(portSample, shards),
      clients: undefined,
      ...this.#counted(space, nowMs),
      ages: remembered.ages,
      holdersAgeMs: snapshot.ownersAgeSeconds === null ? undefined : snapshot.ownersAgeSeconds * 1000,
      read: kind === 'tcp' ? ['listeners', 'synQueue', 'connections', 'counters'] : ['listeners'],
    }
    return {
      key,
      kind,
      ...(worst.mptcp && { mptcp: worst.mptcp }),
      place,
      ...(severalNamespaces ? { netns } : {}),
      process: worst.process,
      sockets: rows.length,
      picture,
      leftOut: rows.length - drawn.length,
      who: first?.who ?? (worst.process || undefined),
      unit: worst.unit,
      container: worst.container,
      ...(worst.pod !== undefined && { pod: worst.pod }),
      doubt: doubtOf(rows.find(({ unseen }) => unseen !== undefined) ?? {}),
      limitBecause: first && whySo(first.setBy, first.server?.name),
      past: portSample?.connections === undefined ? undefined : pastOf(pastAccept),
      retransmitting: portSample?.connections === undefined ? undefined : (retransmitting ?? 0),
    }
  }

  /** What the kernel counts over all ports of the namespace, over the last second. */
  #counted(
    space: NamespaceSample | undefined,
    nowMs: number,
  ): Pick<PictureState, 'cookiesPerSecond' | 'moved'> & { arrivals: ArrivalsView } {
    const counters = space === undefined || space.agesSeconds.counters == null ? undefined : space.counters
    if (counters === undefined) {
      this.#history = []
      return { cookiesPerSecond: 0, moved: [], arrivals: { openedPerSecond: undefined, overflowsPerSecond: undefined } }
    }
    // An exporter that was started again counts time anew.
    this.#history = [...this.#history.filter((then) => then.monotonicMs < nowMs), { monotonicMs: nowMs, counters }]
    while (this.#history.length > 2 && this.#history[1]!.monotonicMs <= nowMs - RATE_SPAN_MS) this.#history.shift()
    const before = this.#history[0]!
    const seconds = (nowMs - before.monotonicMs) / 1000
    const rate = (name: string): number | undefined =>
      seconds > 0 ? Math.max(0, (counters[name] ?? 0) - (before.counters[name] ?? 0)) / seconds : undefined
    return {
      cookiesPerSecond: rate('TcpExt_SyncookiesSent') ?? 0,
      moved: tcpExt.flatMap((name) => {
        const perSecond = rate(fullName(name)) ?? 0
        return perSecond > 0 ? [{ name, perSecond }] : []
      }),
      arrivals: {
        openedPerSecond: rate('Tcp_PassiveOpens'),
        overflowsPerSecond: rate('TcpExt_ListenOverflows'),
      },
    }
  }
}

function queueOf(
  row: HostRow,
  { waits, hungUp }: Pick<ReturnType<PortMemory['see']>, 'waits' | 'hungUp'>,
  stopped: ReadonlySet<number>,
): QueueView {
  const { kind, room, length, key, cookie } = row
  return {
    shard: row.shard,
    ...(cookie !== undefined && { cookie }),
    state: 'listening',
    // That nobody waits for connections is said by the kernel, or is not known.
    stalled: row.acceptors !== undefined && row.acceptors.length === 0 && length > 0,
    ...(kind === 'udp' ? { unit: 'bytes' as const } : {}),
    length,
    limit: kind === 'udp' ? room : room - 1,
    backlog: kind === 'udp' ? room : room - 1,
    fill: length / Math.max(1, room),
    wasFull: row.wasFull ?? false,
    peak: row.peak,
    // Who counts how often it has become full sees every connection that comes.
    peakIsExact: row.timesFull !== undefined,
    fullSeconds: row.fullSeconds,
    drops: row.drops,
    dropsPerSecond: row.dropsPerSecond,
    acceptsPerSecond: undefined,
    open: undefined,
    acceptWait: undefined,
    ...(row.exact !== undefined && { halfOpen: row.exact.synQueue }),
    oldestWait: kind === 'tcp' ? waits.get(key) : undefined,
    hungUp: kind === 'tcp' ? hungUp?.get(key) : undefined,
    holders: holdersOf(row, stopped),
  }
}

/** Those that accept first. */
function holdersOf({ pids, acceptors, unseen, process }: HostRow, stopped: ReadonlySet<number>): HolderView[] {
  return pids
    .map((pid): HolderView => {
      // Of those that hold it and could be looked into, it is known also where others could not.
      const accepts = acceptors?.includes(pid) ?? (unseen === undefined ? undefined : false)
      return stopped.has(pid)
        ? { pid, command: process, accepts: accepts === undefined ? undefined : false, stopped: true }
        : { pid, command: process, accepts }
    })
    .toSorted((a, b) => Number(b.accepts ?? false) - Number(a.accepts ?? false))
}

const kindOfDump = { tcp: 'listeners', unix: 'unix', udp: 'udp' } as const

/** Its queue has an age of its own, by its kind. */
function agesOf(space: NamespaceSample | undefined, kind: HostRow['kind']): Ages {
  const seconds = space?.agesSeconds[kindOfDump[kind]]
  return { ...agesNow(space, undefined), listeners: seconds == null ? undefined : seconds * 1000 }
}

/** A port without accepted connections has no entry. */
const pastOf = (past: NonNullable<HostRow['portSample']>['pastAccept']): NonNullable<ChosenView['past']> =>
  past === undefined
    ? { accepted: 0, unserved: 0, oldestMs: undefined }
    : { accepted: past.accepted, unserved: past.unserved, oldestMs: past.unservedOldestMs }
