/** What the control thread asks of a port thread or of a child process, and their replies. */
import type { Faults, FaultsChange, WaitHistogram } from './api.ts'

/** Where to listen: on a new socket, or on a listening socket that the process inherited. */
export type Listen =
  | { host: string; port: number; backlog: number; reusePort: boolean }
  | { inheritedFd: number; backlog: number }

/** A listening socket as the process holds it. */
export interface Opened {
  fd: number
  address: string
  port: number
}

/** To the port thread. Faults are in shared memory: `faults` only says that they have changed. */
export type PortCommand =
  | { id: number; do: 'open'; listen: Listen }
  | { id: number; do: 'close' }
  | { id: number; do: 'faults' }

/** To a child process. `drain`: end once no connection is open. */
export type ChildCommand =
  | { id: number; do: 'close' }
  | { id: number; do: 'faults'; change: FaultsChange }
  | { id: number; do: 'counts' }
  | { id: number; do: 'drain' }

/** One process's faults and counts. */
export interface PortCounts {
  pid: number
  faults: Faults
  accepts: number
  open: number
  responses: Record<string, number>
  bodyBytes: number
  waits: WaitHistogram
  durations: { counts: number[]; sumSeconds: number }
  loopLagMs: number
  lateness: { atMs: number; lateMs: number }[]
  cpuSeconds: number
  residentBytes: number
}

/** The answer to the command with this id. */
export interface Reply {
  id: number
  /** What went wrong; `code` is the errno name if the kernel refused. */
  failure?: { code: string; message: string }
  opened?: Opened
  counts?: PortCounts
}

/** What a worker or child is given when it starts. */
export interface PortWorkerData {
  name: string
  memory: SharedArrayBuffer
}
export interface ChildJob {
  name: string
  backlog: number
  faults: Faults
}

/** Where a child finds the listening socket: after stdin, stdout, stderr and the channel to its parent. */
export const INHERITED_FD = 4
