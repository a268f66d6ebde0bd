/** A listener as the exporter shows it, for tests; its cookie is its shard. */
import type { ListenerSample } from '#services/exporter/snapshot.ts'

export const listenerOf = (shard: number, changes: Partial<ListenerSample> = {}): ListenerSample => ({
  address: '198.18.0.2',
  port: 8080,
  shard,
  length: 0,
  limit: 128,
  peak: 0,
  atLeastSeconds: { '0.5': 0, '0.9': 0, '1': 0 },
  fullSecondsInWindow: 0,
  used: true,
  drops: 0,
  inode: 100 + shard,
  cookie: String(shard),
  uid: 0,
  device: '',
  process: 'backend',
  pid: shard,
  pids: [shard],
  acceptors: [shard],
  unit: '',
  container: '',
  pod: '',
  ...changes,
})
