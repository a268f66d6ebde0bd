import { CounterFile, type Counters } from '#kernel/counters.ts'
import type { NetworkNamespace } from '#kernel/netns.ts'
import {
  ANY_FAMILY,
  MAX_FILTER_PORTS,
  ownPortIn,
  PreparedDump,
  SockDiag,
  type SocketRecord,
  states,
  wants,
} from '#kernel/sock-diag.ts'
import { Arrivals } from './arrivals.ts'
import type { Closed } from './closed-listeners.ts'
import { connectionStates } from './connection-totals.ts'
import { DeviceNames } from './device-names.ts'
import type { WatchedEvents } from './exact-events.ts'
import type { ExactReadings, ExactTarget } from './exact-readings.ts'
import { HostLimits } from './host-limits.ts'
import { ListenerDump } from './listener-dump.ts'
import type { ListenerState } from './listener-state.ts'
import type { DumpKind, NamespaceIdentity, RawNamespace } from './message.ts'
import { MovedConnections } from './moved-connections.ts'
import { OutgoingDump } from './outgoing-dump.ts'
import type { SamplingPace } from './pace.ts'
import { PortIndex } from './port-index.ts'
import type { PortState } from './port-state.ts'
import { noOwnSocket, type OwnSocket } from './quiet.ts'
import { defaultSelection, type Selection, selected } from './selection.ts'
import { StillAsWalked } from './still-as-walked.ts'
import { UdpSocketTable, type UdpSource } from './udp-socket-table.ts'
import { UnixListenerDump } from './unix-listener-dump.ts'

