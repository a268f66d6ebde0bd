/**
 * `spillway check` at real servers that are in trouble, one case each: the cause is named, with what mends it in the server's
 * own words. The same servers at ease give no finding.
 */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { after } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { fastCgi } from '#lab/servers/fast-cgi.ts'
import {
  CheckHost,
  CLIENTS,
  computes,
  type FindingLine,
  findingsIn,
  KNOCKING,
  linesOf,
  NODE_SERVER,
  run,
  type Said,
} from './support/check-host.ts'
import type { RealServer } from './support/real-servers.ts'
import * as servers from './support/real-servers.ts'
import { skipWithout } from './support/tools.ts'

const root = path.resolve(import.meta.dirname, '..')
const made = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-servers-'))
after(() => fs.rmSync(made, { recursive: true, force: true, maxRetries: 5 }))
const folder = (): string => fs.mkdtempSync(path.join(made, 'server-'))

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
/** A request that has not ended. */
const HALF = 'GET / HTTP/1.1\r\nHost: x\r\n'
const PORT = 8080
/** Behind those that pass on. */
const UPSTREAM = 8081

const node = (then: string, backlog = '-'): RealServer => ({
  needs: {},
  command: (port) => [process.execPath, ['-e', NODE_SERVER, String(port), backlog, then]],
})

const missing = ({ needs }: RealServer): string | false =>
  Object.keys(needs)
    .map(skipWithout)
    .find((reason) => reason !== false) ?? false

function start(host: CheckHost, server: RealServer, port = PORT): ChildProcess {
  const at = folder()
  const [command, args] = server.command(port, at)
  return host.start(command, args, {}, at)
}

const clients = (host: CheckHost, count: number, say = '', at: string | number = PORT): ChildProcess =>
  host.start(process.execPath, ['-e', CLIENTS, String(at), String(count), ...(say === '' ? [] : [say])])

const knocking = (host: CheckHost, say: string): ChildProcess =>
  host.start(process.execPath, ['-e', KNOCKING, String(PORT), say])

/** The first finding, once it is this one and says so: whoever connects takes as long as the machine lets them. */
async function firstFinding(host: CheckHost, { code, says }: Pick<Case, 'code' | 'says'>): Promise<FindingLine> {
  const said = await eventually(
    `${code} comes first`,
    () => host.check('--json'),
    (said) => {
      const [first] = ofServers(said)
      assert.equal(first?.code, code)
      assert.match(first?.says ?? '', says)
    },
  )
  const [first] = ofServers(said)
  assert.equal(said.code, first?.severity === 'note' ? 0 : 1)
  return first!
}

/** Without what concerns the whole machine: what others have done to it since boot says nothing of these servers. */
const ofServers = (said: Said): FindingLine[] => findingsIn(said).filter(({ about }) => about !== null)

interface Case {
  name: string
  server: RealServer
  settings?: Record<string, number>
  path?: string
  /** What goes wrong. */
  trouble(host: CheckHost, server: ChildProcess): Promise<void> | void
  code: string
  process: RegExp
  says: RegExp
  /** One of the lines to type; undefined where there is none. */
  mend: RegExp | undefined
}

const accepted = (host: CheckHost, count: number): Promise<unknown> =>
  eventually(
    `at least ${count} clients are accepted`,
    () => host.check('--json', '--fail-on', 'never'),
    (said) => linesOf(said).some(({ type, accepted: those }) => type === 'listener' && Number(those) >= count),
  )

const childrenOf = async (pid: number | undefined): Promise<number[]> =>
  (await run('pgrep', ['-P', String(pid)])).stdout.split('\n').filter(Boolean).map(Number)

const socket = path.join(made, 'php.sock')
const binary = path.join(made, 'serve-go')

