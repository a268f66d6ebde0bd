/** A lab of three idle shards, for tests: as a display is told of it, and as findings and the terminal see it. */
import type { ExperimentState } from '../experiment-state.ts'
import type { LabPicture, LiveState, ShardView } from '../state.ts'
import type { LabView } from '../view.ts'

export const shardOf = (shard: number, changes: Partial<ShardView> = {}): ShardView => ({
  shard,
  state: 'listening',
  stalled: false,
  faults: [],
  acceptDelayMs: 0,
  length: 0,
  limit: 128,
  backlog: 128,
  fill: (changes.length ?? 0) / ((changes.limit ?? 128) + 1),
  peak: 0,
  fullSeconds: 0,
  drops: 0,
  dropsPerSecond: 0,
  acceptsPerSecond: 100,
  open: 1,
  acceptWait: { meanMs: 1, p99Ms: 4 },
  oldestWait: { leastMs: 0, mostMs: 0 },
  hungUp: { least: 0, most: 0 },
  processes: [{ pid: shard, stalled: false, acceptsPerSecond: 100, open: 1, lagMs: 0 }],
  ...changes,
})

const picture = (): LabPicture => ({
  sequence: 1,
  timeMs: 1_000_000,
  monotonicMs: 1000,
  kernel: '6.18.0',
  address: '198.18.0.2',
  port: 8080,
  mode: 'sharded',
  steering: { by: 'hash' },
  shards: [shardOf(1), shardOf(2), shardOf(3)],
  portView: {
    address: '198.18.0.2',
    port: 8080,
    synQueue: { length: 0, peak: 0, limit: 384 },
    oldestWait: { leastMs: 0, mostMs: 0 },
    waiting: { connections: 0, finished: 0, reset: undefined },
    unserved: { connections: 0, oldestMs: 0 },
    connections: 3,
    receiveBytes: 0,
    receiveBytesMax: 0,
    sendBytes: 0,
    sendBytesMax: 0,
    zeroWindows: 0,
  },
  clients: {
    startedPerSecond: 300,
    connectedPerSecond: 300,
    halfOpenPerSecond: 0,
    open: 3,
    synRetransmitsPerSecond: 0,
    noPortLeftPerSecond: 0,
  },
  sysctls: { syncookies: 1, abortOnOverflow: 0, migrateReq: 0, somaxconn: 4096 },
  cookiesPerSecond: 0,
  moved: [],
  gaps: [],
  ages: { listeners: 0, synQueue: 0, connections: 0, counters: 0, backends: 0 },
})

/** What a board is sent. */
export const stateOf = (changes: Partial<LiveState> = {}): LiveState => ({
  ...picture(),
  loads: [],
  words: undefined,
  calm: 'All is calm: every connection is accepted.',
  experiment: undefined,
  ...changes,
})

/** An experiment that has just begun. */
export const experimentOf = (changes: Partial<ExperimentState> = {}): ExperimentState => ({
  name: 'small-backlog',
  teaches: 'A queue with backlog N holds N + 1 connections.',
  run: 1,
  running: true,
  shows: undefined,
  still: undefined,
  cases: [],
  steps: ['stall', 'burst', 'release', 'afterwards'].map((name) => ({ name, state: 'ahead' })),
  phases: [],
  status: undefined,
  reason: undefined,
  expectations: [],
  folder: undefined,
  report: undefined,
  ...changes,
})

/** What the terminal draws and findings are concluded from. */
export const labOf = (changes: Partial<LabView> = {}): LabView => ({
  ...picture(),
  loads: [],
  counted: { readings: 1, opens: 0, overflows: 0, entered: {}, otherPorts: [], longestWaitMs: 0 },
  portNow: {
    queues: [],
    oldestWaitMs: undefined,
    hungUp: undefined,
    counters: { opens: undefined, overflows: undefined, listenDrops: undefined, synQueueFull: undefined },
  },
  ...changes,
})
