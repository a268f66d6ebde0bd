import assert from 'node:assert/strict'
import test from 'node:test'
import { serverOf } from '../servers/recognise.ts'
import { hostFindingsOf } from './catalogue.ts'
import type { QueueEvidence } from './evidence.ts'
import { type HostGiven, hostOf, processOf, queueOf } from './testing/host.ts'

const DAY_MS = 86_400_000
const serverNamed = (command: string) => serverOf([{ command, commandLine: command }])
const codes = (given: HostGiven): string[] =>
  hostFindingsOf(hostOf(given)).map(({ code, severity }) => `${severity} ${code}`)
const queue = (given: Partial<QueueEvidence>): HostGiven => ({ queues: [queueOf(given)] })
/** Full, and the first in line has stood there through both looks. */
const STUCK = { length: 512, oldestWaitMs: 4000, oldestWaitBeforeMs: 3500 }

test('a host at ease has no finding', () => {
  assert.deepEqual(codes({}), [])
  assert.deepEqual(codes(queue({})), [])
  assert.deepEqual(
    codes(queue({ length: 2, oldestWaitMs: 3, oldestWaitBeforeMs: 1 })),
    [],
    'a few that are being accepted',
  )
  assert.deepEqual(codes(queue({ limit: 5 })), [], 'a small backlog that nobody has filled')
  assert.deepEqual(codes(queue({ acceptors: [] })), [], 'a worker that is busy for a moment')
  assert.deepEqual(codes(queue({ drops: 40 })), [], 'drops without an overflow in the namespace are something else')
})

test('a queue that nobody empties is told with what its process is doing', () => {
  const told = (given: Partial<QueueEvidence>) => codes(queue({ ...STUCK, ...given }))
  assert.deepEqual(told({}), ['critical all-shards-stalled'])
  assert.deepEqual(told({ processes: [processOf({ state: 'stopped' })] }), ['critical all-shards-stalled'])
  assert.deepEqual(told({ processes: [processOf({ files: { open: 1024, limit: 1024 } })] }), [
    'critical file-descriptors-used-up',
  ])
  assert.deepEqual(told({ acceptors: [] }), ['critical nobody-accepts'])
  assert.deepEqual(told({ server: serverNamed('gunicorn') }), ['critical workers-exhausted'])
  assert.deepEqual(told({ server: serverNamed('haproxy'), acceptors: [] }), ['critical workers-exhausted'])
  assert.deepEqual(told({ processes: [], acceptors: undefined }), ['critical accept-queue-overflows'])
  assert.deepEqual(told({ processes: [processOf({ command: 'systemd', pid: 1 })], acceptors: [] }), [
    'critical nobody-accepts',
  ])
})

test('that nobody waits is as sure as it is who could be looked into, and what is missing is said', () => {
  const waits = { length: 3, oldestWaitMs: 4000, oldestWaitBeforeMs: 3500 }
  const told = (given: Partial<QueueEvidence>) =>
    hostFindingsOf(hostOf(queue({ ...waits, acceptors: [], ...given }))).map(({ code, sure, words }) => ({
      code,
      sure,
      missing: /\(\d+ process(?:es)? .*could not be looked into[^)]*\)/.exec(words)?.[0],
    }))[0]
  const strangers = { processes: 40, related: [] }
  const kin = { processes: 40, related: [{ pid: 7, command: 'app' }] }
  assert.deepEqual(told({}), { code: 'nobody-accepts', sure: 'certain', missing: undefined })
  const likely = told({ unseen: strangers })
  assert.deepEqual([likely?.code, likely?.sure], ['nobody-accepts', 'likely'])
  assert.match(likely?.missing ?? '', /^\(40 processes could not be looked into, none of which/)
  const open = told({ acceptors: undefined, unseen: kin })
  assert.deepEqual([open?.code, open?.sure], ['nobody-accepts', 'likely'])
  assert.match(open?.missing ?? '', /^\(1 process that may hold this socket too \(app 7\) could not be looked into\)/)
  const proxy = { server: serverNamed('haproxy') }
  assert.equal(told({ ...proxy, unseen: strangers })?.code, 'workers-exhausted')
  const either = told({ ...proxy, acceptors: undefined, unseen: kin })
  assert.deepEqual([either?.code, either?.sure], ['workers-exhausted', 'possible'])
  // Without either it is not said that nobody does: a ring does not name its sockets.
  assert.equal(told({ acceptors: undefined })?.code, 'all-shards-stalled')
})

