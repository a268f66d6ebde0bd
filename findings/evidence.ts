/** What findings are based on: plain facts about one port, wherever they were gathered. */

/** One listening socket and the processes behind it. */
export interface ShardEvidence {
  shard: number
  state: 'listening' | 'closed' | 'down'
  stalled: boolean
  /** Faults other than a stall, in words. */
  faults: readonly string[]
  length: number
  /** N; N + 1 connections fit. */
  limit: number
  /** The backlog that listen() was given. */
  backlog: number
  /** Length over N + 1: 1 or more is full. */
  fill: number
  /** The longest queue of the last 30 s. */
  peak: number
  dropsPerSecond: number
  /** Accept waits within the last second. */
  acceptWait: { p99Ms: number } | undefined
  processes: readonly { stalled: boolean; acceptsPerSecond: number }[]
}

/** How the kernel chooses the member of a SO_REUSEPORT group. */
type Steering = { by: 'hash' } | { by: 'cpu' } | { by: 'random' } | { by: 'member'; member: number }

/** One port at one moment, with rates over the second before. */
export interface Evidence {
  steering: Steering
  shards: readonly ShardEvidence[]
  /** Undefined while nobody listens; in it, what is not known at present. */
  portView:
    | {
        synQueue: { length: number; limit: number } | undefined
        receiveBytes: number | undefined
        sendBytes: number | undefined
        zeroWindows: number | undefined
      }
    | undefined
  clients: { startedPerSecond: number; halfOpenPerSecond: number; synRetransmitsPerSecond: number }
  /** -1 where the kernel does not have this sysctl. */
  sysctls: { syncookies: number; abortOnOverflow: number; migrateReq: number }
  cookiesPerSecond: number
  /** Counters of the namespace that moved. */
  moved: readonly { name: string; perSecond: number }[]
  loads: readonly { kind: string; state: string; outcomes: { noPortLeft: number } }[]
}

export const listening = (evidence: Evidence): ShardEvidence[] =>
  evidence.shards.filter((shard) => shard.state === 'listening')

export const full = (shard: ShardEvidence): boolean => shard.fill >= 1

/** What a counter gains a second; 0 if it does not move. */
export const moves = (evidence: Evidence, name: string): number =>
  evidence.moved.find((counter) => counter.name === name)?.perSecond ?? 0
