/** docker-compose.yml on a real engine: what its services are, what they may, and how they outlive each other. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { formatListen } from '#common/parse.ts'
import { eventually } from '#common/waiting.ts'
import type { SwitchOrder } from '#live/orders.ts'
import type { LiveState } from '#live/state.ts'
import type { LoadReport, LoadRequest } from '#load/agent/api.ts'
import type { PageConfig, StreamEvent } from '#services/board/api.ts'
import type { Snapshot } from '#services/exporter/snapshot.ts'
import { type Service, Stack, services, skipWithoutImages } from './stack.ts'

const PATIENCE_MS = 30_000
const BACKLOG = 16
const backends = ['backend-1', 'backend-2', 'backend-3'] as const
const target = { host: '198.18.0.2', port: 8080 }
const sysctls = {
  'net.core.somaxconn': '1024',
  'net.ipv4.ip_forward': '0',
  'net.ipv4.tcp_abort_on_overflow': '0',
  'net.ipv4.tcp_max_syn_backlog': '512',
  'net.ipv4.tcp_migrate_req': '1',
  'net.ipv4.tcp_synack_retries': '3',
  'net.ipv4.tcp_syncookies': '0',
}

describe('the lab in containers', { skip: skipWithoutImages() }, () => {
  let stack: Stack
  before(async () => {
    stack = await Stack.up({
      SPILLWAY_BACKLOG: String(BACKLOG),
      SPILLWAY_SOMAXCONN: sysctls['net.core.somaxconn'],
      SPILLWAY_MAX_SYN_BACKLOG: sysctls['net.ipv4.tcp_max_syn_backlog'],
      SPILLWAY_MIGRATE_REQ: sysctls['net.ipv4.tcp_migrate_req'],
      SPILLWAY_SYNACK_RETRIES: sysctls['net.ipv4.tcp_synack_retries'],
      SPILLWAY_SYNCOOKIES: sysctls['net.ipv4.tcp_syncookies'],
    })
  })
  after(() => stack?.down())

  /** Runs a load to its end. */
  async function load(request: LoadRequest): Promise<LoadReport> {
    const { id } = await stack.agent.json<LoadReport>('POST', '/loads', request)
    return eventually(
      'the load has ended',
      () => stack.agent.json<LoadReport>('GET', `/loads/${id}`),
      ({ state }) => assert.notEqual(state, 'running'),
      { withinMs: PATIENCE_MS },
    )
  }

  /** Thirty clients are answered, all of them. */
  async function serves(): Promise<void> {
    const arrivals = { shape: 'constant', ratePerSecond: 100, durationMs: 300 } as const
    const { outcomes } = await load({ kind: 'connections', target, arrivals })
    assert.equal(outcomes.ok, 30, JSON.stringify(outcomes))
  }

  /** These backends listen, each as the shard of its number. */
  const shards = (...expected: Service[]) =>
    eventually(
      'every backend has its shard',
      () => stack.listeners().catch(() => []),
      (rows) =>
        assert.deepEqual(
          rows.map(({ shard, process }) => [shard, process]),
          expected.map((name) => [Number(name.slice(-1)), name]),
        ),
      { withinMs: PATIENCE_MS },
    )

  const allTargetsUp = () =>
    eventually(
      'Prometheus reaches every target',
      () => stack.query('up').catch(() => []),
      // Three backends, the exporter, the load agent.
      (ups) => assert.deepEqual(ups, [1, 1, 1, 1, 1]),
      { withinMs: PATIENCE_MS },
    )

  test('every service is healthy', () => {
    for (const service of services) assert.equal(stack.container(service).State.Health?.Status, 'healthy', service)
  })

  test('backends in three containers are three shards of one port, each known by its container', async () => {
    const rows = await shards(...backends)
    assert.equal(new Set(rows.map(({ inode }) => inode)).size, 3, 'a socket each')
    for (const [index, { container, pids, limit, address }] of rows.entries()) {
      assert.equal(container, stack.container(backends[index]!).Id)
      assert.equal(pids.length, 1)
      assert.equal(limit, BACKLOG)
      assert.equal(address, target.host)
    }
  })

  test('the sysctls are in force where the backends are', () => {
    for (const [name, value] of Object.entries(sysctls))
      assert.equal(stack.exec('backend-1', 'cat', `/proc/sys/${name.replaceAll('.', '/')}`), value, name)
  })

  test('no process is root, and none has a capability but the load agent its raw sockets', () => {
    const NET_RAW = 1n << 13n
    // The processes of exporter and backends are among those of net.
    for (const service of ['net', 'client', 'prometheus', 'k6'] as const) {
      const statuses = stack.exec(service, 'sh', '-c', 'for s in /proc/[0-9]*/status; do cat $s; echo; done')
      const processes = statuses
        .split('\n\n')
        .map((text) => Object.fromEntries(text.split('\n').map((line) => line.split(/:\s*/))))
        // Those that look have been started by `exec`, as whom the container began.
        .filter(({ Name }) => Name !== 'sh' && Name !== 'cat' && Name !== undefined)
      const first = stack.exec(service, 'cat', '/proc/1/status')
      assert.ok(processes.length > 0)
      assert.match(first, /^Uid:\t[1-9]/m, `${service}: the first process is not root`)
      for (const { Name, Uid, CapEff, CapPrm, NoNewPrivs } of processes) {
        assert.doesNotMatch(Uid, /\b0\b/, `${service}: ${Name} is not root`)
        const expected = service === 'client' ? NET_RAW : 0n
        assert.equal(BigInt(`0x${CapEff}`), expected, `${service}: ${Name}`)
        assert.equal(BigInt(`0x${CapPrm}`), expected, `${service}: ${Name}`)
        assert.equal(NoNewPrivs, '1', `${service}: ${Name}`)
      }
    }
    assert.match(stack.exec('net', 'cat', '/proc/1/status'), /^CapEff:\t0+$/m, 'the route is set, its capability gone')
  })

  test('nothing of a file system can be written but what is in memory', () => {
    for (const service of services)
      assert.throws(() => stack.exec(service, 'touch', '/tmp/x'), /Read-only file system/, service)
    stack.exec('prometheus', 'touch', '/prometheus/x')
  })

  test('the load agent has no way out, and half-open clients fill the SYN queue from there', async () => {
    const routes = stack.exec('client', 'cat', '/proc/net/route').split('\n').slice(1)
    assert.equal(routes.length, 1, 'the lab and nothing else')
    const { started } = await load({ kind: 'half-open', target, ratePerSecond: 400, durationMs: 1000 })
    assert.ok(started > 300)
    const snapshot = await eventually(
      'the SYN queue has been full',
      () => stack.exporter.json<Snapshot>('GET', '/snapshot'),
      ({ namespaces }) => {
        const row = namespaces[0]?.ports.find(({ port }) => port === target.port)
        assert.ok(row && row.synQueue!.peak >= row.synQueue!.limit, JSON.stringify(row?.synQueue))
        assert.equal(row.synQueue!.limit, BACKLOG * 3)
      },
    )
    assert.ok((snapshot.namespaces[0]?.counters.TcpExt_TCPReqQFullDrop ?? 0) > 0, 'cookies are off: it drops')
    await assert.rejects(
      load({ kind: 'half-open', target, ratePerSecond: 501, durationMs: 1000 }),
      /may write at most 500 SYNs a second here/,
    )
  })

  test('Prometheus reaches every target, and has what the clients of k6 saw', async () => {
    await allTargetsUp()
    const [requests = 0] = await eventually(
      'k6 has sent requests',
      () => stack.query('sum(k6_http_reqs_total{load="steady"})'),
      ([count = 0]) => assert.ok(count > 0),
      { withinMs: PATIENCE_MS },
    )
    await eventually(
      'k6 goes on',
      () => stack.query('sum(k6_http_reqs_total{load="steady"})'),
      ([count = 0]) => assert.ok(count > requests, 'and goes on'),
      { withinMs: PATIENCE_MS },
    )
    const { data } = await stack.prometheus.json<{ data: { groups: { rules: { health: string }[] }[] } }>(
      'GET',
      '/api/v1/rules',
    )
    const health = data.groups.flatMap(({ rules }) => rules.map((rule) => rule.health))
    assert.ok(health.length > 0 && !health.includes('err'))
  })

  test('a killed backend leaves the others serving, and comes back as the same shard', async () => {
    const rows = await shards(...backends)
    stack.compose('kill', 'backend-2')
    await shards('backend-1', 'backend-3')
    await serves()
    stack.compose('start', 'backend-2')
    const [, again] = await shards(...backends)
    assert.notEqual(again?.inode, rows[1]?.inode, 'with a new socket')
    await serves()
  })

  test('a backend that dies is started again without anyone', async () => {
    const [first] = await shards(...backends)
    stack.exec('backend-1', 'kill', '-KILL', String(first!.pids[0]))
    await eventually(
      'Docker has started it again',
      () => stack.container('backend-1'),
      ({ RestartCount }) => assert.equal(RestartCount, 1),
      { withinMs: PATIENCE_MS },
    )
    await shards(...backends)
    await serves()
  })

  test('a backend that stands still leaves the others serving', async () => {
    stack.compose('pause', 'backend-3')
    try {
      const arrivals = { shape: 'constant', ratePerSecond: 100, durationMs: 300 } as const
      const { outcomes } = await load({ kind: 'connections', target, arrivals, timeoutMs: 1000 })
      assert.ok(outcomes.ok > 0 && outcomes.ok < 30, JSON.stringify(outcomes))
      assert.equal(outcomes.ok + outcomes.timedOut, 30, 'those of the other two are answered, as the hash has it')
      await shards(...backends)
    } finally {
      stack.compose('unpause', 'backend-3')
    }
    await eventually(
      'the queue is empty',
      () => stack.listeners(),
      (rows) => assert.equal(rows[2]?.length, 0),
      { withinMs: PATIENCE_MS },
    )
    await serves()
  })

  test('the board shows every shard, and its switch stalls a backend', async () => {
    const url = `http://${formatListen(stack.board.target)}`
    const page = await (await fetch(url)).text()
    const { token }: PageConfig = JSON.parse(/id="config">(.*?)<\/script>/s.exec(page)?.[1] ?? '')
    const order = async (body: SwitchOrder): Promise<void> => {
      const headers = { 'content-type': 'application/json', 'x-spillway-token': token }
      const answer = await fetch(`${url}/switches`, { method: 'POST', headers, body: JSON.stringify(body) })
      assert.equal(answer.status, 200, await answer.text())
    }
    const seen = async (check: (state: LiveState) => void): Promise<void> => {
      const stop = AbortSignal.timeout(PATIENCE_MS)
      let complaint: unknown = new Error('The board sends nothing')
      for await (const { state } of stack.board.events<StreamEvent>('/events', stop)) {
        if (state === undefined) continue
        try {
          check(state)
          return
        } catch (error) {
          complaint = error
        }
      }
      throw complaint
    }
    await order({ do: 'stall', shard: 2 })
    try {
      await seen(({ shards }) => {
        assert.deepEqual(
          shards.map(({ shard, state }) => [shard, state]),
          [1, 2, 3].map((shard) => [shard, 'listening']),
        )
        assert.equal(shards[1]?.stalled, true)
      })
    } finally {
      await order({ do: 'release', shard: 2 })
    }
    await serves()
  })

  for (const service of ['exporter', 'prometheus', 'client'] as const)
    test(`${service} standing still or starting again strands nobody`, async () => {
      stack.compose('pause', service)
      for (const backend of backends) stack.exec(backend, 'healthy', `1052${backend.slice(-1)}`)
      stack.compose('unpause', service)
      stack.compose('restart', service)
      await eventually(
        'the service is healthy',
        () => stack.container(service),
        ({ State }) => assert.equal(State.Health?.Status, 'healthy'),
        { withinMs: PATIENCE_MS },
      )
      await shards(...backends)
      await allTargetsUp()
      await serves()
    })

  test('whoever lives in the namespaces of net starts again together with it', async () => {
    stack.compose('restart', 'net')
    // All at once, the exporter too: which of them becomes which shard is not said.
    await eventually(
      'every backend listens',
      () => stack.listeners().catch(() => []),
      (rows) => assert.deepEqual(rows.map(({ process }) => process).toSorted(), backends),
      { withinMs: PATIENCE_MS },
    )
    await serves()
    await allTargetsUp()
  })

  /** Docker waits longer and longer to restart what ended within ten seconds of its start. */
  const settled = () =>
    eventually(
      'every service has run for ten seconds',
      () => services.map((service) => Date.now() - Date.parse(stack.container(service).State.StartedAt)),
      (agesMs) => assert.ok(Math.min(...agesMs) > 10_000),
      { withinMs: PATIENCE_MS },
    )

  /** Kills the first process of each, all at once. They and `others` start again, and in the end every service is healthy. */
  async function comeBack(killed: readonly Service[], others: readonly Service[] = []): Promise<void> {
    await settled()
    const before = new Map([...killed, ...others].map((service) => [service, stack.container(service).State.StartedAt]))
    stack.killFirstProcesses(killed)
    await eventually(
      'every service has started again and is healthy',
      () => services.map((service) => ({ service, ...stack.container(service).State })),
      (states) => {
        for (const { service, Status, StartedAt, Health } of states) {
          assert.deepEqual([Status, Health?.Status], ['running', 'healthy'], service)
          assert.notEqual(StartedAt, before.get(service), `${service} was started again`)
        }
      },
      { withinMs: 4 * PATIENCE_MS },
    )
  }

  async function works(): Promise<void> {
    // Backends that start at the same time may get any shard number.
    await eventually(
      'every backend listens',
      () => stack.listeners().catch(() => []),
      (rows) => assert.deepEqual(rows.map(({ process }) => process).toSorted(), backends),
      { withinMs: PATIENCE_MS },
    )
    await serves()
    await allTargetsUp()
  }

  const patient = { timeout: 1_800_000 }

  test('every service comes back after the death of its process, ten times in a row', patient, async () => {
    // k6 plays a load that ends, and how it ended is a result. `net` has a test of its own.
    const alone = services.filter((service) => service !== 'k6' && service !== 'net')
    for (let times = 0; times < 10; times++) await comeBack(alone)
    await works()
  })

  test('all that joined the namespaces of net come back after its death, ten times in a row', patient, async () => {
    for (let times = 0; times < 10; times++) await comeBack(['net'], ['exporter', 'board', ...backends])
    await works()
  })

  test('every service ends when it is told to, before Docker loses patience', () => {
    stack.compose('stop', '--timeout', '5')
    const SIGKILLED = 137
    for (const service of services) {
      const { State } = stack.container(service)
      assert.equal(State.Status, 'exited', service)
      // k6 says by its status that it was interrupted.
      assert.equal(State.ExitCode, service === 'k6' ? 105 : 0, `${service} ${State.ExitCode === SIGKILLED}`)
    }
  })

  test('down leaves no container, no network and no volume', () => {
    assert.ok(stack.remains().length > 0)
    const address = () => execFileSync('ip', ['route', 'show', '198.18.0.0/15'], { encoding: 'utf8' })
    assert.notEqual(address(), '')
    stack.down()
    assert.deepEqual(stack.remains(), [])
    assert.equal(address(), '', "nor a route on the host's side")
  })
})
