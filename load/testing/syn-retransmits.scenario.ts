/** In a namespace of its own: a queue for one connection, and three that want in. Writes what was counted as JSON. */
import { execFileSync } from 'node:child_process'
import { eventually } from '#common/waiting.ts'
import { CounterFile, type Counters } from '#kernel/counters.ts'
import { relisten } from '#kernel/listener.ts'
import { runConnections } from '../clients/connections.ts'
import { Progress } from '../progress.ts'
import { rawListener } from './raw-listener.ts'

execFileSync('ip', ['link', 'set', 'lo', 'up'])
const counters: Counters = new Map()
const file = new CounterFile('/proc/thread-self/net/netstat')
const counter = (name: string): number => {
  file.read(counters)
  return counters.get(`TcpExt_${name}`) ?? 0
}

using listener = rawListener('127.0.0.1', 0)
const progress = new Progress({ records: true })
const stop = new AbortController()
const running = runConnections(
  {
    kind: 'connections',
    target: { host: '127.0.0.1', port: listener.port },
    arrivals: { shape: 'burst', connections: 3 },
    timeoutMs: 60_000,
    records: true,
  },
  progress,
  stop.signal,
)
await eventually('two SYNs are dropped', () => progress.connected === 1 && counter('ListenDrops') >= 2)
relisten(listener.fd, 8)
await eventually('all are connected', () => progress.connected === 3)
stop.abort()
await running
console.log(
  JSON.stringify({
    connected: progress.connected,
    perConnection: progress.records.map((record) => record.synRetransmits).toSorted(),
    counted: progress.synRetransmits,
    kernel: counter('TCPSynRetrans'),
  }),
)