test('clients that wait at a UNIX socket are told too where somebody who may hold it could not be looked into', () => {
  const unix = { path: '/run/app.sock', length: 2, lengthBefore: 2, acceptors: undefined }
  assert.deepEqual(codes(queue(unix)), [])
  assert.deepEqual(codes(queue({ ...unix, unseen: { processes: 4, related: [{ pid: 7, command: 'app' }] } })), [
    'critical nobody-accepts',
  ])
})

test('of another host, whose processes are not told, one client that waits at a UNIX socket at both looks is no finding', () => {
  const unix = { path: '/run/app.sock', host: 'web-1', processes: [], acceptors: undefined, length: 1, lengthBefore: 1 }
  assert.deepEqual(codes(queue(unix)), [])
  assert.deepEqual(codes(queue({ ...unix, acceptors: [] })), ['critical nobody-accepts'])
  const full = { ...unix, limit: 2, length: 3, lengthBefore: 3 }
  const [found] = hostFindingsOf(hostOf(queue(full)))
  assert.deepEqual([found?.code, found?.severity], ['unix-socket-full', 'critical'])
  assert.match(found?.words ?? '', /accepts too slowly, or nobody at all; spillway check on that host tells more/)
})

test('datagrams that a Prometheus counted are those of its range', () => {
  const udp = { netns: 'host', own: false, host: 'dns-1', address: '0.0.0.0', port: 53, shard: 1 }
  const counts = { bytes: 0, limitBytes: 212_992, drops: 700, dropsPerSecond: 0 }
  const [found] = hostFindingsOf({ ...hostOf({ udp: [{ ...udp, ...counts }] }), overMs: 3_600_000 })
  assert.match(found?.words ?? '', /^700 datagrams met a full receive buffer in the last 60 min, none now; /)
})

test('a full queue that is being emptied is told as clients that come too fast, with the line of that server', () => {
  const full = { length: 512, oldestWaitMs: 90, oldestWaitBeforeMs: 80, server: serverNamed('nginx'), who: 'nginx' }
  const [first] = hostFindingsOf(hostOf(queue(full)))
  assert.deepEqual([first?.code, first?.severity], ['accept-queue-overflows', 'critical'])
  assert.ok(first?.mends.some(({ line }) => line === 'listen 127.0.0.1:8080 backlog=2048;'))
})

test('one shard that stands still among others is told as one', () => {
  const shard = (shard: number, given: Partial<QueueEvidence>) => queueOf({ shard, shards: 3, ...given })
  const queues = [shard(1, {}), shard(2, { ...STUCK, processes: [processOf({ state: 'stopped' })] }), shard(3, {})]
  const [first, ...others] = hostFindingsOf(hostOf({ queues }))
  assert.equal(first?.code, 'one-shard-stalled')
  assert.match(first.words, /^Shard 2 of 3 stands still/)
  assert.deepEqual(others, [])
})

test('drops of the past are told by how often they come: a few in a month are a note', () => {
  const dropped = (drops: number, days: number, limit: number) =>
    codes({
      counters: { TcpExt_ListenOverflows: drops, TcpExt_ListenDrops: drops },
      queues: [queueOf({ drops, limit, processes: [processOf({ ageMs: days * DAY_MS })] })],
    })
  assert.deepEqual(dropped(3, 0.1, 511), ['warning accept-queue-overflows-briefly'])
  assert.deepEqual(dropped(3, 30, 511), ['note accept-queue-overflows-briefly'])
  assert.deepEqual(dropped(300, 30, 5), ['warning backlog-small'])
})

