/** What the exporter says of a lab's server, for tests. */
import type { NamespaceSample, PortSample, Snapshot } from '#services/exporter/snapshot.ts'

export const portOf = (changes: Partial<PortSample> = {}): PortSample => ({
  address: '198.18.0.2',
  port: 8080,
  used: true,
  synQueue: { length: 0, peak: 0, limit: 384 },
  oldestWaitMs: 0,
  waiting: 0,
  connections: {},
  receiveBytes: 0,
  receiveBytesMax: 0,
  sendBytes: 0,
  sendBytesMax: 0,
  zeroWindows: 0,
  ...changes,
})

const dump = { lastSeconds: 0, intervalSeconds: 0, count: 7 }

/** A snapshot of one namespace in which everything has just been read. */
export const snapshotOf = (namespace: Partial<NamespaceSample> = {}, monotonicMs = 0): Snapshot => ({
  sequence: 1,
  timeMs: 0,
  monotonicMs,
  ownersAgeSeconds: 0,
  namespaces: [
    {
      netns: 'lab',
      name: '',
      inode: 1,
      agesSeconds: { listeners: 0, syn_queue: 0, connections: 0, counters: 0 },
      listeners: [],
      ports: [],
      counters: {},
      ...namespace,
    },
  ],
  sampler: {
    intervalSeconds: 0.01,
    samples: 1,
    late: 0,
    failed: 0,
    cpuSeconds: 0,
    dumps: { listeners: dump, synQueue: dump, connections: dump, counters: dump },
  },
})