const cases: Case[] = [
  {
    name: 'nginx with reuseport and a worker that is stopped',
    server: servers.nginx('reuseport backlog=8', 2),
    async trouble(host, master) {
      const [worker] = await childrenOf(master.pid)
      process.kill(worker!, 'SIGSTOP')
      clients(host, 40, GET)
    },
    code: 'one-shard-stalled',
    process: /^nginx$/,
    says: /^Shard \d of 2 stands still.*9 of 9 wait.*stopped by a signal/,
    mend: /^kill -CONT \d+$/,
  },
  {
    name: 'gunicorn with a backlog of 2 and a worker that is busy',
    server: servers.gunicorn(600, '--backlog', '2', '--workers', '1'),
    trouble: (host) => void clients(host, 8, GET),
    code: 'workers-exhausted',
    process: /^gunicorn$/,
    says: /^3 of 3 wait.*all workers of gunicorn/,
    mend: /^--workers 8 --threads 4$/,
  },
  {
    name: 'uWSGI with all processes busy',
    server: servers.uwsgi(600, '--listen', '5', '--processes', '2'),
    trouble: (host) => void clients(host, 12, GET),
    code: 'workers-exhausted',
    process: /^uWSGI$/,
    says: /^6 of 6 wait.*all workers of uWSGI/,
    mend: /^--processes 8 --threads 4$/,
  },
  {
    name: 'PHP-FPM behind a UNIX socket, with its only child busy',
    server: servers.phpFpm(socket, 'pm.max_children = 1\nlisten.backlog = 3'),
    path: socket,
    trouble(host) {
      const script = path.join(made, 'sleep.php')
      fs.writeFileSync(script, '<?php sleep(600);')
      clients(host, 9, `base64:${fastCgi(script).toString('base64')}`, socket)
    },
    code: 'unix-socket-full',
    process: /^PHP-FPM$/,
    says: /^4 of 4 wait, and connect\(\) fails.*all workers of PHP-FPM/,
    mend: /^pm\.max_children = 50$/,
  },
  {
    name: 'HAProxy at its maxconn',
    server: servers.haproxy('maxconn 4'),
    trouble: (host) => void clients(host, 14),
    code: 'workers-exhausted',
    process: /^HAProxy$/,
    says: /^5 of 5 wait.*HAProxy does not wait for connections.*as many open/,
    mend: /^maxconn 10000$/,
  },
  {
    name: 'lighttpd at its server.max-connections',
    server: servers.lighttpd('server.max-connections = 4\nserver.listen-backlog = 16'),
    trouble: (host) => void clients(host, 60),
    code: 'workers-exhausted',
    process: /^lighttpd$/,
    says: /^17 of 17 wait.*lighttpd does not wait for connections at present.*: it has as many open/,
    mend: /^server\.max-connections = 4096$/,
  },
  {
    name: 'Apache at its MaxRequestWorkers',
    server: servers.apache(
      'ServerLimit 1\nStartServers 1\nThreadsPerChild 4\nMinSpareThreads 1\nMaxSpareThreads 4\nMaxRequestWorkers 4\nListenBacklog 8\nTimeout 600',
    ),
    trouble: (host) => void clients(host, 40, HALF),
    code: 'workers-exhausted',
    process: /^Apache$/,
    says: /^9 of 9 wait.*all workers of Apache/,
    mend: /^MaxRequestWorkers 400$/,
  },
  {
    name: 'nginx out of worker_connections',
    server: servers.nginx('', 1, 'worker_connections 32;'),
    async trouble(host) {
      clients(host, 40, HALF)
      await accepted(host, 28) // what it needs for itself takes places too
      knocking(host, GET)
    },
    code: 'closed-after-accept',
    process: /^nginx$/,
    says: /^nginx has \d\d clients here, not one more or less .* RSTs a second/,
    mend: /^worker_connections 4096;$/,
  },
  {
    name: 'Redis at its maxclients',
    server: servers.redis('--maxclients', '20'),
    async trouble(host) {
      clients(host, 20)
      await accepted(host, 20)
      knocking(host, 'PING\r\n')
    },
    code: 'closed-after-accept',
    process: /^Redis$/,
    says: /^Redis has 20 clients here, not one more or less .* RSTs a second/,
    mend: /^maxclients 10000$/,
  },
  {
    name: 'memcached with as many clients as -c allows',
    server: servers.memcached('-c', '64'),
    trouble: (host) => void clients(host, 80),
    code: 'file-descriptors-used-up',
    process: /^memcached$/,
    says: /^memcached \(\d+\) has \d\d of 64 files open, which is as many as it has set itself for its clients/,
    mend: /^-c 65536$/,
  },
  {
    name: 'PostgreSQL at its max_connections',
    server: servers.postgres(20),
    trouble: (host) => void clients(host, 26, servers.postgresLogin),
    code: 'closed-after-accept',
    process: /^PostgreSQL$/,
    says: /^PostgreSQL has 20 clients here, about as many as it may have by its backlog, and was the first to close 6 connections/,
    mend: /^max_connections = 200$/,
  },
  {
    name: 'PgBouncer at its max_client_conn',
    server: servers.pgbouncer('max_client_conn = 20\nclient_login_timeout = 600'),
    async trouble(host) {
      clients(host, 20)
      await accepted(host, 20)
      clients(host, 6, servers.postgresLogin)
    },
    code: 'closed-after-accept',
    process: /^PgBouncer$/,
    says: /^PgBouncer has 20 clients here, not one more or less .* was the first to close 6 connections/,
    mend: /^max_client_conn = 1000$/,
  },
  {
    name: 'nginx that passes streams on, out of worker_connections',
    server: servers.nginxStream(UPSTREAM, 1, 'worker_connections 64;'),
    async trouble(host) {
      start(host, node('serve'), UPSTREAM)
      await host.listens(UPSTREAM)
      clients(host, 40, HALF)
      await accepted(host, 28)
      knocking(host, GET)
    },
    code: 'closed-after-accept',
    process: /^nginx$/,
    says: /^nginx has \d\d clients here, not one more or less .* RSTs a second/,
    mend: /^worker_connections 4096;$/,
  },
  {
    name: 'OpenSSH at its MaxStartups',
    server: servers.sshd('8'),
    trouble: (host) => void clients(host, 14),
    code: 'closed-after-accept',
    process: /^OpenSSH$/,
    says: /^OpenSSH has 8 connections that have not logged in yet, as its title says, and may have 8: whoever comes now is accepted and closed/,
    mend: /^MaxStartups 100:30:1000$/,
  },
  {
    name: 'Mosquitto with as many clients as max_connections allows',
    server: servers.mosquitto('max_connections 20'),
    async trouble(host) {
      clients(host, 20)
      await accepted(host, 20)
      clients(host, 6)
    },
    code: 'closed-after-accept',
    process: /^Mosquitto$/,
    says: /^Mosquitto has 20 clients here, not one more or less .* was the first to close 6 connections/,
    mend: /^max_connections 10000$/,
  },
  {
    name: 'Tomcat with all threads busy',
    server: servers.tomcat(600, { maxThreads: 2, minSpareThreads: 1 }),
    trouble: (host) => void clients(host, 12, GET),
    code: 'accepted-and-never-read',
    process: /^Tomcat$/,
    says: /^10 connections are accepted and not served.*all its workers are busy/,
    mend: /^maxThreads="400" maxConnections="10000"$/,
  },
  {
    name: 'Tomcat at its maxConnections',
    server: servers.tomcat(0, { maxConnections: 4, acceptCount: 8 }),
    trouble: (host) => void clients(host, 24, HALF),
    code: 'workers-exhausted',
    process: /^Tomcat$/,
    says: /^9 of 9 wait.*Tomcat does not wait for connections.*as many open/,
    mend: /^maxThreads="400" maxConnections="10000"$/,
  },
  {
    name: 'Redis, whose backlog somaxconn has cut',
    server: servers.redis(),
    settings: { 'net.core.somaxconn': 128 },
    trouble() {},
    code: 'backlog-clamped',
    process: /^Redis$/,
    says: /asks for a backlog of 511 unless told otherwise and got 128: net\.core\.somaxconn is 128/,
    mend: /^sysctl -w net\.core\.somaxconn=511$/,
  },
  {
    name: 'Node at its default of 511, with a loop that computes',
    server: node('on-request'),
    async trouble(host, server) {
      clients(host, 1, GET)
      await computes(server.pid)
      clients(host, 560)
    },
    code: 'all-shards-stalled',
    process: /^Node$/,
    says: /^512 of 512 wait.*Node \(\d+\).*computes/,
    mend: undefined,
  },
  {
    name: 'asyncio at its default of 100, with a handler that sleeps',
    server: servers.asyncio('time.sleep(600)'),
    trouble(host) {
      clients(host, 1, GET)
      clients(host, 500) // asyncio takes up to 100 in each turn, and its handler comes only some turns later
    },
    code: 'all-shards-stalled',
    process: /^Python \(serve\)$/,
    says: /^101 of 101 wait.*something that it calls blocks its loop/,
    mend: /^backlog=1024$/,
  },
  {
    name: 'Java at its default of 50, with its only thread busy',
    server: servers.java('Thread.sleep(600000);'),
    trouble: (host) => void clients(host, 70, GET),
    code: 'nobody-accepts',
    process: /^Java/,
    says: /^51 of 51 wait.*nobody waits for connections/,
    mend: /^new ServerSocket\(8080, 1024\)$/,
  },
  {
    name: 'Go at somaxconn, after a burst that did not fit',
    server: servers.go(binary),
    settings: { 'net.core.somaxconn': 128 },
    async trouble(host, server) {
      server.kill('SIGSTOP')
      const burst = clients(host, 200)
      await eventually(
        'some were dropped',
        async () => (await host.run('ss', ['-Hltnm', 'sport', '=', `:${PORT}`])).stdout,
        (text) => /d[1-9]\d*\)/.test(text),
      )
      burst.kill('SIGKILL')
      server.kill('SIGCONT')
    },
    code: 'accept-queue-overflows-briefly',
    process: /^serve-go$/,
    says: /dropped here in the .* since serve-go started.* holds only 129 because net\.core\.somaxconn/,
    mend: /^sysctl -w net\.core\.somaxconn=1024$/,
  },
  {
    name: 'a socket that was activated for a program that does not accept',
    server: servers.activated('sleep', 'infinity'),
    trouble: (host) => void clients(host, 3, GET),
    code: 'nobody-accepts',
    process: /^sleep$/,
    says: /^3 of 4,097 wait.*sleep holds the socket \(\d+\), and nobody waits for connections/,
    mend: undefined,
  },
  {
    name: 'a server on io_uring that stands still while the kernel accepts for it',
    server: {
      needs: {},
      command: (port) => [
        process.execPath,
        [path.join(root, 'experiments/probes/idle-server.ts'), '127.0.0.1', String(port), '8', 'uring'],
      ],
    },
    trouble: (host) => void clients(host, 20, GET),
    code: 'accepted-and-never-read',
    process: /^Node \(idle-server\)$/,
    says: /^20 connections are accepted and not served.*accept queue holds 0 of 9.*io_uring/,
    mend: undefined,
  },
]

