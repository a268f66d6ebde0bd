/** What crosses between the sampler thread and the main thread. */
import type { MessagePort } from 'node:worker_threads'
import type { Samples } from '../samples.ts'
import type { ListenerSample, NamespaceSample, Snapshot, UnixListenerSample } from '../snapshot.ts'
import type { WaitingAnswer } from '../waiting.ts'
import type { NamespaceSource } from './namespace-source.ts'
import type { SamplingPace } from './pace.ts'
import type { PackedSnapshot } from './packed-snapshot.ts'
import type { Selection } from './selection.ts'

/** A listener as the kernel shows it; the main thread finds its owners. */
export type RawListener = Omit<
  ListenerSample,
  'shard' | 'process' | 'pid' | 'pids' | 'acceptors' | 'unit' | 'container' | 'pod' | 'kubernetes'
> & {
  cgroupId: bigint | undefined
}

export type RawUnixListener = Omit<
  UnixListenerSample,
  'shard' | 'process' | 'pids' | 'acceptors' | 'unseen' | 'unit' | 'container' | 'pod' | 'kubernetes'
>

/** A namespace that is being read, and how it was opened. */
export interface NamespaceIdentity {
  netns: string
  inode: number
  /** `self`, or the path by which it was opened. */
  source: string
}

export type RawNamespace = Omit<
  NamespaceSample,
  'listeners' | 'unixListeners' | 'agesSeconds' | 'name' | 'kubernetes'
> & {
  unixListeners?: RawUnixListener[]
  source: string
  /** Changes whenever a listener has come or gone. */
  listenersVersion: number
  listeners: RawListener[]
  /** What the dumps of this namespace have cost, and when they were made. */
  costs: Record<DumpKind, DumpCost>
}

export const dumpKinds = [
  'listeners',
  'syn_queue',
  'connections',
  'counters',
  'outgoing',
  'unix',
  'udp',
  'limits',
] as const
export type DumpKind = (typeof dumpKinds)[number]

/** One value for each kind. */
export const perKind = <Value>(of: (kind: DumpKind) => Value): Record<DumpKind, Value> => ({
  listeners: of('listeners'),
  syn_queue: of('syn_queue'),
  connections: of('connections'),
  counters: of('counters'),
  outgoing: of('outgoing'),
  unix: of('unix'),
  udp: of('udp'),
  limits: of('limits'),
})

export interface DumpCost {
  count: number
  /** Wall time of all of them. */
  sumSeconds: number
  /** CPU time of all of them. */
  cpuSeconds: number
  /** When the last one that the kernel answered began, by CLOCK_MONOTONIC; null before the first. */
  readMs: number | null
  /** How old that may get before it is withheld. */
  goodForMs: number
  lastSeconds: number
  /** The longest within the peak window. */
  maxSeconds: number
  /** Time between the last two. */
  intervalSeconds: number
}

/** What readings of namespaces that are no longer read have cost. */
export type Departed = Pick<DumpCost, 'count' | 'sumSeconds' | 'cpuSeconds'>

export const noneDeparted = (): Record<DumpKind, Departed> =>
  perKind(() => ({ count: 0, sumSeconds: 0, cpuSeconds: 0 }))

export interface SampleErrors {
  kind: DumpKind | 'namespace'
  /** The errno name. */
  code: string
  count: number
}

export interface RawSnapshot {
  sequence: number
  timeMs: number
  monotonicMs: number
  namespaces: RawNamespace[]
  sampler: Snapshot['sampler']
  errors: SampleErrors[]
  /** Dumps made in namespaces that are no longer read, so that sums do not fall. */
  departed: Record<DumpKind, Departed>
  /** The last request to look at once that this snapshot answers. */
  answers: number
  /** When this sampler began, in milliseconds since 1970: its counters were 0 then. */
  startedMs: number
  /** CPU time of the readings that were asked for at once, which no budget stretches. */
  lookCpuSeconds: number
}

/** Samples of one namespace whose listeners have no shard yet: the main thread assigns it. */
export type RawSamples = Omit<Samples, 'listeners'> & {
  namespace: number
  listeners: Omit<Samples['listeners'], 'shard'> & { inode: number[] }
}

export type SamplerMessage =
  | { kind: 'ready'; namespaces: NamespaceIdentity[] }
  | { kind: 'refused'; problem: string; remedy: string | undefined }
  | { kind: 'snapshot'; snapshot: PackedSnapshot }
  | { kind: 'samples'; samples: RawSamples[] }
  | { kind: 'log'; line: string }
  /** Undefined where there is no such listener. */
  | { kind: 'waiting'; id: number; answer: WaitingAnswer | undefined }

/** Asks who waits at the listener of this cookie; `command.waiting` says that such questions have come. */
export interface WaitingQuestion {
  id: number
  cookie: string
}

/**
 * `auto` if it can be done, `on` or the sampler does not begin; `later` if what happens at listeners can be watched, and only after the
 * first readings, since it takes a while to begin.
 */
export type ExactWish = 'auto' | 'on' | 'later'

/** What the thread is started with. */
export interface SamplerOrders {
  pace: SamplingPace
  /** Which listeners are shown; all up to a limit if it is left out. */
  selection?: Selection
  /** Whether listeners are also read by BPF. Absent: no. */
  exact?: ExactWish
  namespaces: NamespaceSource[]
  proc: string
  control: SharedArrayBuffer
  /** True for a thread that replaces a dead one: a namespace that is not there then may come later. */
  again: boolean
  /** So that the sequence continues after a restart. */
  firstSequence: number
  /** Brings a `Discovery` now and then, if namespaces are to be found. */
  discoveries: MessagePort
}

/** What a search for the network namespaces of all processes has found, or why it could not be made. */
export type Discovery = { found: { inode: number; path: string }[] } | { failed: string; why: string }

/**
 * Places in the control words that both threads see. The sampler sleeps on `word`, counts its rounds in `beat`, gives a
 * snapshot every `snapshotMs`, and none while the last one (its sequence) is not yet `taken`. `ownInode` is that of the
 * exporter's own listening socket, 0 while there is none.
 */
export const control = {
  word: 0,
  requests: 1,
  recording: 2,
  beat: 3,
  snapshotMs: 4,
  taken: 5,
  ownInode: 6,
  length: 7,
} as const
/** `look`: read everything now and give a snapshot; `tell`: give one of what is known; `waiting`: answer what was asked by message. */
export const command = { none: 0, stop: 1, look: 2, tell: 4, waiting: 8 } as const
