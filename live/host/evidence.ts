/** Two looks at a host as evidence: what each listener is, what it holds, who accepts, and what its namespace counts. */
import fs from 'node:fs'
import path from 'node:path'
import type {
  HostEvidence,
  NamespaceEvidence,
  Place,
  ProcessEvidence,
  QueueEvidence,
  UdpEvidence,
} from '#findings/host/evidence.ts'
import { serverOf } from '#findings/servers/recognise.ts'
import { namesOf, type Server } from '#findings/servers/server.ts'
import type { Owner } from '#kernel/owners.ts'
import { ofProcess } from '#kernel/proc-reading.ts'
import type {
  ListenerSample,
  NamespaceSample,
  PortSample,
  Snapshot,
  UnixListenerSample,
} from '#services/exporter/snapshot.ts'
import { type LookOptions, type Looks, lookTwice } from './looks.ts'
import { conntrack, setting, softnetDropped, uptimeMs } from './machine.ts'
import { byPlace, countByPlace, namespaceName, placeOf } from './places.ts'
import { ProcessWatch } from './processes.ts'
import { limitSetBy } from './set-by.ts'

/** Settings beside those that a snapshot has; they can be read only of the own namespace. */
const MORE_SETTINGS = ['net.ipv4.tcp_abort_on_overflow', 'net.ipv4.tcp_tw_reuse'] as const

/** Looks twice and gives what was seen. Throws a UsageError or KernelError if a namespace cannot be read. */
export async function evidenceOfHost(options: LookOptions): Promise<HostEvidence> {
  const watch = new HostWatch(options.proc)
  return watch.evidence(await lookTwice({ ...options, first: (snapshot) => watch.begin(snapshot) }))
}

/** What is compared between two looks beside the snapshots: the processes, and what the machine counts. */
export class HostWatch {
  readonly #proc: string
  readonly #uptimeMs = uptimeMs()
  readonly #processes: ProcessWatch
  #droppedBefore: number | undefined

  constructor(proc = '/proc') {
    this.#proc = proc
    this.#processes = new ProcessWatch(proc, this.#uptimeMs)
  }

  /** The first look. */
  begin({ namespaces }: Snapshot): void {
    this.#droppedBefore = softnetDropped()
    for (const { listeners, unixListeners = [] } of namespaces)
      for (const { pids } of [...listeners, ...unixListeners]) this.#processes.begin(pids)
  }

  /** After the second. */
  evidence(looks: Looks): HostEvidence {
    const { before, after, hidden } = looks
    const apartMs = readAtMs(after) - readAtMs(before)
    const processes = new Processes(this.#proc, this.#processes, looks)
    const own = fs.statSync('/proc/self/ns/net').ino
    return {
      apartMs,
      hidden,
      namespaces: after.namespaces.map((space) => {
        const earlier = before.namespaces.find(({ inode }) => inode === space.inode)
        return namespaceEvidence(space, earlier, { apartMs, own: space.inode === own, processes })
      }),
      machine: this.#machine(after, apartMs),
    }
  }

  #machine({ namespaces }: Snapshot, apartMs: number): HostEvidence['machine'] {
    const dropped = softnetDropped()
    const before = this.#droppedBefore
    const memory = namespaces.find(({ tcpMemory }) => tcpMemory?.limitPages != null)
    return {
      uptimeMs: this.#uptimeMs,
      softnet:
        dropped === undefined
          ? undefined
          : {
              dropped,
              droppedPerSecond: before === undefined ? undefined : (Math.max(0, dropped - before) * 1000) / apartMs,
            },
      backlogPackets: setting('net.core.netdev_max_backlog'),
      conntrack: conntrack(),
      tcpMemory:
        memory === undefined
          ? undefined
          : {
              pressure: memory.tcpMemory?.pressure ?? undefined,
              usedPages: memory.sockstat?.TCP_mem,
              highPages: memory.tcpMemory?.limitPages?.high,
            },
    }
  }
}

/** When the connections were read: on a busy machine the snapshot may have been made much later. */
export function readAtMs({ monotonicMs, namespaces }: Snapshot): number {
  const age = namespaces[0]?.agesSeconds.connections ?? 0
  return monotonicMs - age * 1000
}

interface Around {
  apartMs: number
  own: boolean
  /** Where that is not this one: its name, as a Prometheus would call it. */
  host?: string | undefined
  processes: Behinds
}