for (const { name, server, settings = {}, path: at, trouble, code, process: who, says, mend } of cases)
  test(`${name} is told as ${code}, and at ease it is not`, { skip: missing(server) }, async () => {
    if (server.needs.go !== undefined) await buildGo()
    await using host = await CheckHost.start(settings)
    const child = start(host, server)
    if (at === undefined) await host.listens(PORT, name.includes('reuseport') ? 2 : 1)
    else await eventually('it listens', () => fs.existsSync(at))
    const expected = code === 'backlog-clamped' ? [code] : []
    await eventually(
      'it is at ease',
      () => host.check('--json'),
      (said) =>
        assert.deepEqual(
          ofServers(said).map((finding) => finding.code),
          expected,
        ),
    )
    await trouble(host, child)
    const found = await firstFinding(host, { code, says })
    assert.match(found.process ?? '', who)
    const lines = found.mends.map(({ line }) => line)
    if (mend === undefined)
      assert.deepEqual(
        lines.filter((line) => !/backlog/.test(line)),
        [],
      )
    else
      assert.ok(
        lines.some((line) => mend.test(line)),
        lines.join('\n'),
      )
  })

/** A case each would only show again what a signal does; here it is shown of servers that wait in other ways than those. */
const stopped: Record<string, RealServer> = {
  'nginx that passes streams on': servers.nginxStream(UPSTREAM),
  OpenSSH: servers.sshd(),
  Mosquitto: servers.mosquitto(),
  Tomcat: servers.tomcat(),
}