test('a cut backlog is told whether or not it harms, and what was asked for only where it is known', () => {
  const cut = (asked: number | undefined) =>
    codes({
      ...queue({ limit: 128, setBy: { by: 'somaxconn', asked, sure: false } }),
      settings: { 'net.core.somaxconn': 128 },
    })
  assert.deepEqual(cut(511), ['warning backlog-clamped'])
  assert.deepEqual(cut(undefined), [])
})

test('connections that nobody reads are told although the accept queue is empty', () => {
  assert.deepEqual(codes(queue({ unserved: { connections: 20, oldestMs: 9000 }, accepted: 20 })), [
    'critical accepted-and-never-read',
  ])
  assert.deepEqual(codes(queue({ unserved: { connections: 1, oldestMs: 9000 }, accepted: 20 })), [])
})

test('a server that closes whom it has accepted is told where it has as many clients as it may have, and only there', () => {
  const postgres = (accepted: number, closedFirst: number) =>
    codes(queue({ server: serverNamed('postgres'), limit: 244, accepted, closedFirst }))
  assert.deepEqual(postgres(100, 6), ['warning closed-after-accept'])
  assert.deepEqual(postgres(100, 0), [], 'nobody was turned away')
  assert.deepEqual(postgres(40, 6), [], 'wrong passwords, or probes')
  const nginx = (accepted: number, acceptedBefore: number, resets: number, command = 'nginx') =>
    codes({
      ...queue({ server: serverNamed(command), accepted, acceptedBefore }),
      counters: { Tcp_OutRsts: resets },
      countersBefore: { Tcp_OutRsts: 0 },
    })
  assert.deepEqual(nginx(500, 500, 20), ['note closed-after-accept'])
  assert.deepEqual(nginx(500, 500, 0), [])
  assert.deepEqual(nginx(500, 498, 20), [], 'it has taken others')
  assert.deepEqual(nginx(3, 3, 20), [], 'few that stay are a pool')
  assert.deepEqual(nginx(500, 500, 20, 'haproxy'), [], 'it leaves them in the queue')
})

test('descriptors that a server counts itself are mended in its own words', () => {
  const lines = (command: string) =>
    hostFindingsOf(
      hostOf(queue({ server: serverNamed(command), processes: [processOf({ files: { open: 1020, limit: 1024 } })] })),
    ).flatMap(({ mends }) => mends.map(({ line }) => line))
  assert.deepEqual(lines('memcached'), ['-c 65536'])
  assert.deepEqual(lines('nginx'), ['prlimit --pid 100 --nofile=65536', 'worker_rlimit_nofile 65536;'])
  assert.deepEqual(lines('node'), ['prlimit --pid 100 --nofile=65536'])
})

test('of a server that is known by its name alone, as an exporter tells it, the pool is named too', () => {
  const told = (command: string, acceptors: number[] | undefined) =>
    hostFindingsOf(hostOf(queue({ ...STUCK, server: serverNamed(command), processes: [], acceptors })))[0]
  assert.equal(told('gunicorn', [])?.code, 'workers-exhausted')
  assert.match(told('gunicorn', [])?.words ?? '', /all workers of gunicorn are busy/)
  assert.equal(told('haproxy', [])?.code, 'workers-exhausted')
  assert.equal(told('haproxy', undefined)?.code, 'accept-queue-overflows')
  assert.equal(told('nginx', [])?.code, 'nobody-accepts')
})

