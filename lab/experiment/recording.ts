/** What a run leaves behind, as plain data: one recording for each case. */
import type { ConnectionRecord, LoadReport } from '#load/agent/api.ts'
import type { LoadOrder } from '../clients.ts'
import type { LabPlan } from '../driver.ts'
import type { Told } from '../told.ts'
import type { Late } from './lateness.ts'

/** Times are milliseconds of CLOCK_MONOTONIC, which every process of the host has alike. */
export interface Recording {
  case: string
  plan: LabPlan
  /** Of the server's namespace, as the phases began; null where the kernel has none of that name. */
  sysctls: Record<string, string | null>
  /** In order; the last one, `afterwards`, waits for the loads to end. */
  phases: PhaseRecord[]
  /** One before each phase and one after the last. */
  boundaries: Boundary[]
  /** The longest queue of each listening socket, by its cookie, of all connections that came; empty where BPF does not tell. */
  exactPeaks: Record<string, { shard: number; peak: number }>
  events: EventRecord[]
  listeners: Columns<'atMs' | 'shard' | 'length' | 'limit' | 'drops'>
  synQueue: Columns<'atMs' | 'length' | 'limit'>
  connections: Columns<
    | 'atMs'
    | 'established'
    | 'waiting'
    | 'waitingFinished'
    | 'oldestWaitMs'
    | 'receiveBytes'
    | 'sendBytes'
    | 'zeroWindows'
  >
  counters: { atMs: number[]; name: string[]; value: number[] }
  loads: LoadRecord[]
  records: RecordedConnection[]
  /** What was late: the worst of each kind in each phase. */
  lateness: Late[]
  /** When each listening socket was last read, by its cookie. */
  lastReadMs: Record<string, number>
  /** Whether the recorder got to its end. */
  complete: boolean
  /** Samples that came too late for the sampler's own pace. */
  lateSamples: number
}

type Columns<Name extends string> = Record<Name, number[]>

interface PhaseRecord {
  name: string
  beganMs: number
  /** NaN while it lasts; it stays so if the run was interrupted in it. */
  endedMs: number
  result: unknown
}

/** Everything that only grows, read between two phases. */
export interface Boundary {
  atMs: number
  counters: Record<string, number>
  clientCounters: Record<string, number>
  listeners: ListenerBoundary[]
  /** Null while a backend is down. */
  backends: (Told | null)[]
  loads: LoadReport[]
}

/** A listening socket at such a moment. */
export interface ListenerBoundary {
  shard: number
  cookie: string
  drops: number
  /** What BPF programs have counted there; absent where they do not. */
  exact?: ExactCounts
}

/** Of all connections that came, not only of those at samples. */
export interface ExactCounts {
  /** The longest queue of the last half minute or so. */
  peak: number
  joined: number
  timesFull: number
  /** What became of those who were accepted; absent where accepts are not watched. */
  accepted?: { connections: number; waits: readonly number[]; waitSumMs: number }
}

interface EventRecord {
  atMs: number
  what: string
}

interface LoadRecord {
  id: string
  phase: string
  order: LoadOrder
  /** Null until it has ended. */
  report: LoadReport | null
}

/** The record of a connection, with the load that it belongs to and the phase in which that load began. */
export interface RecordedConnection extends ConnectionRecord {
  load: string
  phase: string
}

/** The phase in which nothing more is done and the loads end. */
export const AFTERWARDS = 'afterwards'

export function emptyRecording(name: string, plan: LabPlan): Recording {
  return {
    case: name,
    plan,
    sysctls: {},
    phases: [],
    boundaries: [],
    exactPeaks: {},
    events: [],
    loads: [],
    records: [],
    listeners: { atMs: [], shard: [], length: [], limit: [], drops: [] },
    synQueue: { atMs: [], length: [], limit: [] },
    connections: {
      atMs: [],
      established: [],
      waiting: [],
      waitingFinished: [],
      oldestWaitMs: [],
      receiveBytes: [],
      sendBytes: [],
      zeroWindows: [],
    },
    counters: { atMs: [], name: [], value: [] },
    lateness: [],
    lastReadMs: {},
    complete: false,
    lateSamples: 0,
  }
}
