/** A host at ease, of which a test changes what it is about. */
import type { HostEvidence, NamespaceEvidence, ProcessEvidence, QueueEvidence } from '../evidence.ts'

export const processOf = (given: Partial<ProcessEvidence> = {}): ProcessEvidence => ({
  pid: 100,
  command: 'app',
  ageMs: 3_600_000,
  state: 'sleeps',
  cpuShare: 0.01,
  files: { open: 20, limit: 1024 },
  ...given,
})

/** A TCP listener with an empty queue, or a UNIX one where a path is given. */
export const queueOf = (given: Partial<QueueEvidence> = {}): QueueEvidence => ({
  netns: 'self',
  own: true,
  ...(given.path === undefined ? { address: '127.0.0.1', port: 8080 } : {}),
  shard: 1,
  shards: 1,
  server: undefined,
  who: 'app',
  activated: false,
  unit: '',
  container: '',
  pod: '',
  processes: [processOf()],
  acceptors: [100],
  length: 0,
  lengthBefore: given.length ?? 0,
  limit: 511,
  setBy: { by: 'application' },
  drops: given.path === undefined ? 0 : undefined,
  dropsPerSecond: given.path === undefined ? 0 : undefined,
  oldestWaitMs: given.path === undefined ? 0 : undefined,
  oldestWaitBeforeMs: given.path === undefined ? 0 : undefined,
  hungUp: undefined,
  accepted: undefined,
  acceptedBefore: given.accepted,
  closedFirst: undefined,
  unserved: undefined,
  synQueue: undefined,
  ...given,
})

export interface HostGiven extends Partial<Omit<HostEvidence, 'namespaces' | 'machine'>>, Partial<NamespaceEvidence> {
  machine?: Partial<HostEvidence['machine']>
}

/** One namespace, up for an hour, with nothing counted. */
export const hostOf = ({ machine = {}, apartMs = 500, hidden = 0, ...space }: HostGiven = {}): HostEvidence => ({
  apartMs,
  hidden,
  namespaces: [
    {
      netns: 'self',
      own: true,
      counters: {},
      countersBefore: space.counters ?? {},
      settings: { 'net.core.somaxconn': 4096, 'net.ipv4.tcp_syncookies': 1, 'net.ipv4.tcp_max_syn_backlog': 1024 },
      destinations: [],
      conntrack: undefined,
      sourcePorts: 28_232,
      queues: [],
      udp: [],
      ...space,
    },
  ],
  machine: {
    uptimeMs: 3_600_000,
    softnet: { processed: 0, dropped: 0, droppedPerSecond: 0 },
    backlogPackets: 1000,
    tcpMemory: undefined,
    ...machine,
  },
})