const counterFiles = ['/proc/thread-self/net/netstat', '/proc/thread-self/net/snmp'] as const
/** Its place among them. */
const SNMP = 1
/** Kinds that are read one after the other, and begin within so long, share one reading of the counters of segments. */
const TOGETHER_MS = 1
/** How often a quiet namespace is asked for what is asked for rarely. */
const QUIET_RARE_MS = 1000
/** The same where reading listeners has a budget. */
const SPARING_RARE_MS = 250
const shownCounter = /^(TcpExt|Tcp)_/
/** Of the others, what node_exporter shows by default (--collector.netstat.fields). */
const otherCounter =
  /^((?!Tcp_).*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$/
/** How much less often a kind is read in a namespace that has nothing of it, or in which nothing has waited for long. */
const RARE = 10
/** How much less often a kind is asked for that the kernel has refused: each time it may look for a module. */
const REFUSED = 1000
const noUdpSockets: UdpSource = { dump: () => {} }

export interface NamespaceSamplerOptions {
  selection?: Selection | undefined
  exact?: ExactReadings | undefined
  own?: OwnSocket
  /** Whether it is watched how long each queue is full, whenever it is looked. */
  seesAll?: () => boolean
}

/**
 * Everything read from one network namespace. Its sockets and files are opened inside the namespace and stay with it,
 * so reading needs neither a privilege nor a change of namespace. While this object is open it keeps the namespace alive.
 */
export class NamespaceSampler {
  readonly identity: NamespaceIdentity
  readonly #diag: SockDiag
  readonly #counterFiles: CounterFile[]
  readonly #ports: PortIndex
  readonly #listeners: ListenerDump
  /** Where reading listeners has a budget. */
  readonly #arrivals: Arrivals | undefined
  readonly #requestDump = new PreparedDump({ family: ANY_FAMILY, states: states.synRecv })
  /** Undefined while nothing listens. */
  #connectionDump: PreparedDump | undefined
  #connectionDumpVersion = -1
  #rareDueMs = Number.NEGATIVE_INFINITY
  readonly #rareIntervalMs: number
  readonly #counters: Counters = new Map()
  readonly #outgoing: OutgoingDump
  readonly #moved = new MovedConnections()
  readonly #noRequests = new StillAsWalked()
  readonly #restingConnections = new StillAsWalked()
  readonly #noOutgoing = new StillAsWalked()
  #segmentsMs = Number.NEGATIVE_INFINITY
  #shownCounters: string[] = []
  #otherCounters: string[] = []
  /** As snapshots have them, until one of them moves. */
  #raw: { counters: Record<string, number>; otherCounters: Record<string, number> } | undefined
  readonly #unix: UnixListenerDump
  readonly #udp: UdpSocketTable
  readonly #limits: HostLimits
  /** Undefined where nothing is read by BPF. */
  #exact: { readings: ExactReadings; target: ExactTarget } | undefined
  readonly #namespace: NetworkNamespace
  readonly #refused = new Set<DumpKind>()
  readonly #pace: SamplingPace
  readonly #selection: Selection
  readonly #devices = new DeviceNames((index) => this.#diag.deviceName(index))

  /** Enters `namespace` briefly; what is opened there does not need it afterwards. */
  constructor(
    identity: NamespaceIdentity,
    namespace: NetworkNamespace,
    pace: SamplingPace,
    { selection = defaultSelection, exact, own = noOwnSocket, seesAll }: NamespaceSamplerOptions = {},
  ) {
    this.identity = identity
    this.#selection = selection
    this.#pace = pace
    const isSparing = pace.listenersShare !== undefined
    this.#rareIntervalMs = isSparing ? SPARING_RARE_MS : Math.min(100, 10 * pace.sampleIntervalMs)
    this.#ports = new PortIndex(pace.peakWindowMs)
    this.#listeners = new ListenerDump(this.#ports, pace, own, seesAll)
    this.#unix = new UnixListenerDump(pace.peakWindowMs, own)
    this.#udp = new UdpSocketTable(pace)
    const opened: { close(): void }[] = []
    const open = <Resource extends { close(): void }>(resource: Resource): Resource => {
      opened.push(resource)
      return resource
    }
    try {
      ;[this.#diag, this.#counterFiles, this.#outgoing, this.#limits, this.#arrivals] = namespace.run(() => [
        open(new SockDiag()),
        counterFiles.map((path) => open(new CounterFile(path))),
        open(new OutgoingDump(this.#ports, pace.outgoingDestinations)),
        open(new HostLimits(identity.source === 'self')),
        isSparing ? open(new Arrivals()) : undefined,
      ])
      this.#namespace = open(namespace.again())
      if (exact !== undefined) this.#exact = { readings: exact, target: this.#exactTarget(this.#namespace) }
    } catch (error) {
      for (const resource of opened) resource.close()
      throw error
    }
  }

  #exactTarget(namespace: NetworkNamespace): ExactTarget {
    return {
      namespace,
      find: (cookieHigh, cookieLow) => this.#listeners.find(cookieHigh, cookieLow),
      listeners: () => this.listeners(),
      contradictions: 0,
    }
  }

  /**
   * Listeners and their queues; true if a connection waits in any of them but the exporter's own. Only every tenth time, at most 100 ms apart
   * (a second in a quiet namespace), a namespace without listeners is asked, the drops of each listener, and whether there are more
   * listeners, where there are few: those are seen a little late. `every` asks for everything, `drops` for the drops. Where reading has a
   * budget nothing is dumped that is known anyhow, and unless it is `plenty` only what a queue may have become full by.
   */
  sampleListeners(nowMs: number, every: boolean, { drops = every, quiet = false, plenty = true } = {}): boolean {
    const rareIsDue = every || nowMs >= this.#rareDueMs
    const come = this.#arrivals?.sinceDump()
    if (come !== undefined && !rareIsDue && !drops && this.#listeners.standsAsRead(nowMs, come, plenty))
      return this.#listeners.waits
    if (come === undefined && !rareIsDue && !drops && this.#listeners.look(this.#diag, nowMs))
      return this.#listeners.waits
    this.#arrivals?.dump()
    if (rareIsDue) this.#rareDueMs = nowMs + (quiet ? QUIET_RARE_MS : this.#rareIntervalMs)
    const waits =
      (rareIsDue || this.#listeners.inUse(nowMs)) && this.#listeners.sample(this.#diag, nowMs, rareIsDue || drops)
    this.#settleClosedListeners(nowMs)
    return waits
  }

  /** Whether nobody waits in any queue, and nobody has come since: the cheapest of all looks, and only where reading has a budget. */
  standsStill(nowMs: number): boolean {
    if (this.#arrivals === undefined || this.#listeners.waits) return false
    if (this.#listeners.inUse(nowMs) && this.#arrivals.sinceDump() > 0) return false
    this.#listeners.stands(nowMs)
    return true
  }

  /** Half-open requests by port; true if there are any. The kernel walks its whole table of connections, which all namespaces share. */
  sampleSynQueue(nowMs: number): boolean {
    const segments = this.#segments(nowMs, 'Tcp_InSegs')
    for (const port of this.#ports.groups()) port.beginRequests()
    if (!this.#noRequests.is(this.#ports.version, segments) && this.#ports.any)
      this.#diag.dump(this.#requestDump, this.#countRequest)
    let any = false
    for (const port of this.#ports.groups()) any = port.endRequests(nowMs) > 0 || any
    this.#noRequests.walked(!any, this.#ports.version, segments)
    this.#exact?.readings.read(this.#exact.target, any)
    return any
  }

  /** Has listeners read by BPF too, now and with every later look at the half-open requests. */
  readExactly(readings: ExactReadings): void {
    this.#exact = { readings, target: this.#exactTarget(this.#namespace) }
    let anyHalfOpen = false
    this.#diag.dump(this.#requestDump, () => {
      anyHalfOpen = true
    })
    readings.read(this.#exact.target, anyHalfOpen)
  }

  /** Counters of segments, over all sockets of the namespace, as a sum; undefined if the kernel does not say. */
  #segments(nowMs: number, ...names: string[]): number | undefined {
    if (nowMs - this.#segmentsMs >= TOGETHER_MS) {
      if (this.#counterFiles[SNMP]?.read(this.#counters) === true) this.#raw = undefined
      this.#segmentsMs = nowMs
    }
    let sum = 0
    for (const name of names) sum += this.#counters.get(name) ?? Number.NaN
    return Number.isNaN(sum) ? undefined : sum
  }

  /**
   * Connections of listening ports. The kernel leaves out those of other ports while there are few listening ones. Where
   * clients wait in a queue that stands still, the listeners are read again after it: see `ResetPlaces`.
   */
  sampleConnections(clock: () => number): void {
    const beganMs = clock()
    const segments = this.#segments(beganMs, 'Tcp_InSegs', 'Tcp_OutSegs')
    // A Fast Open connection takes a place in the accept queue before its handshake is over.
    const lengthsAreWaiting = (this.#counters.get('TcpExt_TCPFastOpenPassive') ?? 0) === 0
    if (this.#restingConnections.is(this.#ports.version, segments))
      for (const port of this.#ports.groups()) port.keepConnections(beganMs, lengthsAreWaiting)
    else this.#walkConnections(beganMs, segments, lengthsAreWaiting)
    if (some(this.#ports.groups(), ({ resetPlaces }) => resetPlaces.needAnotherLook))
      this.sampleListeners(clock(), false)
    for (const port of this.#ports.groups()) port.resetPlaces.decide(port.listeners)
  }

  #walkConnections(beganMs: number, segments: number | undefined, lengthsAreWaiting: boolean): void {
    if (this.#connectionDumpVersion !== this.#ports.version) this.#prepareConnectionDump()
    for (const port of this.#ports.groups()) port.beginConnections()
    if (this.#connectionDump !== undefined) this.#diag.dump(this.#connectionDump, this.#sumConnection)
    const restless = some(this.#ports.groups(), ({ connectionsRest }) => !connectionsRest)
    this.#restingConnections.walked(!restless, this.#ports.version, segments)
    for (const port of this.#ports.groups()) port.endConnections(beganMs, lengthsAreWaiting)
  }

  /** Connections whose own end has no listener. */
  sampleOutgoing(nowMs: number): void {
    const segments = this.#segments(nowMs, 'Tcp_InSegs', 'Tcp_OutSegs')
    const none = this.#noOutgoing.is(this.#ports.version, segments)
    const any = this.#outgoing.sample(this.#diag, none)
    if (!none) this.#noOutgoing.walked(!any, this.#ports.version, segments)
  }

  sampleCounters(): void {
    const known = this.#counters.size
    for (const file of this.#counterFiles) if (file.read(this.#counters)) this.#raw = undefined
    if (this.#counters.size !== known) {
      this.#shownCounters = [...this.#counters.keys()].filter((name) => shownCounter.test(name))
      this.#otherCounters = [...this.#counters.keys()].filter((name) => otherCounter.test(name))
    }
  }

  /** Listening UNIX sockets, `intervalMs` after the last time if all is well. The kernel walks all UNIX sockets of the namespace. */
  sampleUnixListeners(nowMs: number, intervalMs: number): void {
    this.#unix.sample(this.#diag, nowMs, intervalMs)
  }

  /** Bound, unconnected UDP sockets. Where sockstat says that there are none, the kernel need not walk its tables for them. */
  sampleUdpSockets(nowMs: number): void {
    this.#udp.sample(this.#limits.hasNoUdp() ? noUdpSockets : this.#diag, nowMs)
  }

  /** Settings, sockstat and the counters of IPv6. */
  sampleLimits(): void {
    if (this.#limits.read()) this.#raw = undefined
    this.#udp.ephemeral = this.#limits.portRange ?? this.#udp.ephemeral
  }

  /** Takes whether the kernel has answered to a kind. */
  answered(kind: DumpKind, answered: boolean): void {
    if (answered) this.#refused.delete(kind)
    else this.#refused.add(kind)
  }

  /** The interval at which a kind is read while there is nothing to see: what appears is seen a little late. 0 for as asked. */
  restMs(kind: DumpKind, nowMs: number): number {
    const factor = this.restFactor(kind, nowMs)
    if (factor === 1) return 0
    return factor * (kind === 'unix' ? this.#pace.sampleIntervalMs : this.#pace.synIntervalMs)
  }

  /** How many times less often than asked that is. */
  restFactor(kind: DumpKind, nowMs: number): number {
    if ((kind === 'unix' || kind === 'udp') && this.#refused.has(kind)) return REFUSED
    if (kind === 'unix') return this.#unix.isQuiet(nowMs) ? RARE : 1
    return kind === 'udp' && !this.#udp.inUse(nowMs) ? RARE : 1
  }

  /** Does something in this namespace; in any but that of the calling thread it takes CAP_SYS_ADMIN. */
  run(work: () => void): void {
    this.#namespace.run(work)
  }

  /** A listener by its cookie; undefined for one that no dump has shown. */
  findListener(cookieHigh: number, cookieLow: number): ListenerState | undefined {
    return this.#listeners.find(cookieHigh, cookieLow)
  }

  /** What the last dump of listeners found. */
  listeners(): Iterable<ListenerState> {
    return this.#listeners.listeners()
  }

  /** What the last dumps of half-open requests and of connections found. */
  ports(): Iterable<PortState> {
    return this.#ports.groups()
  }

  /** The counters that are shown, as they were last read. */
  *counters(): Iterable<[name: string, value: number]> {
    for (const name of this.#shownCounters) yield [name, this.#counters.get(name) ?? 0]
  }

  /** Grows whenever a listener has come or gone. */
  get changes(): number {
    return this.#ports.version + this.#unix.version
  }

  /** `watched` is what is known to have happened at listeners beside what was sampled; undefined where nothing is. */
  toRaw(nowMs: number, watched?: WatchedEvents): Omit<RawNamespace, 'costs'> {
    const outgoing = this.#outgoing.found
    const deviceName = (index: number): string => this.#devices.nameOf(index, nowMs)
    const closedListeners = this.#ports.closed.toSample(closedOf(this.#ports.groups()), deviceName)
    this.#raw ??= this.#rawCounters()
    const { shown, leftOut } = selected(this.#withUse(), this.#selection)
    const shownPorts = new Set(shown.flatMap(({ of }) => of ?? []))
    return {
      ...this.identity,
      listenersVersion: this.#ports.version,
      ...(leftOut > 0 && { listenersLeftOut: leftOut }),
      listeners: shown
        .map(({ state, used }) => state.toRaw(nowMs, deviceName(state.deviceIndex), used, watched))
        .sort(byPlace),
      ports: Array.from(shownPorts, (port) => port.toSample(nowMs, deviceName(port.deviceIndex))).sort(byPlace),
      ...this.#raw,
      ...(closedListeners !== undefined && { closedListeners }),
      ...(outgoing !== undefined && { outgoing }),
      ...this.#unix.toRaw(nowMs),
      ...this.#udp.toRaw(nowMs),
      ...this.#limits.toRaw(),
    }
  }

  *#withUse() {
    for (const state of this.listeners()) {
      const of = this.#ports.of(state)
      yield { state, of, address: state.address, port: state.port, used: of?.used ?? state.used }
    }
  }

  #rawCounters(): { counters: Record<string, number>; otherCounters: Record<string, number> } {
    const counters: Record<string, number> = {}
    for (const [name, value] of this.counters()) if (value !== 0) counters[name] = value
    const otherCounters: Record<string, number> = {}
    for (const name of this.#otherCounters) otherCounters[name] = this.#counters.get(name) ?? 0
    for (const [name, value] of this.#limits.counters) if (otherCounter.test(name)) otherCounters[name] = value
    return { counters, otherCounters }
  }

  close(): void {
    for (const state of this.listeners()) state.isGone = true
    this.#diag.close()
    this.#outgoing.close()
    this.#limits.close()
    this.#arrivals?.close()
    this.#namespace.close()
    for (const file of this.#counterFiles) file.close()
  }

  readonly #countRequest = (record: SocketRecord): void => this.#ports.find(record)?.countRequest(record.retransmits)
  readonly #sumConnection = (record: SocketRecord): void => this.#ports.find(record)?.addConnection(record)

  /** Who waited in the queues of listeners that have just closed: reset, unless the kernel says that it moved them. */
  #settleClosedListeners(nowMs: number): void {
    const { closed } = this.#ports
    if (this.#counters.size > 0) this.#moved.know(movedCounter(this.#counters))
    if (!closed.isUnsettled) return
    if (closed.mayHaveMoved) this.sampleCounters()
    this.#moved.place(closed.settle(nowMs, this.#moved.since(movedCounter(this.#counters))))
  }

  #prepareConnectionDump(): void {
    this.#connectionDumpVersion = this.#ports.version
    const ports = this.#ports.ports()
    if (ports.length === 0) {
      this.#connectionDump = undefined
      return
    }
    const filter =
      ports.length === 1 ? { port: ports[0]! } : ports.length <= MAX_FILTER_PORTS ? { filter: ownPortIn(ports) } : {}
    const query = { family: ANY_FAMILY, states: connectionStates, wants: wants.info, ...filter }
    this.#connectionDump = new PreparedDump(query)
  }
}

const movedCounter = (counters: Counters): number => counters.get('TcpExt_TCPMigrateReqSuccess') ?? 0

function some<Value>(values: Iterable<Value>, isSo: (value: Value) => boolean): boolean {
  for (const value of values) if (isSo(value)) return true
  return false
}

function* closedOf(groups: Iterable<PortState>): Iterable<Closed> {
  for (const { closed } of groups) yield closed
}

function byPlace(a: Place, b: Place): number {
  return a.port - b.port || (a.address < b.address ? -1 : a.address > b.address ? 1 : (a.inode ?? 0) - (b.inode ?? 0))
}

interface Place {
  address: string
  port: number
  inode?: number
}
