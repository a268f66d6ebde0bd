/** In a lab's network of its own: what half-open load does to the server's SYN queue. Writes what it saw as JSON. */
import { eventually } from '#common/waiting.ts'
import { CounterFile } from '#kernel/counters.ts'
import { AF_INET } from '#kernel/libc.ts'
import { PreparedDump, SockDiag, states } from '#kernel/sock-diag.ts'
import { writeSysctl } from '#kernel/sysctl.ts'
import { type FloodOptions, floodSyns, runHalfOpen } from '../clients/half-open.ts'
import { Progress } from '../progress.ts'
import { ip, makeLabNetwork, SERVER_ADDRESS } from './lab-network.ts'
import { rawListener } from './raw-listener.ts'

const LIMIT = 64
const { server } = makeLabNetwork()
const { listener, diagnosis, serverCounters } = server.run(() => {
  writeSysctl('net.ipv4.tcp_syncookies', 0)
  writeSysctl('net.ipv4.tcp_max_syn_backlog', 4096)
  return {
    listener: rawListener(SERVER_ADDRESS, LIMIT),
    diagnosis: new SockDiag(),
    serverCounters: new CounterFile('/proc/thread-self/net/netstat'),
  }
})
const clientSnmp = new CounterFile('/proc/thread-self/net/snmp')
const serverSnmp = server.run(() => new CounterFile('/proc/thread-self/net/snmp'))
const target = { host: SERVER_ADDRESS, port: listener.port }

const counter = (file: CounterFile, name: string): number => {
  const counters = new Map<string, number>()
  file.read(counters)
  return counters.get(name) ?? 0
}
const halfOpen = (): { peer: string; peerPort: number }[] => {
  const requests: { peer: string; peerPort: number }[] = []
  diagnosis.dump(new PreparedDump({ family: AF_INET, states: states.synRecv, port: listener.port }), (socket) =>
    requests.push({ peer: socket.peerAddress, peerPort: socket.peerPort }),
  )
  return requests
}
const flood = (options: Omit<FloodOptions, 'target' | 'durationMs'>) =>
  floodSyns({ target, durationMs: 30_000, ...options }, new Progress())

/** Floods, and counts the segments that reach the server's TCP. */
async function received(options: Omit<FloodOptions, 'target' | 'durationMs'>) {
  const earlier = counter(serverSnmp, 'Tcp_InSegs')
  const { syns } = await flood(options)
  const arrived = (): number => counter(serverSnmp, 'Tcp_InSegs') - earlier
  await eventually('the SYNs have arrived', () => arrived() >= syns)
  return { written: syns, received: arrived() }
}

const few = await flood({ maxSyns: 40, sources: 4 })
await eventually('the requests are there', () => halfOpen().length >= 40)
const requests = halfOpen()

const full = await flood({ maxSyns: 500 })
const drops = (): number => counter(serverCounters, 'TcpExt_TCPReqQFullDrop')
await eventually('the rest is dropped', () => drops() >= 500 + 40 - (LIMIT + 1))
const fullSeen = {
  written: full.syns,
  halfOpen: halfOpen().length,
  queueFullDrops: drops(),
  clientResets: counter(clientSnmp, 'Tcp_OutRsts'),
}

const random = await received({ maxSyns: 1000, sourcePorts: 'random' })
const twoThreads = await received({ maxSyns: 1001, workers: 2 })
const paced = await flood({ maxSyns: 20, ratePerSecond: 200 })

const stop = new AbortController()
const stoppedProgress = new Progress()
const stopping = runHalfOpen({ target, durationMs: 60_000, ratePerSecond: 5 }, stoppedProgress, stop.signal)
await eventually('the flood has begun', () => stoppedProgress.report().started >= 1)
stop.abort()
await stopping

/** Tries a flood that must be refused, and counts the segments that reach anybody's TCP all the same. */
async function refusal(host: string): Promise<{ error: string; packets: number }> {
  const sent = (): number => counter(clientSnmp, 'Tcp_InSegs') + counter(serverSnmp, 'Tcp_InSegs')
  const earlier = sent()
  try {
    await floodSyns({ target: { host, port: listener.port }, durationMs: 50, maxSyns: 10 }, new Progress())
    return { error: 'none', packets: sent() - earlier }
  } catch (error) {
    return { error: String(error), packets: sent() - earlier }
  }
}
writeSysctl('net.ipv4.ip_forward', 1)
const forwarding = await refusal(SERVER_ADDRESS)
writeSysctl('net.ipv4.ip_forward', 0)
const loopback = await refusal('127.0.0.1')
const ownAddress = await refusal('198.18.0.3')
ip(`route add 198.18.7.0/24 via ${SERVER_ADDRESS}`)
const gateway = await refusal('198.18.7.7')
ip(`route add default via ${SERVER_ADDRESS}`)
const defaultRoute = await refusal(SERVER_ADDRESS)

console.log(
  JSON.stringify({
    few: {
      written: few.syns,
      halfOpen: requests.length,
      addresses: new Set(requests.map(({ peer }) => peer)).size,
      pairs: new Set(requests.map(({ peer, peerPort }) => `${peer}:${peerPort}`)).size,
      foreign: requests.filter(({ peer }) => !peer.startsWith('198.19.')).length,
    },
    full: fullSeen,
    random,
    twoThreads,
    paced: { written: paced.syns, elapsedMs: paced.elapsedMs },
    stopped: { written: stoppedProgress.report().started },
    refused: { forwarding, loopback, ownAddress, gateway, defaultRoute },
  }),
)
