/** UDP sockets of this namespace: what the exporter shows beside what the sender sent, the receiver reads, and `ss` says. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import dgram from 'node:dgram'
import { once } from 'node:events'
import os from 'node:os'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { socketAddress } from '#kernel/address.ts'
import * as libc from '#kernel/libc.ts'
import { type StartedExporter, startExporter } from './exporter.ts'
import { page } from './fixtures/exported.ts'
import type { UdpSocketSample } from './snapshot.ts'

const doing = 'Making a UDP socket for a test'
const hasIPv6 = Object.values(os.networkInterfaces()).some((entries) =>
  entries?.some(({ address }) => address === '::1'),
)
const start = (): Promise<StartedExporter> => startExporter({ listen: { host: '127.0.0.1', port: 0 }, log: () => {} })

/** A port that no server asks for and the kernel does not hand out by itself. */
function freePort(): number {
  const used = execFileSync('ss', ['-uanH'], { encoding: 'utf8' })
  for (let port = 20_000 + (process.pid % 9000); ; port++) if (!used.includes(`:${port} `)) return port
}

/** A bound socket of this process that is read only by `receive`. */
function receiver(port: number): { receive(): number; [Symbol.dispose](): void } {
  const fd = libc.socket(libc.AF_INET, libc.SOCK_DGRAM | libc.SOCK_CLOEXEC, 0, doing)
  libc.setIntOption(fd, libc.SOL_SOCKET, libc.SO_REUSEPORT, 1, doing)
  libc.setIntOption(fd, libc.SOL_SOCKET, libc.SO_RCVBUF, 8192, doing)
  libc.bind(fd, socketAddress('127.0.0.1', port), doing)
  return {
    receive() {
      let received = 0
      while (libc.recvIfAny(fd, Buffer.alloc(2000), doing) !== undefined) received++
      return received
    },
    [Symbol.dispose]: () => libc.close(fd),
  }
}

function send(port: number, datagrams: number): void {
  const fd = libc.socket(libc.AF_INET, libc.SOCK_DGRAM | libc.SOCK_CLOEXEC, 0, doing)
  libc.connect(fd, socketAddress('127.0.0.1', port), doing)
  for (let sent = 0; sent < datagrams; sent++) libc.send(fd, Buffer.alloc(100), 0, doing)
  libc.close(fd)
}

async function socketsOf(exporter: StartedExporter, port: number): Promise<UdpSocketSample | undefined> {
  const [namespace] = (await exporter.look()).namespaces
  assert.ok(namespace?.udpSockets, 'UDP sockets are exported')
  return namespace.udpSockets.find((sockets) => sockets.port === port)
}

const shown = (exporter: StartedExporter, port: number): Promise<UdpSocketSample> =>
  eventually(
    'the socket is shown',
    async () => (await socketsOf(exporter, port))!,
    (sockets) => sockets !== undefined,
  )

test('a full UDP socket shows its bytes, its limit and its drops as ss does, and its drops are what never arrives', async () => {
  await using exporter = await start()
  const port = freePort()
  using server = receiver(port)
  const sent = 300
  send(port, sent)
  const seen = await shown(exporter, port)
  const ss = execFileSync('ss', ['-uanmH', `sport = :${port}`], { encoding: 'utf8' })
  assert.match(ss, new RegExp(`^UNCONN ${seen.bytes} .*rb${seen.limitBytes},.*d${seen.drops}\\)`, 's'))
  assert.equal(seen.limitBytes, 16_384)
  assert.equal(seen.drops, sent - server.receive())
  const after = await socketsOf(exporter, port)
  assert.deepEqual([after?.bytes, after?.peakBytes, after?.drops], [0, seen.bytes, seen.drops])
  const row = new RegExp(
    `^udp_socket_drops_total\\{netns="\\d+",address="127.0.0.1",port="${port}"\\} ${seen.drops}$`,
    'm',
  )
  assert.match(await page(exporter, '/metrics'), row)
})

test('two sockets of one port are one series, whose drops do not fall when one closes', async () => {
  await using exporter = await start()
  const port = freePort()
  using _stays = receiver(port)
  const goes = receiver(port)
  await shown(exporter, port)
  // Each sender has a port of its own, and so one of the two sockets by its hash.
  for (let senders = 0; senders < 20; senders++) send(port, 40)
  const both = await socketsOf(exporter, port)
  assert.equal(both?.sockets, 2)
  assert.ok(both.drops > 400, `${both.drops} dropped`)
  goes[Symbol.dispose]()
  const one = await eventually(
    'one is gone',
    () => socketsOf(exporter, port),
    (sockets) => sockets?.sockets === 1,
  )
  assert.equal(one?.drops, both.drops)
})

test('a socket over IPv6 is shown by its own address, apart from one over IPv4 on the same port', {
  skip: hasIPv6 ? false : 'this machine has no IPv6',
}, async () => {
  await using exporter = await start()
  const port = freePort()
  using _v4 = receiver(port)
  const v6 = dgram.createSocket({ type: 'udp6', ipv6Only: true })
  try {
    v6.bind(port, '::')
    await once(v6, 'listening')
    const found = await eventually(
      'both are shown',
      async () => (await exporter.look()).namespaces[0]?.udpSockets?.filter((sockets) => sockets.port === port) ?? [],
      (sockets) => sockets.length === 2,
    )
    assert.deepEqual(found.map(({ address }) => address).sort(), ['127.0.0.1', '::'])
  } finally {
    v6.close()
  }
})

test('sockets of clients make no series: neither a connected one nor one that only just sent', async () => {
  await using exporter = await start()
  const connected = dgram.createSocket('udp4')
  const asking = dgram.createSocket('udp4')
  const port = freePort()
  using _server = receiver(port)
  try {
    connected.connect(port, '127.0.0.1')
    await once(connected, 'connect')
    asking.send('question', port, '127.0.0.1')
    await shown(exporter, port)
    for (const client of [connected, asking]) assert.equal(await socketsOf(exporter, client.address().port), undefined)
  } finally {
    connected.close()
    asking.close()
  }
})
