/**
 * In a network namespace as a pod has it, with a way out that is watched from its other end: what half-open clients do there, and
 * what is refused. Writes what it saw as JSON.
 */
import net from 'node:net'
import { eventually } from '#common/waiting.ts'
import * as libc from '#kernel/libc.ts'
import { enterNewNamespace, NetworkNamespace } from '#kernel/netns.ts'
import { PreparedDump, SockDiag, states } from '#kernel/sock-diag.ts'
import { writeSysctl } from '#kernel/sysctl.ts'
import { type FloodOptions, floodSyns } from '../clients/half-open.ts'
import { Handshakes } from '../clients/handshakes.ts'
import { Progress } from '../progress.ts'
import { ip, SERVER_ADDRESS } from './lab-network.ts'
import { rawListener } from './raw-listener.ts'

const pod = new NetworkNamespace()
const node = enterNewNamespace()
pod.enter()
ip('link set lo up')
ip(`link add eth0 type veth peer name pod0 netns /proc/${process.pid}/fd/${node.fd}`)
ip('address add 10.9.0.2/24 dev eth0')
ip('link set eth0 up')
// As the first container of a pod finds it: the node's answer.
writeSysctl('net.ipv4.ip_forward', 1)
writeSysctl('net.ipv4.tcp_syncookies', 0)
const watch = node.run(() => {
  ip('link set lo up')
  ip('address add 10.9.0.1/24 dev pod0')
  ip('link set pod0 up')
  // Everything of IPv4 that comes out of the pod; the answers of a router would hide nothing, there is none.
  writeSysctl('net.ipv4.ip_forward', 0)
  const fd = libc.socket(libc.AF_PACKET, libc.SOCK_DGRAM | libc.SOCK_CLOEXEC, 0x0008, 'Watching the way out')
  libc.setIntOption(fd, libc.SOL_SOCKET, libc.SO_RCVBUF, 8_000_000, 'Watching the way out')
  return fd
})
ip('route add default via 10.9.0.1')

const packet = Buffer.alloc(65_535)
/** How many packets of a lab's addresses have come out of the pod since the last look. */
function leaked(): number {
  let seen = 0
  for (;;) {
    const length = libc.recvIfAny(watch, packet, 'Watching the way out')
    if (length === undefined) return seen
    const isLab = (at: number): boolean => packet[at] === 198 && ((packet[at + 1] ?? 0) & 0xfe) === 18
    if (isLab(12) || isLab(16)) seen++
  }
}

/** What an init container makes. */
function pair(): void {
  ip('link add server0 type veth peer name client0')
  for (const end of ['server0', 'client0']) {
    ip(`link set ${end} arp off`)
    ip(`link set ${end} up`)
  }
  ip('route add 198.19.0.0/16 dev server0')
}

/** The watch sees what leaves: an ordinary client of an address that is not here. */
async function control(): Promise<number> {
  const client = net.connect(8080, '198.18.0.9').on('error', () => {})
  let seen = 0
  await eventually('the watch sees a packet that leaves', () => {
    seen += leaked()
    return seen > 0
  })
  client.destroy()
  return seen
}
const controlled = await control()

ip(`address add ${SERVER_ADDRESS}/32 dev lo`)
const listener = rawListener(SERVER_ADDRESS, 64)
using diagnosis = new SockDiag()
const target = { host: SERVER_ADDRESS, port: listener.port }
const flood = (options: Partial<FloodOptions> = {}) =>
  floodSyns({ target, durationMs: 20_000, maxSyns: 40, ...options }, new Progress())

function halfOpen(): number {
  let count = 0
  diagnosis.dump(new PreparedDump({ family: libc.AF_INET, states: states.synRecv, port: listener.port }), () => count++)
  return count
}

/** What is refused after some changes, which are undone, and how many packets left all the same. */
async function refusal(
  before: string[],
  after: string[],
  to = SERVER_ADDRESS,
): Promise<{ error: string; leaked: number }> {
  before.forEach(ip)
  try {
    const { syns } = await flood({ target: { ...target, host: to } })
    return { error: `none: ${syns} SYNs`, leaked: leaked() }
  } catch (error) {
    return { error: String(error), leaked: leaked() }
  } finally {
    after.forEach(ip)
  }
}

const noRoute = await refusal([], [])
pair()
ip('route add blackhole 198.19.0.0/16 metric 4096')

const refused = {
  noRoute,
  defaultAlone: await refusal([], [], '198.18.0.7'),
  amongSources: await refusal(['route add 198.19.7.0/24 via 10.9.0.1'], ['route del 198.19.7.0/24']),
  rule: await refusal(['rule add fwmark 7 lookup 99'], ['rule del fwmark 7 lookup 99']),
  arp: await refusal(['link set server0 arp on'], ['link set server0 arp off']),
  local: await refusal(['route add local 198.19.1.0/24 dev lo'], ['route del local 198.19.1.0/24 dev lo']),
  severalWays: await refusal(
    ['route add 198.19.9.0/24 nexthop dev server0 nexthop via 10.9.0.1'],
    ['route del 198.19.9.0/24'],
  ),
  onDevice: await refusal(
    [`address del ${SERVER_ADDRESS}/32 dev lo`, `address add ${SERVER_ADDRESS}/32 dev eth0`],
    [`address del ${SERVER_ADDRESS}/32 dev eth0`, `address add ${SERVER_ADDRESS}/32 dev lo`],
  ),
  bridged: await refusal(
    ['link add bridge0 type bridge', 'link set client0 master bridge0', 'link set bridge0 up'],
    ['link del bridge0'],
  ),
  elsewhere: await refusal([`link set client0 netns /proc/${process.pid}/fd/${node.fd}`], []),
}
// The pair was torn: a new one.
ip('link del server0')
pair()

const few = await flood()
await eventually('the requests are there', () => halfOpen() >= 40)
const kept = { written: few.syns, halfOpen: halfOpen(), leaked: leaked() }
const full = await flood({ maxSyns: 5000 })
const fullSeen = { written: full.syns, leaked: leaked() }

// A handshake by hand, with a server of its own.
const greeter = net.createServer((socket) =>
  socket.on('error', () => {}).end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
)
await new Promise<void>((resolve) => void greeter.listen(0, SERVER_ADDRESS, () => resolve()))
const { port } = greeter.address() as net.AddressInfo
const handshakes = new Handshakes(
  { kind: 'handshake', target: { host: SERVER_ADDRESS, port }, connections: 1 },
  new Progress(),
)
const stop = new AbortController()
const over = handshakes.run(stop.signal)
await handshakes.step(1, 'ack')
await handshakes.step(1, 'request')
await over
const byHand = { outcome: handshakes.report()[0]?.outcome, leaked: leaked() }
greeter.close()

// What keeps the answers here goes while SYNs are written.
const torn = flood({ maxSyns: 1_000_000, ratePerSecond: 2000 }).then(
  ({ syns }) => `none: ${syns} SYNs`,
  (error: unknown) => String(error),
)
await eventually('the flood has begun', () => halfOpen() > 0)
ip('link del server0')
const tornError = await torn
const tornSeen = { error: tornError, leaked: leaked() }

console.log(JSON.stringify({ controlled, refused, kept, full: fullSeen, byHand, torn: tornSeen }))
