/** What a lab is asked to play: the same arrivals and troubles as the simulator's, as far as a lab can make them. */
import { UsageError } from '#common/errors.ts'
import { duration, number } from '#common/quantities.ts'
import type { Stall, Steering, System } from '#planner/system.ts'

export interface LabScene {
  mode: 'sharded' | 'shared' | 'single'
  /** First SYNs, from zero. */
  arrivals: Float64Array
  /** One for each event loop: a backend each, or in mode `shared` the processes of one backend. */
  backends: {
    backlog: number
    /** How long the loop is blocked after each accept, in whole milliseconds: finer the backend cannot do. */
    acceptDelayMs: number
    stalls: Stall[]
    absences: Stall[]
  }[]
  steering: Steering
  /** How often the accept queues are read. */
  sampleEveryMs: number
  /** Of the server's namespace. */
  sysctls: Record<string, number>
  /** Of the clients' namespace. */
  clientSysctls: Record<string, number>
  clientTimeoutMs: number
  halfOpen: { perSecond: number; forMs: number } | undefined
}

/** A lab's backends are processes of one machine; more than this and they get in each other's way. */
export const MOST_BACKENDS = 8
/** Connections that a scene may ask of a lab: a load would not keep the records of many more. */
const MOST_CONNECTIONS = 40_000
const MOST_HALF_OPEN = 500_000
/** Beyond it a lab of one machine does nothing else for too long. */
const LONGEST_MS = 300_000

/** The scene of a system. Throws a UsageError that says what a lab cannot play. */
export function labSceneOf({ arrivals, halfOpen, shards, steering, kernel, client }: System): LabScene {
  const loops = shards.flatMap((shard) =>
    shard.loops.map((loop) => ({ ...loop, backlog: shard.backlog, absences: shard.absences })),
  )
  const refuse = (wrong: boolean, problem: string, remedy: string): void => {
    if (wrong) throw new UsageError(problem, remedy)
  }
  refuse(
    loops.length > MOST_BACKENDS,
    `A lab has at most ${MOST_BACKENDS} backends, not ${number(loops.length)}`,
    'Confirm it with fewer backends, at the same rate for each',
  )
  refuse(
    arrivals.length > MOST_CONNECTIONS || halfOpen.length > MOST_HALF_OPEN,
    `A lab plays at most ${number(MOST_CONNECTIONS)} connections and ${number(MOST_HALF_OPEN)} half-open ones, not ${number(arrivals.length)} and ${number(halfOpen.length)}`,
    'Choose a shorter time with --for, or a lower rate',
  )
  refuse(
    Math.max(arrivals.at(-1) ?? 0, halfOpen.at(-1) ?? 0) > LONGEST_MS,
    `A lab plays at most ${duration(LONGEST_MS)}`,
    'Choose a shorter time with --for, or cut the recording',
  )
  refuse(
    loops.some(({ acceptCv }) => acceptCv > 0),
    'A lab’s backends always take the same time to accept',
    'Leave out --accept-cv',
  )
  refuse(
    loops.some(({ acceptsPerTurn, handleMs }) => acceptsPerTurn > 1 && handleMs > 0),
    'A lab’s backends accept one connection per turn of the event loop',
    'Leave out --accepts-per-turn',
  )
  refuse(
    client.rttMs > 1,
    `A lab’s round trip is below a millisecond, not ${duration(client.rttMs)}`,
    'Leave out --rtt',
  )
  refuse(
    client.synRetries < 1,
    'A kernel retransmits a SYN at least once',
    'Give --syn-retries 1 or more, or a --timeout below a second',
  )
  if (shards.length > 1 && shards.some((shard) => shard.loops.length > 1))
    throw new TypeError('Sockets are shared or sharded, not both')
  return {
    mode: shards.length > 1 ? 'sharded' : loops.length > 1 ? 'shared' : 'single',
    arrivals,
    backends: loops.map(({ backlog, acceptMs, handleMs, stalls, absences }) => ({
      backlog,
      acceptDelayMs: delayOf({ acceptMs, handleMs }),
      stalls,
      absences,
    })),
    steering,
    // A stall's peak lasts only a moment. Where nothing stalls, reading would only take time from the load.
    sampleEveryMs: loops.some(({ stalls, absences }) => stalls.length + absences.length > 0) ? 2 : 10,
    sysctls: {
      'net.core.somaxconn': Math.max(4096, ...shards.map(({ backlog }) => backlog)),
      'net.ipv4.tcp_syncookies': kernel.syncookies,
      'net.ipv4.tcp_synack_retries': kernel.synAckRetries,
      'net.ipv4.tcp_max_syn_backlog': kernel.maxSynBacklog,
      'net.ipv4.tcp_abort_on_overflow': Number(kernel.abortOnOverflow),
      'net.ipv4.tcp_migrate_req': Number(kernel.migrateReq),
    },
    clientSysctls: {
      'net.ipv4.tcp_syn_retries': client.synRetries,
      'net.ipv4.tcp_syn_linear_timeouts': client.synLinearTimeouts,
    },
    clientTimeoutMs: client.timeoutMs,
    halfOpen:
      halfOpen.length === 0
        ? undefined
        : { perSecond: (halfOpen.length / halfOpen.at(-1)!) * 1000, forMs: Math.max(1000, arrivals.at(-1) ?? 0) },
  }
}

/** A loop that accepts one a turn spends the same on a connection, whether it accepts or handles it. */
export const delayOf = ({ acceptMs, handleMs }: { acceptMs: number; handleMs: number }): number =>
  Math.round(acceptMs + handleMs)
