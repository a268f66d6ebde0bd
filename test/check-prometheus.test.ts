/** `spillway check --from`: the same findings of what a Prometheus has scraped. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { fastCgi } from '#lab/servers/fast-cgi.ts'
import { startExporter } from '#services/exporter/exporter.ts'
import { StalledListener } from '#services/exporter/fixtures/stalled-listener.ts'
import {
  CheckHost,
  CLIENTS,
  type FindingLine,
  findingsIn,
  linesOf,
  NODE_SERVER,
  run,
  type Said,
  spillway,
} from './support/check-host.ts'
import { exporterIn, relayTo, socketFolder } from './support/host-boards.ts'
import { Prometheus } from './support/prometheus.ts'
import { activated, gunicorn, haproxy, nginx, phpFpm, type RealServer } from './support/real-servers.ts'
import { skipWithout } from './support/tools.ts'

const main = path.resolve(import.meta.dirname, '../cli/main.ts')

test('a full queue that a Prometheus has scraped is found, with its host, and what was dropped in the range', {
  skip: skipWithout('prometheus'),
}, async () => {
  using listener = new StalledListener(2)
  await using exporter = await startExporter({ listen: { host: '127.0.0.1', port: 0 }, log: () => {} })
  const target = new URL(exporter.url).host
  await using prometheus = await Prometheus.start({
    global: { scrape_interval: '1s' },
    scrape_configs: [{ job_name: 'spillway-exporter', static_configs: [{ targets: [target] }] }],
  })
  await eventually(
    'it was scraped while nothing was dropped',
    () => prometheus.query(`tcp_listener_accept_queue_limit{port="${listener.port}"}`),
    (series) => series.length === 1,
  )
  listener.connect(6)
  const args = ['check', '--from', prometheus.url, '--range', '5m', '--port', String(listener.port)]
  const said = await eventually(
    'it is found full',
    () => run(process.execPath, [main, ...args, '--json']),
    (said) =>
      ['accept-queue-overflows', 'all-shards-stalled', 'nobody-accepts'].includes(findingsIn(said)[0]?.code ?? ''),
  )
  assert.equal(said.code, 1)
  const [first] = findingsIn(said)
  assert.deepEqual([first?.about?.host, first?.about?.port], [target, listener.port])
  assert.match(first?.says ?? '', /^Since .* UTC: 3 of 3 wait/)
  const row = linesOf(said).find(({ type }) => type === 'listener')
  assert.deepEqual([row?.length, row?.limit], [3, 2])
  // A scrape that comes late on a busy machine leaves a gap.
  await eventually(
    'it is told for people too',
    () => run(process.execPath, [main, ...args]),
    ({ stdout, stderr }) => assert.match(stdout, /over the last 5 min\.$/m, stderr),
  )
})

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const node = (...then: string[]): RealServer => ({
  needs: {},
  command: (port) => [process.execPath, ['-e', NODE_SERVER, String(port), ...then]],
})
interface Trouble {
  name: string
  server: RealServer
  sockets?: number
  clients: number
  say?: string
  code: string | undefined
}
/** Each stands still in its own way, or serves. */
const troubles: Trouble[] = [
  { name: 'Node whose loop is blocked', server: node('8', 'sleep'), clients: 14, code: 'all-shards-stalled' },
  { name: 'HAProxy at its maxconn', server: haproxy('maxconn 4'), clients: 14, code: 'workers-exhausted' },
  {
    name: 'gunicorn with its worker busy',
    server: gunicorn(600, '--backlog', '2', '--workers', '1'),
    clients: 9,
    say: GET,
    code: 'workers-exhausted',
  },
  {
    name: 'nginx with a worker that is stopped',
    server: nginx('reuseport backlog=8', 2),
    sockets: 2,
    clients: 40,
    say: GET,
    code: 'one-shard-stalled',
  },
  {
    name: 'a socket that was activated for a program that does not accept',
    server: activated('sleep', 'infinity'),
    clients: 3,
    say: GET,
    code: 'nobody-accepts',
  },
  {
    name: 'a server on io_uring for which the kernel accepts',
    server: {
      needs: {},
      command: (port) => [
        process.execPath,
        [
          path.resolve(import.meta.dirname, '../experiments/probes/idle-server.ts'),
          '127.0.0.1',
          `${port}`,
          '8',
          'uring',
        ],
      ],
    },
    clients: 20,
    say: GET,
    code: 'accepted-and-never-read',
  },
  { name: 'Node that serves', server: node('-', 'serve'), clients: 3, say: GET, code: undefined },
]

