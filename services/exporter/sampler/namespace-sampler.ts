import { CounterFile, type Counters } from '#kernel/counters.ts'
import { AF_INET, AF_INET6 } from '#kernel/libc.ts'
import type { NetworkNamespace } from '#kernel/netns.ts'
import {
  MAX_FILTER_PORTS,
  ownPortIn,
  PreparedDump,
  SockDiag,
  type SocketRecord,
  states,
  wants,
} from '#kernel/sock-diag.ts'
import { connectionStates } from './connection-totals.ts'
import { DeviceNames } from './device-names.ts'
import { ListenerDump } from './listener-dump.ts'
import type { ListenerState } from './listener-state.ts'
import type { NamespaceIdentity, RawNamespace } from './message.ts'
import type { SamplingPace } from './pace.ts'
import { PortIndex } from './port-index.ts'
import type { PortState } from './port-state.ts'

const families = [AF_INET, AF_INET6] as const
const counterFiles = ['/proc/thread-self/net/netstat', '/proc/thread-self/net/snmp'] as const
const shownCounter = /^(TcpExt|Tcp)_/

/**
 * Everything read from one network namespace. Its sockets and files are opened inside the namespace and stay with it,
 * so reading needs neither a privilege nor a change of namespace. While this object is open it keeps the namespace alive.
 */
export class NamespaceSampler {
  readonly identity: NamespaceIdentity
  readonly #diag: SockDiag
  readonly #counterFiles: CounterFile[]
  readonly #ports: PortIndex
  readonly #listeners: Map<number, ListenerDump>
  readonly #requestDumps = new Map(
    families.map((family) => [family, new PreparedDump({ family, states: states.synRecv })]),
  )
  #connectionDumps = new Map<number, PreparedDump>()
  #connectionDumpsVersion = -1
  #rareDueMs = Number.NEGATIVE_INFINITY
  readonly #rareIntervalMs: number
  readonly #counters: Counters = new Map()
  #shownCounters: string[] = []
  readonly #devices = new DeviceNames((index) => this.#diag.deviceName(index))

  /** Enters `namespace` briefly; what is opened there does not need it afterwards. */
  constructor(identity: NamespaceIdentity, namespace: NetworkNamespace, pace: SamplingPace) {
    this.identity = identity
    this.#rareIntervalMs = Math.min(100, 10 * pace.sampleIntervalMs)
    this.#ports = new PortIndex(pace.peakWindowMs)
    this.#listeners = new Map(families.map((family) => [family, new ListenerDump(family, this.#ports, pace)]))
    const opened: { close(): void }[] = []
    const open = <Resource extends { close(): void }>(resource: Resource): Resource => {
      opened.push(resource)
      return resource
    }
    try {
      ;[this.#diag, this.#counterFiles] = namespace.run(() => [
        open(new SockDiag()),
        counterFiles.map((path) => open(new CounterFile(path))),
      ])
    } catch (error) {
      for (const resource of opened) resource.close()
      throw error
    }
  }

  /**
   * Listeners and their queues. A family without listeners is asked only every tenth time, at most 100 ms apart: its
   * first listener is seen a little late, and most namespaces save half of the work. `every` asks both.
   */
  sampleListeners(nowMs: number, every: boolean): void {
    const rareIsDue = every || nowMs >= this.#rareDueMs
    if (rareIsDue) this.#rareDueMs = nowMs + this.#rareIntervalMs
    for (const dump of this.#listeners.values()) if (rareIsDue || dump.inUse(nowMs)) dump.sample(this.#diag, nowMs)
  }

  /** Half-open requests by port. The kernel walks its whole table of connections, which all namespaces share. */
  sampleSynQueue(nowMs: number): void {
    for (const port of this.#ports.groups()) port.beginRequests()
    for (const [family, dump] of this.#requestDumps)
      if (this.#ports.ports(family).length > 0) this.#diag.dump(dump, this.#countRequest)
    for (const port of this.#ports.groups()) port.endRequests(nowMs)
  }

  /** Connections of listening ports. The kernel leaves out those of other ports while there are few listening ones. */
  sampleConnections(): void {
    if (this.#connectionDumpsVersion !== this.#ports.version) this.#prepareConnectionDumps()
    for (const port of this.#ports.groups()) port.beginConnections()
    for (const dump of this.#connectionDumps.values()) this.#diag.dump(dump, this.#sumConnection)
    for (const port of this.#ports.groups()) port.endConnections()
  }

  sampleCounters(): void {
    const known = this.#counters.size
    for (const file of this.#counterFiles) file.read(this.#counters)
    if (this.#counters.size !== known)
      this.#shownCounters = [...this.#counters.keys()].filter((name) => shownCounter.test(name))
  }

  /** What the last dump of listeners found. */
  *listeners(): Iterable<ListenerState> {
    for (const dump of this.#listeners.values()) yield* dump.listeners()
  }

  /** What the last dumps of half-open requests and of connections found. */
  ports(): Iterable<PortState> {
    return this.#ports.groups()
  }

  /** The counters that are shown, as they were last read. */
  *counters(): Iterable<[name: string, value: number]> {
    for (const name of this.#shownCounters) yield [name, this.#counters.get(name) ?? 0]
  }

  toRaw(nowMs: number): Omit<RawNamespace, 'costs'> {
    const counters: Record<string, number> = {}
    for (const [name, value] of this.counters()) if (value !== 0) counters[name] = value
    return {
      ...this.identity,
      listeners: [...this.listeners()]
        .map((listener) => listener.toRaw(nowMs, this.#devices.nameOf(listener.deviceIndex, nowMs)))
        .sort(byPlace),
      ports: [...this.ports()].map((port) => port.toSample(nowMs)).sort(byPlace),
      counters,
    }
  }

  close(): void {
    this.#diag.close()
    for (const file of this.#counterFiles) file.close()
  }

  readonly #countRequest = (record: SocketRecord): void => this.#ports.find(record)?.countRequest()
  readonly #sumConnection = (record: SocketRecord): void => this.#ports.find(record)?.connections.add(record)

  #prepareConnectionDumps(): void {
    this.#connectionDumps = new Map()
    for (const family of families) {
      const ports = this.#ports.ports(family)
      if (ports.length === 0) continue
      const filter =
        ports.length === 1 ? { port: ports[0]! } : ports.length <= MAX_FILTER_PORTS ? { filter: ownPortIn(ports) } : {}
      const query = { family, states: connectionStates, wants: wants.info, ...filter }
      this.#connectionDumps.set(family, new PreparedDump(query))
    }
    this.#connectionDumpsVersion = this.#ports.version
  }
}

function byPlace(a: Place, b: Place): number {
  return a.port - b.port || (a.address < b.address ? -1 : a.address > b.address ? 1 : (a.inode ?? 0) - (b.inode ?? 0))
}

interface Place {
  address: string
  port: number
  inode?: number
}