/** Who is behind a listener. */
export interface Behinds {
  behind(listener: ListenerLike, somaxconn: number | undefined): Behind
}

type ListenerLike = Pick<
  ListenerSample,
  'inode' | 'acceptors' | 'length' | 'limit' | 'unit' | 'container' | 'pod' | 'process' | 'pids'
> &
  Partial<Pick<UnixListenerSample, 'path'>>

/** What two snapshots say of a namespace. */
export function namespaceEvidence(
  space: NamespaceSample,
  before: NamespaceSample | undefined,
  around: Around,
): NamespaceEvidence {
  const { own, apartMs } = around
  const netns = namespaceName(space)
  const settings: Record<string, number> = { ...space.limits }
  if (own && around.host === undefined)
    for (const name of MORE_SETTINGS) {
      const value = setting(name)
      if (value !== undefined) settings[name] = value
    }
  const place = { netns, own, ...(around.host === undefined ? {} : { host: around.host }) }
  const earlier = byId(before?.listeners ?? [])
  const unixEarlier = byId(before?.unixListeners ?? [])
  const ports = byPlace(space.ports)
  const portsBefore = byPlace(before?.ports ?? [])
  const sizes = countByPlace(space.listeners)
  const tcp = space.listeners.map((listener): QueueEvidence => {
    const then = earlier.get(listener.cookie)
    const port = ports.get(placeOf(listener))
    return {
      ...place,
      address: listener.address,
      port: listener.port,
      shard: listener.shard,
      shards: sizes.get(placeOf(listener)) ?? 1,
      ...around.processes.behind(listener, settings['net.core.somaxconn']),
      lengthBefore: then?.length,
      drops: listener.drops,
      dropsPerSecond: then === undefined ? undefined : (Math.max(0, listener.drops - then.drops) * 1000) / apartMs,
      ...ofPort(port, portsBefore.get(placeOf(listener))),
    }
  })
  const unix = (space.unixListeners ?? []).map(
    (listener): QueueEvidence => ({
      ...place,
      path: listener.path,
      shard: listener.shard,
      shards: 1,
      ...around.processes.behind({ ...listener, acceptors: null }, settings['net.core.somaxconn']),
      lengthBefore: unixEarlier.get(listener.cookie)?.length,
      drops: undefined,
      dropsPerSecond: undefined,
      ...ofPort(undefined, undefined),
    }),
  )
  return {
    ...place,
    counters: { ...space.counters, ...space.otherCounters },
    countersBefore: before === undefined ? undefined : { ...before.counters, ...before.otherCounters },
    settings,
    destinations: (space.outgoing?.destinations ?? []).flatMap(({ address, port, ports: used, connections }) =>
      used === undefined ? [] : [{ address, port, ports: used, timeWait: connections.time_wait ?? 0 }],
    ),
    sourcePorts: space.outgoing?.portsLimit,
    queues: [...tcp, ...unix],
    udp: udpOf(space, before, place, apartMs),
  }
}

function udpOf(
  space: NamespaceSample,
  before: NamespaceSample | undefined,
  place: Pick<Place, 'netns' | 'own'>,
  apartMs: number,
): UdpEvidence[] {
  const earlier = byPlace(before?.udpSockets ?? [])
  return (space.udpSockets ?? []).map((socket) => {
    const then = earlier.get(placeOf(socket))
    return {
      ...place,
      shard: 1,
      address: socket.address,
      port: socket.port,
      bytes: socket.bytes,
      limitBytes: socket.limitBytes,
      drops: socket.drops,
      dropsPerSecond: then === undefined ? undefined : (Math.max(0, socket.drops - then.drops) * 1000) / apartMs,
    }
  })
}

/** What is known of a port alone, not by shard. */
function ofPort(
  port: PortSample | undefined,
  before: PortSample | undefined,
): Pick<QueueEvidence, 'oldestWaitMs' | 'oldestWaitBeforeMs' | 'hungUp' | 'accepted' | 'unserved' | 'synQueue'> {
  const { pastAccept, waitingFinished, waitingReset, synQueue } = port ?? {}
  const { unserved, unservedOldestMs } = pastAccept ?? {}
  return {
    oldestWaitMs: port?.oldestWaitMs,
    oldestWaitBeforeMs: before?.oldestWaitMs,
    hungUp:
      waitingFinished === undefined && waitingReset === undefined
        ? undefined
        : (waitingFinished ?? 0) + (waitingReset ?? 0),
    accepted: pastAccept?.accepted,
    unserved: unserved === undefined ? undefined : { connections: unserved, oldestMs: unservedOldestMs ?? 0 },
    synQueue,
  }
}