test('what a Prometheus tells of servers that stand still is what spillway check finds on their host', {
  skip:
    ['prometheus', ...troubles.flatMap(({ server }) => Object.keys(server.needs))]
      .map(skipWithout)
      .find((reason) => reason !== false) ?? false,
}, async (context) => {
  await using host = await CheckHost.start()
  const folder = socketFolder(context)
  const socket = path.join(folder, 'exporter')
  const byPort = new Map(troubles.map((trouble, at) => [8081 + at, trouble]))
  for (const [port, { server, sockets = 1 }] of byPort) {
    const [command, args] = server.command(port, fs.mkdtempSync(path.join(folder, 'server-')))
    const child = host.start(command, args)
    await host.listens(port, sockets)
    if (sockets > 1)
      process.kill(Number((await run('pgrep', ['-P', String(child.pid)])).stdout.split('\n')[0]), 'SIGSTOP')
  }
  await exporterIn(host, socket)
  await using prometheus = await Prometheus.start({
    global: { scrape_interval: '1s' },
    scrape_configs: [
      { job_name: 'spillway-exporter', static_configs: [{ targets: [new URL(await relayTo(context, socket)).host] }] },
    ],
  })
  for (const [port, { clients, say }] of byPort)
    host.start(process.execPath, ['-e', CLIENTS, String(port), String(clients), ...(say === undefined ? [] : [say])])
  const wanted = [...byPort].map(([port, { name, code }]) => ({ port, name, code }))
  const told = (said: Said): typeof wanted =>
    wanted.map(({ port, name }) => ({ port, name, code: worstAt(port, findingsIn(said))?.code }))
  await eventually(
    'the host tells',
    () => host.check('--json'),
    (said) => assert.deepEqual(told(said), wanted),
  )
  await eventually(
    'the Prometheus tells the same',
    () => run(process.execPath, [main, 'check', '--from', prometheus.url, '--range', '5m', '--json']),
    (said) => assert.deepEqual(told(said), wanted),
  )
})

/** What is told first of a port or a path, notes aside: sockets that once were nearly full are noted only where a past is kept. */
const worstAt = (place: number | string, found: readonly FindingLine[]): FindingLine | undefined =>
  found.find(({ about, severity }) => (about?.port === place || about?.path === place) && severity !== 'note')

/** A UNIX listener that accepts as told, and a UDP socket that reads or does not; `place` is a path or a port. */
const python = (program: string, ...words: string[]): [string, string[]] => ['python3', ['-c', program, ...words]]
const HOLDS = `import socket, sys, time
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(int(sys.argv[2]))
time.sleep(1e6)`
const SERVES = `import socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(9)
kept = []
while True: kept.append(server.accept())`
const RECEIVES = `import socket, sys, time
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
server.bind(('127.0.0.1', int(sys.argv[1])))
if sys.argv[2] == 'no': time.sleep(1e6)
while True: server.recv(2048)`
const SENDS = `import socket, sys, time
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
  for port in sys.argv[1:]: client.sendto(b'x' * 100, ('127.0.0.1', int(port)))
  time.sleep(0.02)`
const SOMAXCONN = 128

interface Other {
  name: string
  place: number | string
  start(host: CheckHost): void
  clients?: { count: number; say?: string }
  code: string | undefined
}