test('servers of four kinds that a signal has stopped are told, each with the line that continues it', {
  skip:
    Object.values(stopped)
      .map(missing)
      .find((reason) => reason !== false) ?? false,
}, async () => {
  await using host = await CheckHost.start()
  const ports = new Map(Object.entries(stopped).map(([name, server], at) => [9001 + at, { name, server }]))
  const groups = new Map([...ports].map(([port, { server }]) => [port, start(host, server, port).pid ?? 0]))
  for (const port of ports.keys()) await host.listens(port)
  await eventually(
    'they are at ease',
    () => host.check('--json'),
    (said) => assert.deepEqual(ofServers(said), []),
  )
  for (const pid of groups.values()) process.kill(-pid, 'SIGSTOP')
  for (const port of ports.keys()) clients(host, 3, '', port)
  const said = await eventually(
    'each is told',
    () => host.check('--json'),
    (said) => assert.equal(ofServers(said).length, ports.size, said.stdout),
  )
  for (const { code, about, says, mends } of ofServers(said)) {
    assert.equal(code, 'all-shards-stalled')
    assert.match(says, /^3 of [\d,]+ wait.*is stopped by a signal/, ports.get(Number(about?.port))?.name)
    assert.match(mends[0]?.line ?? '', /^kill -CONT \d+/)
  }
  for (const pid of groups.values()) process.kill(-pid, 'SIGCONT')
})