const byId = <One extends { cookie: string }>(all: readonly One[]): Map<string, One> =>
  new Map(all.map((one) => [one.cookie, one]))

export type Behind = Pick<
  QueueEvidence,
  | 'server'
  | 'who'
  | 'activated'
  | 'unit'
  | 'container'
  | 'pod'
  | 'processes'
  | 'acceptors'
  | 'length'
  | 'limit'
  | 'setBy'
>

/** The processes behind listeners: each is looked at once, however many it has. */
class Processes implements Behinds {
  readonly #proc: string
  readonly #watch: ProcessWatch
  readonly #looks: Looks
  readonly #seen = new Map<number, ProcessEvidence>()
  readonly #files: Map<number, ProcessEvidence['files']>
  readonly #programs = new Map<number, string>()
  readonly #servers = new Map<string, Server | undefined>()

  constructor(proc: string, watch: ProcessWatch, looks: Looks) {
    this.#proc = proc
    this.#watch = watch
    this.#looks = looks
    this.#files = new Map(
      (looks.after.processes ?? []).map(({ pid, open, limit }) => [pid, { open, limit: limit ?? undefined }]),
    )
  }

  behind(listener: ListenerLike, somaxconn: number | undefined): Behind {
    const owners = this.#looks.ownersOf(listener.inode)
    const programs = owners.map((owner) => ({ ...owner, program: this.#programOf(owner) }))
    const key = owners.map(({ pid }) => pid).join()
    if (!this.#servers.has(key))
      this.#servers.set(
        key,
        serverOf([...programs, ...programs.map(({ program }) => ({ command: program, commandLine: '' }))]),
      )
    const server = this.#servers.get(key)
    const handed = owners.some(isSystemd) && !owners.every(isSystemd)
    return {
      server,
      who: whoOf(
        server,
        owners.filter((owner) => !handed || !isSystemd(owner)),
      ),
      activated: handed,
      unit: listener.unit,
      container: listener.container,
      pod: listener.pod,
      processes: owners.map((owner) => this.#evidenceOf(owner)),
      acceptors: this.#looks.waitersAt(listener.inode) ?? listener.acceptors ?? undefined,
      length: listener.length,
      limit: listener.limit,
      setBy: limitSetBy(listener.limit, server, owners, somaxconn),
    }
  }

  #evidenceOf({ pid, command }: Owner): ProcessEvidence {
    const known = this.#seen.get(pid)
    if (known !== undefined) return known
    const seen = { pid, command, ...this.#watch.of(pid), files: this.#files.get(pid) }
    this.#seen.set(pid, seen)
    return seen
  }

  /** The name of its file: many servers write another title over their command line. */
  #programOf({ pid }: Owner): string {
    const known = this.#programs.get(pid)
    if (known !== undefined) return known
    const file = ofProcess(() => fs.readlinkSync(`${this.#proc}/${pid}/exe`))
    const program = file === 'gone' || file === 'hidden' ? '' : path.basename(file.replace(/ \(deleted\)$/, ''))
    this.#programs.set(pid, program)
    return program
  }
}

const isSystemd = ({ command }: Pick<Owner, 'command'>): boolean => command === 'systemd' || command === 'init'

/** `nginx`; of a language, with the name of the program that is written in it: `Node (server)`. */
function whoOf(server: Server | undefined, owners: readonly Owner[]): string | undefined {
  const [first] = owners
  if (first === undefined) return undefined
  if (server === undefined) return first.command === '' ? undefined : first.command
  // What is written in Go bears a name of its own.
  if (server.name === 'Go' && first.command !== '') return first.command
  const [name = ''] = namesOf(first)
  return languages.has(server.name) && SAYABLE.test(name) && !server.programs.includes(name) && name !== first.command
    ? `${server.name} (${name})`
    : server.name
}

/** What people call a program. */
const SAYABLE = /^[\w.@+-]{1,40}$/
const languages = new Set(['Node', 'Python', 'PHP', 'Java', 'Bun', 'Deno', '.NET'])
