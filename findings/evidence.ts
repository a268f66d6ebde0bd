/** What findings are based on: plain facts about one port, wherever they were gathered. What is not known is undefined. */

/** One listening socket and the processes behind it. */
export interface ShardEvidence {
  shard: number
  /** `unread`: it listens, but its queue was not read lately. */
  state: 'listening' | 'closed' | 'down' | 'unread'
  stalled: boolean
  /** Whose it is, is known, but its process did not answer when it was last asked. */
  silent?: boolean
  /** Faults other than a stall, in words. */
  faults: readonly string[]
  /** How long it is known to block after each accept(). */
  acceptDelayMs?: number | undefined
  length: number
  /** N; N + 1 connections fit. */
  limit: number
  /** The backlog that listen() was given. */
  backlog: number
  /** Length over N + 1: 1 or more is full. */
  fill: number
  /** The longest queue of the last 30 s, since the limit is what it is. */
  peak: number
  /** All that its listener has ever dropped. */
  drops?: number
  dropsPerSecond: number
  /** Accept waits within the last second. */
  acceptWait: { p99Ms: number } | undefined
  /** Those of the queue that have hung up and keep their places. */
  hungUp?: { least: number; most: number } | undefined
  /** `acceptsPerSecond` is undefined where a process does not tell. */
  processes: readonly { stalled: boolean; acceptsPerSecond: number | undefined }[]
}

/** How the kernel chooses the member of a SO_REUSEPORT group. */
type Steering = { by: 'hash' } | { by: 'cpu' } | { by: 'random' } | { by: 'member'; member: number }

/** What is known of a port alone, not by shard. */
interface PortEvidence {
  /** `retried`: requests whose SYN-ACK was sent again. */
  synQueue: { length: number; limit: number; retried?: number | undefined } | undefined
  receiveBytes: number | undefined
  sendBytes: number | undefined
  zeroWindows: number | undefined
  /** Who waits for accept(): how many, and how many of the places are those of clients that have sent a FIN, or an RST. */
  waiting?: { connections: number; finished: number; reset: number | undefined } | undefined
  /** Accepted connections of which nobody has read or answered anything, and for how long at most. */
  unserved?: { connections: number; oldestMs: number } | undefined
}

/** One port at one moment, with rates over the second before. */
export interface Evidence {
  steering: Steering
  shards: readonly ShardEvidence[]
  /** Undefined while nobody listens. */
  portView: PortEvidence | undefined
  /** What the clients do; zero of what nobody counts. */
  clients: {
    startedPerSecond: number
    halfOpenPerSecond: number
    synRetransmitsPerSecond: number
    noPortLeftPerSecond?: number | undefined
  }
  /** -1 where the kernel does not have this sysctl. */
  sysctls: { syncookies: number; abortOnOverflow: number; migrateReq: number; somaxconn?: number | undefined }
  cookiesPerSecond: number
  /** Counters of the namespace that moved. */
  moved: readonly { name: string; perSecond: number }[]
  loads: readonly { kind: string; state: string; outcomes: { noPortLeft: number } }[]
  /** How old the readings are, in milliseconds; undefined for a kind that was never read. Left out where all are fresh. */
  ages?: Partial<Record<'listeners' | 'synQueue' | 'connections' | 'counters' | 'backends', number | undefined>>
}

export const listening = (evidence: Evidence): ShardEvidence[] =>
  evidence.shards.filter((shard) => shard.state === 'listening')

export const full = (shard: ShardEvidence): boolean => shard.fill >= 1

/** Whether an accept queue of this port has turned somebody away within the last second, or would turn away the next. */
export const acceptQueueSpills = (evidence: Evidence): boolean =>
  listening(evidence).some(
    (shard) => full(shard) || (shard.dropsPerSecond > 0 && moves(evidence, 'ListenOverflows') > 0),
  )

/** What a counter gains a second; 0 if it does not move. */
export const moves = (evidence: Evidence, name: string): number =>
  evidence.moved.find((counter) => counter.name === name)?.perSecond ?? 0