test('what a Prometheus tells of UNIX listeners and UDP sockets is what spillway check finds on their host', {
  skip: ['prometheus', 'python3', ...Object.keys(phpFpm('', '').needs)].map(skipWithout).find(Boolean) ?? false,
}, async (context) => {
  await using host = await CheckHost.start({ 'net.core.somaxconn': SOMAXCONN })
  const folder = socketFolder(context)
  const at = (name: string): string => path.join(folder, name)
  const script = at('sleep.php')
  fs.writeFileSync(script, '<?php sleep(600);')
  const others: Other[] = [
    {
      name: 'PHP-FPM with its only child busy',
      place: at('php.sock'),
      start(host) {
        const server = phpFpm(at('php.sock'), 'pm.max_children = 1\nlisten.backlog = 3')
        host.start(...server.command(0, fs.mkdtempSync(at('server-'))))
      },
      clients: { count: 9, say: `base64:${fastCgi(script).toString('base64')}` },
      code: 'unix-socket-full',
    },
    {
      name: 'a full queue that nobody empties',
      place: at('full.sock'),
      start: (host) => void host.start(...python(HOLDS, at('full.sock'), '2')),
      clients: { count: 5 },
      code: 'unix-socket-full',
    },
    {
      name: 'a queue with room that nobody empties',
      place: at('held.sock'),
      start: (host) => void host.start(...python(HOLDS, at('held.sock'), '9')),
      clients: { count: 2 },
      code: 'nobody-accepts',
    },
    {
      name: 'Node whose backlog was cut',
      place: at('node.sock'),
      start: (host) =>
        void host.start(process.execPath, [
          '-e',
          "require('node:http').createServer().listen(process.argv[1])",
          at('node.sock'),
        ]),
      code: 'backlog-clamped',
    },
    {
      name: 'a server that accepts whoever comes',
      place: at('serves.sock'),
      start: (host) => void host.start(...python(SERVES, at('serves.sock'))),
      clients: { count: 5 },
      code: undefined,
    },
    {
      name: 'a UDP socket that nobody reads',
      place: 5353,
      start: (host) => void host.start(...python(RECEIVES, '5353', 'no')),
      code: 'udp-queue-overflows',
    },
    {
      name: 'a UDP socket that is read',
      place: 5354,
      start: (host) => void host.start(...python(RECEIVES, '5354', 'yes')),
      code: undefined,
    },
  ]
  for (const { start } of others) start(host)
  const paths = others.flatMap(({ place }) => (typeof place === 'string' ? [place] : []))
  await eventually(
    'all listen',
    () => paths.filter((one) => fs.existsSync(one)),
    (made) => assert.deepEqual(made, paths),
  )
  const socket = at('exporter')
  await exporterIn(host, socket)
  const target = new URL(await relayTo(context, socket)).host
  await using prometheus = await Prometheus.start({
    global: { scrape_interval: '1s' },
    scrape_configs: [{ job_name: 'spillway-exporter', static_configs: [{ targets: [target] }] }],
  })
  // Drops from before the first scrape are in no range.
  await eventually(
    'both UDP sockets were scraped',
    () => prometheus.query('udp_socket_drops_total'),
    (series) => series.length === 2,
  )
  host.start(...python(SENDS, '5353', '5354'))
  for (const { place, clients } of others)
    if (clients !== undefined) {
      const say = clients.say === undefined ? [] : [clients.say]
      host.start(process.execPath, ['-e', CLIENTS, String(place), String(clients.count), ...say])
    }
  const wanted = others.map(({ place, name, code }) => ({ place, name, code }))
  const told = (said: Said): typeof wanted =>
    wanted.map(({ place, name }) => ({ place, name, code: worstAt(place, findingsIn(said))?.code }))
  const live = await eventually(
    'the host tells',
    () => host.check('--json'),
    (said) => assert.deepEqual(told(said), wanted),
  )
  const from = ['check', '--from', prometheus.url, '--range', '5m']
  const ofPhp = (said: Said): unknown => {
    const row = linesOf(said).find((line) => line.path === at('php.sock'))
    return [row?.protocol, row?.server, row?.length, row?.limit, row?.acceptors]
  }
  const kept = await eventually(
    'the Prometheus tells the same',
    () => run(process.execPath, [main, ...from, '--json']),
    (said) => {
      assert.deepEqual(told(said), wanted)
      // That nobody waits for connections there takes looks for half a minute.
      assert.deepEqual(ofPhp(said), ['unix', 'PHP-FPM', 4, 3, []])
    },
  )
  assert.deepEqual(ofPhp(kept), ofPhp(live))
  const mends = (said: Said): unknown => worstAt(at('php.sock'), findingsIn(said))?.mends.map(({ line }) => line)
  assert.deepEqual(mends(kept), mends(live))
  assert.match(
    worstAt(5353, findingsIn(kept))?.says ?? '',
    /^[\d,]+ datagrams met a full receive buffer in the last 5 min, .* a second now; /,
  )
  const one = await run(process.execPath, [main, ...from, '--port', '5353', '--json'])
  assert.deepEqual(
    findingsIn(one).map(({ code, about }) => [code, about?.host]),
    [['udp-queue-overflows', target]],
  )
})

test('without a Prometheus at the address it says so and ends with status 2', async () => {
  const said = await run(spillway, ['check', '--from', 'http://127.0.0.1:9'])
  assert.equal(said.code, 2)
  assert.match(said.stderr, /^spillway: No Prometheus answers at http:\/\/127\.0\.0\.1:9/)
  const both = await run(spillway, ['check', '--from', 'http://127.0.0.1:9', '--netns', 'all'])
  assert.match(both.stderr, /^spillway: --from asks a Prometheus, which knows neither --netns nor --pid\n/)
})
