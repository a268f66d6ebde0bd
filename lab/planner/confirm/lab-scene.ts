/** What a lab is asked to play: the same arrivals and troubles as the simulator's, as far as a lab can make them. */
import type { Dealing, Stall } from '../system.ts'

export interface LabScene {
  mode: 'sharded' | 'shared' | 'single'
  /** First SYNs, from zero. */
  arrivals: Float64Array
  /** One for each backend; in mode `shared` the processes of one socket. */
  backends: {
    backlog: number
    /** The loop stands still so long after each accept: whole milliseconds, what the backend can do. */
    acceptDelayMs: number
    stalls: Stall[]
    absences: Stall[]
  }[]
  dealing: Dealing
  /** Of the server's namespace. */
  sysctls: Record<string, number>
  clientTimeoutMs: number
  halfOpen: { perSecond: number; forMs: number } | undefined
}

/** Connections that a lab is asked for in one scene: more would not fit into the memory of a load's stories. */
export const MOST_IN_LAB = 40_000
