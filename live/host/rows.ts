/** The queues of a host as rows, one for each listening socket and each UDP address, with rates over the last second. Pure. */
import type { UnseenEvidence } from '#findings/host/evidence.ts'
import type { ListenerSample, NamespaceSample, PortSample, Snapshot } from '#services/exporter/snapshot.ts'
import { placeWords } from './place-words.ts'
import { byPlace, countByPlace, namespaceName, placeOf } from './places.ts'

/** Rates are taken over this span. */
const RATE_SPAN_MS = 1000
/** So long a row keeps the mark that something happened in it. */
export const MARKED_MS = 10_000

export interface HostRow {
  /** The same for the same socket in each snapshot. */
  key: string
  kind: 'tcp' | 'unix' | 'udp'
  /** Present for a TCP listener that is one of MPTCP. */
  mptcp?: true
  /** Of a TCP listener. */
  cookie?: string
  netns: string
  /** `0.0.0.0:8080`, `/run/app.sock`, `0.0.0.0:53` */
  place: string
  port: number | undefined
  shard: number
  /** Sockets that share the place. */
  shards: number
  /** The command of the process that stands for the socket; empty if it may not be seen. */
  process: string
  pids: readonly number[]
  /** Who waited for connections when it was last looked; undefined where that is not known, or not asked. */
  acceptors: readonly number[] | undefined
  /** Where nobody was seen to: who could not be looked into. */
  unseen?: UnseenEvidence
  unit: string
  container: string
  /** `shop/web-7d9f (nginx)` */
  pod?: string
  /** In connections; of UDP in bytes. */
  length: number
  /** As many fit. */
  room: number
  /** Highest length of the peak window. */
  peak: number
  /** Time at which it was full, of the peak window; undefined for UDP. */
  fullSeconds: number | undefined
  /** What the kernel has counted since the socket listens; undefined where it counts nothing, as for UNIX sockets. */
  drops: number | undefined
  dropsPerSecond: number | undefined
  /** The longest wait here, 0 if nobody waits; undefined where it is not known. */
  oldestWaitMs: number | undefined
  /** What BPF tells of it, where that is read. */
  exact?: ListenerSample['exact']
  /** It is that of the whole port, where several shards have somebody waiting: here it is no longer. */
  waitIsBound: boolean
  /** How long it was seen full since it was first read; undefined for UDP. */
  fullSecondsTotal: number | undefined
  /** How often it has become full, however briefly; undefined where that is not watched. */
  timesFull?: number | undefined
  /** Whether a sample since the snapshot before has seen it full, or it is full now. */
  wasFull?: boolean
  /** How long ago it last dropped something or was full, within the last ten seconds. */
  happenedMs: number | undefined
  /** What is known of the whole port. */
  portSample: PortSample | undefined
}

export interface HostView {
  timeMs: number
  namespaces: readonly { netns: string; movedPerSecond: readonly { name: string; perSecond: number }[] }[]
  rows: HostRow[]
  /** How old what was read last of any kind that is shown is, in milliseconds; undefined for a kind that was never read. */
  ages: { listeners: number | undefined; connections: number | undefined }
  /** How often the queues are read, of the namespace in which that is the least often. */
  sampleIntervalMs: number
  /** Whether peaks, and time at which queues of TCP were full, are those of all moments, not only of those at which they were read. */
  peaksAreExact: boolean
  /** Whether it has been found out by now whose the sockets are, as far as that may be seen. */
  ownersAreKnown: boolean
}

/** Counters that say that somebody was turned away, or may have been. */
const told = [
  'TcpExt_ListenOverflows',
  'TcpExt_ListenDrops',
  'TcpExt_TCPReqQFullDrop',
  'TcpExt_TCPReqQFullDoCookies',
  'TcpExt_TCPAbortOnMemory',
  'Udp_RcvbufErrors',
] as const

/** Makes views of snapshots that follow one another. */
export class HostRows {
  #history: Snapshot[] = []
  #counted = new Map<string, Counted>()
  readonly #happened = new Map<string, number>()

