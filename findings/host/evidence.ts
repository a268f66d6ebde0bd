/**
 * What findings about a host are based on: plain facts of two looks a moment apart, wherever they were gathered. What is not
 * known is undefined.
 */
import type { PortRecording } from '../recording/recorded.ts'
import type { Server, Taken } from '../servers/server.ts'

/** A process that holds a listening socket. */
export interface ProcessEvidence {
  pid: number
  /** As `ps` shows it. */
  command: string
  /** Since it began. */
  ageMs: number | undefined
  state: 'runs' | 'sleeps' | 'waits for a device' | 'stopped' | undefined
  /** CPU time between the looks, as a share of one core. */
  cpuShare: number | undefined
  files: { open: number; limit: number | undefined } | undefined
}

/** Where nobody was seen to wait for connections: processes that the looker may not look into. */
export interface UnseenEvidence {
  /** Of the whole host; null where not even their number is told. */
  processes: number | null
  /** Those that may well hold the socket too. */
  related: readonly { pid: number; command: string }[]
}

/** Which listening socket. */
export interface Place {
  netns: string
  /** Whether it is the namespace in which the looker runs: its lines can be typed there. */
  own: boolean
  /** The host, where it is not this one: its name in a Prometheus. */
  host?: string | undefined
  /** Of a TCP listener. */
  address?: string
  port?: number
  /** Whether that is one of MPTCP; its clients may speak TCP all the same. */
  mptcp?: boolean | undefined
  /** Of a UNIX listener. */
  path?: string
  shard: number
}

/** Who set the limit, as far as it can be known. */
export type SetBy =
  | { by: 'somaxconn'; asked: number | undefined; sure: boolean }
  | { by: 'command line'; asked: number }
  | { by: 'default'; server: string }
  | { by: 'application' }

/** One listening socket, TCP or UNIX. */
export interface QueueEvidence extends Place {
  /** Listening sockets with the same address and port. */
  shards: number
  server: Server | undefined
  /** For how long drops were counted, where that is not since it listens: the range of a Prometheus. */
  overMs?: number | undefined
  /** The name to say: of the server, or of the process; undefined where neither may be seen. */
  who: string | undefined
  /** What the server says of itself in its title. */
  taken?: Taken | undefined
  /** Whether systemd made the socket and has handed it on. */
  activated: boolean
  unit: string
  container: string
  pod: string
  /** What Kubernetes calls it; `container` is empty where only the pod is known. */
  kubernetes?: { namespace: string; pod: string; container: string } | undefined
  processes: readonly ProcessEvidence[]
  /** Those that wait for connections; undefined where that cannot be known. */
  acceptors: readonly number[] | undefined
  /** Present where that is not certain: nobody was seen to wait, and not everybody could be looked into. */
  unseen?: UnseenEvidence | undefined
  length: number
  lengthBefore: number | undefined
  /** N; N + 1 connections fit. */
  limit: number
  setBy: SetBy
  /** sk_drops since it listens, and between the looks; the kernel counts none for UNIX listeners. */
  drops: number | undefined
  dropsPerSecond: number | undefined
  /** How long the first in line has waited, at both looks: of the whole port, or of this socket alone if `isExact`. */
  oldestWaitMs: number | undefined
  oldestWaitBeforeMs: number | undefined
  /** Present where BPF told it, and how many half-open requests are this socket's own. */
  isExact?: true
  halfOpen?: number
  /** Of the port: clients in its queues that have hung up. */
  hungUp: number | undefined
  /** Of the port: accepted connections, and those of which nobody has read or answered anything. */
  accepted: number | undefined
  /** The former at the first look. */
  acceptedBefore: number | undefined
  /** Of the port: connections that this end was the first to close, of about the last minute. */
  closedFirst: number | undefined
  unserved: { connections: number; oldestMs: number } | undefined
  /** Of the port. */
  synQueue: { length: number; limit: number } | undefined
}

/** The UDP sockets of one address and port. */
export interface UdpEvidence extends Place {
  address: string
  port: number
  bytes: number
  limitBytes: number
  drops: number
  dropsPerSecond: number | undefined
}

/** The way to one destination. */
interface DestinationEvidence {
  address: string
  port: number
  /** Source ports in use, of the own address that uses most of them. */
  ports: number
  timeWait: number
}

/** A network namespace: what its counters and settings say. */
export interface NamespaceEvidence {
  netns: string
  own: boolean
  host?: string | undefined
  /** Since the namespace was made, by node_exporter's names without the prefix. */
  counters: Readonly<Record<string, number>>
  /** Between the looks. */
  countersBefore: Readonly<Record<string, number>> | undefined
  /** By name of the sysctl. */
  settings: Readonly<Record<string, number>>
  /** Entries of its connection tracking, and how many fit; undefined where it has none, or may not be entered. */
  conntrack: { count: number; most: number } | undefined
  destinations: readonly DestinationEvidence[]
  sourcePorts: number | undefined
  queues: readonly QueueEvidence[]
  udp: readonly UdpEvidence[]
}

/** What all namespaces share. Undefined where it may not be read. */
interface MachineEvidence {
  uptimeMs: number | undefined
  /** Packets that came to the queues of the CPUs and those that found one full, since boot and between the looks. */
  softnet: { processed: number; dropped: number; droppedPerSecond: number | undefined } | undefined
  backlogPackets: number | undefined
  tcpMemory: { pressure: boolean | undefined; usedPages: number | undefined; highPages: number | undefined } | undefined
}

export interface HostEvidence {
  /** Between the two looks. */
  apartMs: number
  /** For how long counters have counted, where that is not since boot: the range of a Prometheus. */
  overMs?: number | undefined
  namespaces: readonly NamespaceEvidence[]
  machine: MachineEvidence
  /** Where a Prometheus has kept more than two looks: the ports at which something may have been wrong. */
  recordings?: readonly PortRecording[] | undefined
  /** Processes that the looker may not look into. */
  hidden: number
  /** Null where BPF told the oldest wait and the half-open requests of each socket; otherwise why not. Absent where nobody tried. */
  exact?: string | null
  /** Of all network namespaces, where they are asked for: those that may not be entered, and processes whose may not be known. */
  unread?: { namespaces: number; processes: number } | undefined
}

/** What a counter gained between the looks, a second; 0 where it is not known to move. */
export function gained(space: NamespaceEvidence, { apartMs }: Pick<HostEvidence, 'apartMs'>, name: string): number {
  const before = space.countersBefore?.[name] ?? (space.countersBefore === undefined ? undefined : 0)
  return before === undefined ? 0 : Math.max(0, ((space.counters[name] ?? 0) - before) * 1000) / apartMs
}

export const counted = (space: NamespaceEvidence, name: string): number => space.counters[name] ?? 0

export const isFull = ({ length, limit }: Pick<QueueEvidence, 'length' | 'limit'>): boolean => length > limit

/** For how long its drops were counted at most: since the first of those that hold it now began, or the range of a Prometheus. */
export function listensForMs({ processes, overMs }: QueueEvidence): number | undefined {
  if (overMs !== undefined) return overMs
  const ages = processes.flatMap(({ ageMs }) => (ageMs === undefined ? [] : [ageMs]))
  return ages.length === 0 ? undefined : Math.max(...ages)
}

const DAY_MS = 86_400_000

/** How many on an average day; what has begun today counts whole. */
export const perDay = (count: number, forMs: number): number => count / Math.max(1, forMs / DAY_MS)
