/** A real Prometheus watches a real lab, and every question of every board and rule has an answer. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { eventually, WaitedInVain } from '#common/waiting.ts'
import { boards } from '#dashboards/index.ts'
import { type Choices, everything, metricsIn, panelsOf, type Question, questions } from '#dashboards/queries.ts'
import { ExporterRelay } from '#lab/exporter-relay.ts'
import { Lab } from '#lab/lab.ts'
import { pictureFolder } from './support/browser.ts'
import { k6Arguments, k6Settings } from './support/k6.ts'
import { Prometheus } from './support/prometheus.ts'
import { hiddenByChoice, quiet } from './support/quiet-questions.ts'
import { shown } from './support/shown.ts'
import { holdTcpMemory } from './support/tcp-memory.ts'
import { findProgram, skipWithout } from './support/tools.ts'

const skip = skipWithout('prometheus') || skipWithout('k6')
const rules = fileURLToPath(new URL('../deploy/prometheus/rules/', import.meta.url))
const idleSocket = fileURLToPath(new URL('../experiments/probes/idle-socket.ts', import.meta.url))
const relay = fileURLToPath(new URL('./support/relay.ts', import.meta.url))

/** The lab's own services speak over Unix sockets; Prometheus needs a port. */
async function serveMetrics(context: TestContext, pages: Record<string, () => Promise<string>>): Promise<string> {
  const server = http.createServer(async (request, response) => {
    try {
      const page = pages[request.url ?? '']
      if (page === undefined) throw new Error('There is no such page')
      const text = await page()
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text)
    } catch (error) {
      response.writeHead(503).end(String(error))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  return hostOf(server)
}

/** The same jobs as in deploy/prometheus/prometheus.yml, and its rules. */
async function watch(context: TestContext, lab: Lab, relay: ExporterRelay): Promise<Prometheus> {
  const names = lab.backends.map(({ number }) => `backend-${number}`)
  const pages = await serveMetrics(
    context,
    Object.fromEntries([
      ...lab.backends.map((backend) => [`/backend-${backend.number}`, () => backend.metrics()] as const),
      ['/load', () => lab.clients.metrics()],
    ]),
  )
  const page = (name: string) => ({ targets: [pages], labels: { instance: name, __metrics_path__: `/${name}` } })
  return Prometheus.start({
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [`${rules}/recording.yml`, `${rules}/lab.yml`],
    scrape_configs: [
      { job_name: 'spillway-exporter', static_configs: [{ targets: [new URL(relay.url).host] }] },
      { job_name: 'spillway-backend', static_configs: names.map(page) },
      { job_name: 'spillway-load', static_configs: [page('load')] },
    ],
  })
}

/** Lets k6 run where the lab's clients live. What it measures leaves that namespace through a Unix socket. */
async function startK6(context: TestContext, lab: Lab, prometheus: Prometheus): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-k6-'))
  const socket = path.join(folder, 'remote-write.sock')
  const { hostname, port } = new URL(prometheus.url)
  const open = new Set<net.Socket>()
  const server = net.createServer((near) => {
    const far = net.connect(Number(port), hostname)
    near.pipe(far).pipe(near)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => open.delete(one))
    }
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  context.after(() => {
    for (const connection of open) connection.destroy()
    server.close()
    fs.rmSync(folder, { recursive: true, force: true })
  })
  const settings = { ...k6Settings(), TARGET: `http://${lab.plan.address}:${lab.plan.port}`, DURATION: '10m' }
  const command = [
    'env',
    ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
    process.execPath,
    relay,
    socket,
    findProgram('k6')!,
    ...k6Arguments('steady'),
  ]
  // It runs until the lab ends, and the lab waits for a command to end: so a shell leaves it behind.
  await lab.run(['sh', '-c', `"$@" >'${folder}/log' 2>&1 &`, 'sh', ...command], 'client')
}

const isQuiet = new Set(quiet.map(({ where }) => where))

/** What must have an answer while all is well. */
const asked = (choices: Choices): Question[] =>
  questions(boards.values(), choices).filter(({ where }) => !isQuiet.has(where))

/** What must have one once the test has done this. */
const askedOnce = (done: string): Question[] => {
  const told = new Set(quiet.filter(({ until }) => until === done).map(({ where }) => where))
  return questions(boards.values()).filter(({ where }) => told.has(where))
}

test('what may be without an answer is a query of a board, and why is said', () => {
  const all = new Set(questions(boards.values()).map(({ where }) => where))
  for (const { where, why } of quiet) assert.ok(all.has(where) && why !== '', where)
  for (const where of hiddenByChoice) assert.ok(all.has(where), where)
})

/** Those that have no answer in time. An error of Prometheus fails at once. */
async function unanswered(prometheus: Prometheus, asked: Question[], withinMs: number): Promise<Question[]> {
  let open = asked
  const ask = async (): Promise<number> => {
    const still: Question[] = []
    for (const question of open) {
      const series = await prometheus.query(question.expression).catch((error: unknown) => {
        throw new Error(`${question.where}: ${question.expression}`, { cause: error })
      })
      if (!series.some(({ value }) => Number.isFinite(value))) still.push(question)
    }
    open = still
    return still.length
  }
  await eventually('every question has an answer', ask, (left) => left === 0, {
    withinMs,
    everyMs: 500,
    endsIt: () => true,
  }).catch((error: unknown) => {
    if (!(error instanceof WaitedInVain)) throw error
  })
  return open
}

/** What is there only once something has gone wrong, or once somebody here has connected to elsewhere. */
const onlyThen = /^tcp_port_(unserved_oldest_seconds|listener_close_resets_total)$|^tcp_outgoing_/

/** What each rule asks: of an alert all that its condition reads, since all is well. */
async function questionsOfRules(prometheus: Prometheus): Promise<Question[]> {
  const held = await eventually(
    'every rule is healthy',
    () => prometheus.rules(),
    (found) => {
      assert.ok(found.length > 0)
      for (const { name, health, lastError } of found) assert.equal(health, 'ok', `${name}: ${lastError ?? health}`)
    },
  )
  return held.flatMap(({ name, type, query }) => {
    const read = type === 'recording' ? [name] : [...metricsIn(query)].filter((metric) => !onlyThen.test(metric))
    assert.ok(read.length > 0 || type === 'alerting', name)
    return read.map((expression) => ({ where: `rule ${name}`, expression }))
  })
}

const hostOf = (server: http.Server): string => {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The server does not listen')
  return `127.0.0.1:${address.port}`
}

test('in the default lab every question of every board and rule has an answer, and a stalled shard is told', {
  skip,
}, async (context) => {
  using _ = await holdTcpMemory()
  await using lab = await Lab.start()
  await using relay = await ExporterRelay.open({ host: '127.0.0.1', port: 0 }, () => lab.exporter, '--metrics')
  await using prometheus = await watch(context, lab, relay)
  await startK6(context, lab, prometheus)
  await lab.clients.start({ kind: 'connections', arrivals: { shape: 'poisson', ratePerSecond: 50, seed: 1 } })
  // Rules also ask for queues that a lab does not have of itself.
  for (const words of [
    ['unix', 'spillway-dashboards', '5'],
    ['udp', lab.plan.address, '5353', '65536'],
  ]) {
    const { status, stderr } = await lab.run(['node', idleSocket, ...words])
    assert.equal(status, 0, stderr)
  }

  await context.test('nothing chosen', async () => {
    assert.deepEqual(await unanswered(prometheus, asked(everything), 60_000), [])
  })

  await context.test('one shard chosen', async () => {
    const choices = { ...everything, netns: 'lab', port: String(lab.plan.port), shard: '2' }
    const questions = asked(choices)
    const isHidden = ({ where }: Question): boolean => hiddenByChoice.includes(where)
    assert.deepEqual(
      await unanswered(
        prometheus,
        questions.filter((question) => !isHidden(question)),
        20_000,
      ),
      [],
    )
    const hidden = questions.filter(isHidden)
    assert.equal(hidden.length, hiddenByChoice.length)
    for (const { where, expression } of hidden)
      assert.deepEqual(await prometheus.query(expression), [], `${where} shows what was not chosen`)
  })

  await context.test('the rules', async () => {
    assert.deepEqual(await unanswered(prometheus, await questionsOfRules(prometheus), 20_000), [])
    // Beside busy processes clients do wait, and an alert says so: but not for ever.
    await eventually(
      'all is well',
      () => prometheus.query('ALERTS{alertstate="firing",alertname!~"SpillwayExporter.*"}'),
      (firing) => assert.deepEqual(firing, []),
      { withinMs: 60_000 },
    )
  })

  await context.test('a stalled shard', async () => {
    await lab.backend(2).stall()
    const told: [what: string, expression: string][] = [
      [
        'the fault is marked',
        'max by (backend, fault) (spillway_backend_fault{backend="backend-2",fault="stalled"}) > 0',
      ],
      ['it is full', 'tcp_listener_accept_queue_length{shard="2"} > tcp_listener_accept_queue_limit'],
      ['it drops', 'rate(tcp_listener_drops_total{shard="2"}[10s]) > 0'],
      ['clients fail', 'sum(rate(k6_http_reqs_total{expected_response="false"}[10s])) > 0'],
      ['the alert fires', 'ALERTS{alertname="SpillwayAcceptQueueOverflowing",alertstate="firing",shard="2"}'],
      ['it is told from its siblings', 'ALERTS{alertname="SpillwayShardStalled",alertstate="firing",shard="2"}'],
      ['the wait is told', 'ALERTS{alertname="SpillwayAcceptWaitLong",alertstate="firing"}'],
    ]
    const asked = told.map(([where, expression]) => ({ where, expression }))
    assert.deepEqual(await unanswered(prometheus, asked, 60_000), [])
    const others = 'ALERTS{alertname=~"SpillwayAcceptQueueOverflowing|SpillwayShardStalled",shard=~"1|3"}'
    assert.deepEqual(await prometheus.query(others), [], 'its siblings are not blamed')
    assert.deepEqual(await unanswered(prometheus, askedOnce('a stalled shard'), 30_000), [])
  })

  await context.test('no panel has more lines than can be told apart, or two of the same name', async () => {
    for (const board of boards.values())
      for (const panel of panelsOf(board)) {
        const lines = await shown(prometheus, panel, everything)
        const names = lines.map(({ name }) => name)
        if (panel.type === 'timeseries' || panel.type === 'stat')
          assert.ok(names.length <= 12, `${board.title}: ${panel.title} has ${names.join(', ')}`)
        if (panel.type !== 'table' && panel.type !== 'heatmap')
          assert.equal(new Set(names).size, names.length, `${board.title}: ${panel.title} has ${names.join(', ')}`)
      }
  })

  await context.test('the server as a client, at a port of which one shard is full', async () => {
    const connect = `for (let i = 0; i < 60; i++) require('node:net').connect(${lab.plan.port}, '${lab.plan.address}').on('error', () => {}); setTimeout(() => process.exit(), 120_000)`
    await lab.run(['sh', '-c', '"$@" >/dev/null 2>&1 &', 'sh', 'node', '-e', connect])
    assert.deepEqual(await unanswered(prometheus, askedOnce('outgoing connections'), 60_000), [])
  })

  await context.test('a flood', async () => {
    await lab.clients.start({ kind: 'half-open', ratePerSecond: 500, durationMs: 30_000 })
    assert.deepEqual(await unanswered(prometheus, askedOnce('a flood'), 30_000), [])
  })

  await drawBoards(context, prometheus)
})

/** Keeps pictures of the boards as they stand, dark and light, for people to look at: by a program that SPILLWAY_DRAW_BOARDS names. */
async function drawBoards(context: TestContext, prometheus: Prometheus): Promise<void> {
  const program = process.env.SPILLWAY_DRAW_BOARDS
  if (program === undefined) return
  const files = [...boards.keys()].map((name) =>
    fileURLToPath(new URL(`../dashboards/json/${name}.json`, import.meta.url)),
  )
  for (const theme of ['dark', 'light']) {
    const out = path.join(pictureFolder, `boards-${theme}`)
    fs.mkdirSync(out, { recursive: true })
    const words = ['--prometheus', prometheus.url, '--from', 'now-1m', '--to', 'now', '--out', out, '--theme', theme]
    const { stdout } = await promisify(execFile)(program, [...words, ...files], { maxBuffer: 2 ** 24 })
    for (const name of boards.keys()) assert.ok(fs.existsSync(path.join(out, `${name}.png`)), `${name} is drawn`)
    for (const line of stdout.split('\n')) if (line !== '') context.diagnostic(`${theme}: ${line}`)
  }
}