test('what moves now goes before what is over, and what is rare is not told', () => {
  const cookies = (now: number, before: number, uptimeMs: number) =>
    codes({
      counters: { TcpExt_TCPReqQFullDoCookies: now, TcpExt_SyncookiesSent: now },
      countersBefore: { TcpExt_TCPReqQFullDoCookies: before },
      machine: { uptimeMs },
    })
  assert.deepEqual(cookies(50, 20, DAY_MS), ['warning syn-cookies-hide-overflow'])
  assert.deepEqual(cookies(50, 50, DAY_MS), ['note syn-cookies-hide-overflow'])
  assert.deepEqual(cookies(5, 5, 30 * DAY_MS), [])
})

test('SYNs that were dropped although no queue was full are told from overflows', () => {
  const counters = { TcpExt_ListenDrops: 30, TcpExt_ListenOverflows: 10 }
  const countersBefore = { TcpExt_ListenDrops: 10, TcpExt_ListenOverflows: 10 }
  assert.ok(codes({ counters, countersBefore }).includes('warning syns-dropped-otherwise'))
  const settings = { 'net.ipv4.tcp_syncookies': 0, 'net.ipv4.tcp_max_syn_backlog': 16 }
  assert.ok(codes({ counters, countersBefore, settings }).includes('critical syn-backlog-reserved'))
})

test('settings that undo each other are told only where they do', () => {
  const settings = (syncookies: number, most: number) =>
    codes({
      ...queue({ limit: 4096 }),
      settings: { 'net.ipv4.tcp_syncookies': syncookies, 'net.ipv4.tcp_max_syn_backlog': most },
    })
  assert.deepEqual(settings(0, 256), ['warning sysctls-contradict'])
  assert.deepEqual(settings(1, 256), [])
  assert.deepEqual(settings(0, 8192), [])
})

test('source ports that are nearly used up are told with what holds them', () => {
  const to = (ports: number, timeWait: number) =>
    codes({ sourcePorts: 28_232, destinations: [{ address: '10.0.0.1', port: 5432, ports, timeWait }] })
  assert.deepEqual(to(28_232, 100), ['critical no-source-port-left'])
  assert.deepEqual(to(25_000, 24_000), ['warning time-wait-holds-ports'])
  assert.deepEqual(to(5000, 5000), [])
})

test('what the whole machine is short of is told', () => {
  assert.deepEqual(codes({ conntrack: { count: 65_536, most: 65_536 } }), ['critical conntrack-full'])
  assert.deepEqual(codes({ conntrack: { count: 1000, most: 65_536 } }), [])
  const softnet = (dropped: number, droppedPerSecond: number) =>
    codes({ machine: { softnet: { processed: 1_000_000, dropped, droppedPerSecond } } })
  assert.deepEqual(softnet(9, 4), ['warning softnet-drops'])
  assert.deepEqual(softnet(100, 0), ['note softnet-drops'])
  assert.deepEqual(softnet(99, 0), [])
  const tcpMemory = { pressure: true, usedPages: 900, highPages: 1000 }
  assert.deepEqual(codes({ machine: { tcpMemory } }), ['critical tcp-memory-short'])
})

test('UNIX sockets and UDP sockets are judged too', () => {
  const unix = { path: '/run/app.sock', length: 6, lengthBefore: 6, limit: 5, acceptors: [] }
  assert.deepEqual(codes(queue(unix)), ['critical unix-socket-full'])
  const udp = { netns: 'self', own: true, shard: 1, address: '0.0.0.0', port: 53, bytes: 0, limitBytes: 16_384 }
  assert.deepEqual(codes({ udp: [{ ...udp, drops: 481, dropsPerSecond: 0 }] }), ['warning udp-queue-overflows'])
  assert.deepEqual(codes({ udp: [{ ...udp, drops: 0, dropsPerSecond: 0 }] }), [])
})

test('the worst comes first', () => {
  const queues = [
    queueOf({ port: 1, limit: 128, setBy: { by: 'somaxconn', asked: 511, sure: false } }),
    queueOf({ port: 2, ...STUCK }),
  ]
  assert.deepEqual(codes({ queues }), ['critical all-shards-stalled', 'warning backlog-clamped'])
})