const FIRST_PORT = 20_001
/** At ease, some with what would be too small elsewhere: http.server listens with 5. */
const healthy: Record<string, RealServer> = {
  nginx: servers.nginx(),
  'nginx, sharded': servers.nginx('reuseport', 2),
  gunicorn: servers.gunicorn(0),
  'gunicorn with a backlog of its own': servers.gunicorn(0, '--backlog', '64'),
  uWSGI: servers.uwsgi(0, '--processes', '2'),
  'PHP-FPM': servers.phpFpm(`127.0.0.1:${FIRST_PORT + 5}`, 'pm.max_children = 1'),
  HAProxy: servers.haproxy(),
  'HAProxy with a maxconn': servers.haproxy('maxconn 300'),
  Redis: servers.redis(),
  Node: node('serve'),
  'Node with a backlog': node('serve', '2000'),
  asyncio: servers.asyncio('pass'),
  Java: servers.java(''),
  Go: servers.go(binary),
  'an activated socket': servers.activated('sleep', '1'),
  Apache: servers.apache(),
  lighttpd: servers.lighttpd(),
  memcached: servers.memcached(),
  PostgreSQL: servers.postgres(),
  PgBouncer: servers.pgbouncer(),
  'nginx that passes streams on': servers.nginxStream(FIRST_PORT),
  OpenSSH: servers.sshd(),
  Mosquitto: servers.mosquitto(),
  Tomcat: servers.tomcat(),
  Puma: servers.puma(),
  Unicorn: servers.unicorn(),
  'http.server': servers.httpServer(),
  'php -S': servers.phpServer(),
}

test('a host on which more than two dozen servers do their work has no finding', {
  skip:
    Object.values(healthy)
      .map(missing)
      .find((reason) => reason !== false) ?? false,
}, async () => {
  await buildGo()
  await using host = await CheckHost.start()
  const ports = new Map(Object.entries(healthy).map(([name, server], at) => [FIRST_PORT + at, { name, server }]))
  for (const [port, { server }] of ports) start(host, server, port)
  for (const port of ports.keys()) await host.listens(port)
  const quiet = new Set([
    'an activated socket',
    'PHP-FPM',
    'memcached',
    'Redis',
    'PostgreSQL',
    'PgBouncer',
    'OpenSSH',
    'Mosquitto',
  ])
  for (const [port, { name }] of ports) if (!quiet.has(name)) clients(host, 3, GET, port)
  await eventually(
    'nothing is found at any of them',
    () => host.check('--json'),
    (said) => {
      assert.deepEqual(ofServers(said), [])
      assert.equal(linesOf(said).filter(({ type }) => type === 'listener').length >= ports.size, true)
    },
  )
  const listeners = linesOf(await host.check('--json')).filter(({ type }) => type === 'listener')
  const who = new Map(listeners.map(({ port, process }) => [port, process]))
  for (const [port, { name }] of ports) assert.equal(typeof who.get(port), 'string', `${name} is named`)
  assert.equal((await host.check('--fail-on', 'critical')).code, 0)
})

async function buildGo(): Promise<void> {
  if (fs.existsSync(binary)) return
  const source = path.join(made, 'serve.go')
  fs.writeFileSync(source, servers.GO_SOURCE)
  const built = await run('go', ['build', '-o', binary, source])
  assert.equal(built.code, 0, built.stderr)
}