  /** Snapshots from before a gap are not held against what comes after it. */
  forget(): void {
    this.#history = []
    this.#counted.clear()
  }

  see(snapshot: Snapshot): HostView {
    const before = this.#history[0]
    this.#history.push(snapshot)
    const spanStart = snapshot.monotonicMs - RATE_SPAN_MS
    while (this.#history.length > 2 && this.#history[1]!.monotonicMs <= spanStart) this.#history.shift()
    const rows = snapshot.namespaces.flatMap((space) => rowsOf(space, among(before, space), snapshot, before))
    this.#mark(rows, snapshot.monotonicMs)
    return {
      timeMs: snapshot.timeMs,
      namespaces: snapshot.namespaces.map((space) => ({
        netns: namespaceName(space),
        movedPerSecond: moved(space, among(before, space), snapshot, before),
      })),
      rows,
      ages: { listeners: oldest(snapshot, 'listeners'), connections: oldest(snapshot, 'connections') },
      sampleIntervalMs: readEveryMs(snapshot),
      peaksAreExact: isExact(snapshot, 'peaks') && isExact(snapshot, 'accept_waits'),
      ownersAreKnown: snapshot.ownersAgeSeconds !== null,
    }
  }

  /** Between two snapshots a queue may have been full and empty again: its counters tell. */
  #mark(rows: readonly HostRow[], nowMs: number): void {
    const counted = new Map<string, Counted>()
    for (const row of rows) {
      const { key, drops = 0, fullSecondsTotal = 0, timesFull = 0 } = row
      counted.set(key, { drops, fullSecondsTotal, timesFull })
      const then = this.#counted.get(key)
      const becameFull = then !== undefined && (fullSecondsTotal > then.fullSecondsTotal || timesFull > then.timesFull)
      row.wasFull = row.length >= row.room || becameFull
      const more = becameFull || (then !== undefined && drops > then.drops)
      if (more || row.length >= row.room) this.#happened.set(key, nowMs)
      const atMs = this.#happened.get(key)
      if (atMs !== undefined && nowMs - atMs <= MARKED_MS) row.happenedMs = nowMs - atMs
    }
    this.#counted = counted
    for (const [key, atMs] of this.#happened) if (nowMs - atMs > MARKED_MS) this.#happened.delete(key)
  }
}

interface Counted {
  drops: number
  fullSecondsTotal: number
  timesFull: number
}

const keyOf = ({ netns }: NamespaceSample, cookie: string): string => `${netns} ${cookie}`
const among = (snapshot: Snapshot | undefined, { inode }: NamespaceSample): NamespaceSample | undefined =>
  snapshot?.namespaces.find((space) => space.inode === inode)

const perSecond = (now: number, then: number, at: Snapshot, before: Snapshot | undefined): number =>
  before === undefined ? 0 : (Math.max(0, now - then) * 1000) / Math.max(1, at.monotonicMs - before.monotonicMs)

function rowsOf(
  space: NamespaceSample,
  earlier: NamespaceSample | undefined,
  at: Snapshot,
  before: Snapshot | undefined,
): HostRow[] {
  const netns = namespaceName(space)
  const ports = byPlace(space.ports)
  const shards = countByPlace(space.listeners)
  // Shards in which anybody waits: who waits at a port does not say in which.
  const waiting = countByPlace(space.listeners.filter(({ length }) => length > 0))
  const dropsThen = new Map((earlier?.listeners ?? []).map(({ cookie, drops }) => [cookie, drops]))
  const tcp = space.listeners.map((listener): HostRow => {
    const place = placeOf(listener)
    const portSample = ports.get(place)
    const { exact } = listener
    const then = dropsThen.get(listener.cookie)
    return {
      key: keyOf(space, listener.cookie),
      kind: 'tcp',
      cookie: listener.cookie,
      ...(listener.protocol === 'mptcp' && { mptcp: true as const }),
      netns,
      place,
      port: listener.port,
      shard: listener.shard,
      shards: shards.get(place) ?? 1,
      process: listener.process,
      pids: listener.pids,
      acceptors: listener.acceptors ?? undefined,
      ...(listener.unseen !== undefined && { unseen: listener.unseen }),
      ...placeWords(listener),
      length: listener.length,
      room: listener.limit + 1,
      peak: listener.peak,
      fullSeconds: listener.fullSecondsInWindow,
      fullSecondsTotal: listener.atLeastSeconds['1'],
      timesFull: listener.events?.timesFull,
      drops: listener.drops,
      dropsPerSecond: then === undefined ? undefined : perSecond(listener.drops, then, at, before),
      oldestWaitMs:
        listener.length === 0 ? 0 : exact === undefined ? portSample?.oldestWaitMs : (exact.oldestWaitMs ?? 0),
      waitIsBound: exact === undefined && (waiting.get(place) ?? 0) > 1,
      exact,
      happenedMs: undefined,
      portSample,
    }
  })
  const unix = (space.unixListeners ?? []).map(
    (listener): HostRow => ({
      key: keyOf(space, listener.cookie),
      kind: 'unix',
      netns,
      place: listener.path,
      port: undefined,
      shard: listener.shard,
      shards: 1,
      process: listener.process,
      pids: listener.pids,
      acceptors: undefined,
      ...placeWords(listener),
      length: listener.length,
      room: listener.limit + 1,
      peak: listener.peak,
      fullSeconds: listener.fullSecondsInWindow,
      fullSecondsTotal: listener.atLeastSeconds['1'],
      drops: undefined,
      dropsPerSecond: undefined,
      oldestWaitMs: undefined,
      waitIsBound: false,
      happenedMs: undefined,
      portSample: undefined,
    }),
  )
  const udpThen = byPlace(earlier?.udpSockets ?? [])
  const udp = (space.udpSockets ?? []).map((socket): HostRow => {
    const then = udpThen.get(placeOf(socket))
    return {
      key: `${netns} udp ${placeOf(socket)}`,
      kind: 'udp',
      netns,
      place: placeOf(socket),
      port: socket.port,
      shard: 1,
      shards: 1,
      process: '',
      pids: [],
      acceptors: undefined,
      unit: '',
      container: '',
      length: socket.bytes,
      room: socket.limitBytes,
      peak: socket.peakBytes,
      fullSeconds: undefined,
      fullSecondsTotal: undefined,
      drops: socket.drops,
      dropsPerSecond: then === undefined ? undefined : perSecond(socket.drops, then.drops, at, before),
      oldestWaitMs: undefined,
      waitIsBound: false,
      happenedMs: undefined,
      portSample: undefined,
    }
  })
  return [...tcp, ...unix, ...udp]
}

function moved(
  space: NamespaceSample,
  earlier: NamespaceSample | undefined,
  at: Snapshot,
  before: Snapshot | undefined,
): { name: string; perSecond: number }[] {
  if (earlier === undefined) return []
  const now = { ...space.counters, ...space.otherCounters }
  const then = { ...earlier.counters, ...earlier.otherCounters }
  return told.flatMap((name) => {
    const gained = perSecond(now[name] ?? 0, then[name] ?? now[name] ?? 0, at, before)
    return gained > 0 ? [{ name: name.replace(/^TcpExt_/, '').replace('_', ' '), perSecond: gained }] : []
  })
}

const isExact = ({ sampler }: Snapshot, feature: string): boolean => sampler.exactFeatures?.[feature] === null

function oldest({ namespaces }: Snapshot, kind: string): number | undefined {
  const ages = namespaces.map(({ agesSeconds }) => agesSeconds[kind])
  return ages.some((age) => age == null) || ages.length === 0 ? undefined : Math.max(...ages.map(Number)) * 1000
}

/** What was asked for, unless it is clearly less often: of a busy machine, or where that would cost too much. */
function readEveryMs({ sampler }: Snapshot): number {
  const [askedMs, lastMs] = [sampler.intervalSeconds * 1000, sampler.dumps.listeners.intervalSeconds * 1000]
  return lastMs > 1.5 * askedMs ? Math.round(lastMs) : askedMs
}
