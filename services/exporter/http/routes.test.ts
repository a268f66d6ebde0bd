/** What the exporter answers over HTTP, to the well-behaved and to others. */
import assert from 'node:assert/strict'
import http from 'node:http'
import net from 'node:net'
import test from 'node:test'
import { gunzipSync } from 'node:zlib'
import { eventually } from '#common/waiting.ts'
import { type ExporterOptions, type StartedExporter, startExporter } from '../exporter.ts'
import { StalledListener } from '../fixtures/stalled-listener.ts'
import { defaultPace } from '../sampler/pace.ts'
import type { Snapshot } from '../snapshot.ts'

const start = (options: Partial<ExporterOptions> = {}): Promise<StartedExporter> =>
  startExporter({ listen: { host: '127.0.0.1', port: 0 }, log: () => {}, ...options })

interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

/** With these headers alone, which fetch would not let one set. */
function ask(exporter: StartedExporter, path: string, headers: http.OutgoingHttpHeaders = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const { target } = exporter
  const where = 'path' in target ? { socketPath: target.path } : { host: target.host, port: target.port }
  const request = http.get({ ...where, path, headers, agent: false }, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('error', reject)
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
    )
  })
  request.on('error', reject)
  return promise
}

const errorIn = ({ body }: Answer): string => JSON.parse(body.toString()).error

const prometheus3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'

test('Prometheus gets OpenMetrics, others get the classic text, both compressed for those who take it', async () => {
  await using exporter = await start()
  const classic = await ask(exporter, '/metrics')
  assert.equal(classic.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  assert.match(classic.headers.vary ?? '', /accept, accept-encoding/)
  assert.doesNotMatch(classic.body.toString(), /# EOF|_created/)
  const open = await ask(exporter, '/metrics', { accept: prometheus3, 'accept-encoding': 'gzip' })
  assert.equal(open.headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  assert.equal(open.headers['content-encoding'], 'gzip')
  const text = gunzipSync(open.body).toString()
  assert.match(text, /\n# EOF\n$/)
  const createdSeconds = Number(/^spillway_exporter_cpu_seconds_created (\S+)$/m.exec(text)?.[1])
  assert.ok(Math.abs(createdSeconds * 1000 - Date.now()) < 600_000, 'the sampler began with this exporter')
  const zipped = await ask(exporter, '/metrics', { 'accept-encoding': 'gzip' })
  assert.match(gunzipSync(zipped.body).toString(), /^# HELP tcp_listener/)
})

test('series have the same names in both formats', async () => {
  await using exporter = await start()
  using _listener = new StalledListener(4)
  await exporter.look()
  const names = async (accept: string): Promise<string[]> => {
    const text = (await ask(exporter, '/metrics', { accept })).body.toString()
    const all = [...text.matchAll(/^(\w+)(?:\{.*\})? \S+$/gm)].map(([, name]) => name ?? '')
    return [...new Set(all)].filter((name) => !name.endsWith('_created'))
  }
  const classic = await names('text/plain')
  assert.ok(classic.length > 40)
  assert.deepEqual(await names(prometheus3), classic)
})

test('a counter of a listener says when the listener was first seen', async () => {
  await using exporter = await start()
  const beforeMs = Date.now()
  using listener = new StalledListener(4)
  listener.connect(1)
  await eventually(
    'it is seen, with a client',
    () => exporter.look(),
    (snapshot) => snapshot.namespaces[0]!.listeners.some(({ port, used }) => port === listener.port && used),
  )
  const text = (await ask(exporter, '/metrics', { accept: prometheus3 })).body.toString()
  const row = new RegExp(
    `^tcp_listener_accept_queue_at_least_seconds_created\\{.*port="${listener.port}".*fill="1"\\} (\\S+)$`,
    'm',
  )
  const createdMs = Number(row.exec(text)?.[1]) * 1000
  assert.ok(createdMs >= beforeMs - 1 && createdMs <= Date.now(), `${createdMs}`)
})

test('scrapes at the same time get one text, and a scrape after a look shows what it saw', async () => {
  await using exporter = await start({ pace: { ...defaultPace, streamIntervalMs: 10_000 } })
  const texts = await Promise.all(Array.from({ length: 8 }, () => ask(exporter, '/metrics')))
  // It differs from one rendering to the next.
  const age = (text: string): string | undefined => /^spillway_exporter_snapshot_age_seconds (\S+)$/m.exec(text)?.[1]
  assert.equal(new Set(texts.map(({ body }) => age(body.toString()))).size, 1)
  using listener = new StalledListener(4)
  await exporter.look()
  assert.match((await ask(exporter, '/metrics')).body.toString(), new RegExp(`port="${listener.port}"`))
})

test('with --metrics-only nothing else is there', async () => {
  await using exporter = await start({ metricsOnly: true })
  assert.equal((await ask(exporter, '/metrics')).status, 200)
  for (const path of ['/', '/snapshot', '/snapshot?now=true', '/stream', '/samples', '/health']) {
    const answer = await ask(exporter, path)
    assert.equal(answer.status, 404, path)
    assert.match(errorIn(answer), /Only \/metrics is served here \(--metrics-only\)/)
  }
  assert.equal((await ask(exporter, '/nowhere')).status, 404)
})

test('a name that somebody points at this host reads /metrics and nothing else, unless it is allowed', async () => {
  await using exporter = await start({ allowedHosts: ['Exporter.Example'] })
  const paths = ['/', '/snapshot', '/snapshot?now=true', '/stream', '/samples', '/health', '/nowhere']
  for (const path of paths) {
    const answer = await ask(exporter, path, { host: 'evil.example:10511' })
    assert.equal(answer.status, 403, path)
    assert.match(errorIn(answer), /--allow-host/)
  }
  assert.equal((await ask(exporter, '/metrics', { host: 'evil.example' })).status, 200)
  for (const host of ['127.0.0.1', '[::1]:10511', 'localhost:1', 'a.localhost', 'exporter.example:10511'])
    assert.equal((await ask(exporter, '/snapshot', { host })).status, 200, host)
})

test('another site cannot read it, by what its browser says', async () => {
  await using exporter = await start()
  for (const headers of [
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
    { origin: 'http://evil.example' },
    { origin: 'null' },
  ]) {
    const answer = await ask(exporter, '/snapshot', headers)
    assert.equal(answer.status, 403)
    assert.match(errorIn(answer), /other sites/)
  }
})

test('looks are paid for: beyond the budget the answer is what was read last, and says how old it is', async () => {
  await using exporter = await start({ lookShare: 1e-9 })
  const look = async () => {
    const { headers, body } = await ask(exporter, '/snapshot?now=true')
    const snapshot: Snapshot = JSON.parse(body.toString())
    return {
      made: headers['x-spillway-read-now'],
      ageSeconds: Number(headers['x-spillway-age-seconds']),
      dumps: snapshot.sampler.dumps.connections.count,
    }
  }
  const first = await look()
  assert.equal(first.made, 'true')
  // A burst is one second of CPU time. Many at once share readings, so it takes a while to use it up.
  await eventually(
    'the budget is used up',
    () => Promise.all(Array.from({ length: 50 }, look)),
    (seen) => seen.some(({ made }) => made === 'false'),
  )
  const late = await look()
  assert.equal(late.made, 'false')
  assert.ok(late.ageSeconds >= 0 && Number.isFinite(late.ageSeconds))
  assert.ok(late.dumps > first.dumps)
  const text = (await ask(exporter, '/metrics')).body.toString()
  assert.ok(Number(/^spillway_exporter_look_cpu_seconds_total (\S+)$/m.exec(text)?.[1]) > 1)
})

test('a look that is paid for is newer than the question', async () => {
  await using exporter = await start()
  for (let round = 0; round < 20; round++) {
    using listener = new StalledListener(4)
    const { body, headers } = await ask(exporter, '/snapshot?now=true')
    assert.equal(headers['x-spillway-read-now'], 'true')
    assert.match(body.toString(), new RegExp(`"port":${listener.port},`))
  }
})

test('readers beyond the limit are told so, and how to raise it; one that leaves makes room', async () => {
  await using exporter = await start({ limits: { connections: 100, readers: 2 } })
  const follow = (path: string): Promise<http.IncomingMessage> =>
    new Promise((resolve, reject) => {
      http.get(`${exporter.url}${path}`, { agent: false }, resolve).on('error', reject)
    })
  const [first] = [await follow('/stream'), await follow('/samples')]
  for (const path of ['/stream', '/samples']) {
    const answer = await ask(exporter, path)
    assert.equal(answer.status, 503)
    assert.match(errorIn(answer), /2 readers .* raise --max-readers/)
  }
  assert.equal((await ask(exporter, '/metrics')).status, 200)
  first?.destroy()
  const next = await eventually(
    'there is room',
    () => follow('/stream'),
    ({ statusCode }) => statusCode === 200,
  )
  next.destroy()
})

test('connections beyond the limit are told so, idle ones make room, and all goes on', async () => {
  await using exporter = await start({ limits: { connections: 5, readers: 5 } })
  const { target } = exporter
  assert.ok('port' in target)
  const { port } = target
  const busy = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const response = await fetch(`${exporter.url}/stream`)
      return response.body!.getReader()
    }),
  )
  const answer = await ask(exporter, '/metrics')
  assert.equal(answer.status, 503)
  assert.match(errorIn(answer), /5 connections already.*raise --max-connections/)
  for (const reader of busy) await reader.cancel()
  await eventually(
    'they are gone',
    () => ask(exporter, '/metrics'),
    ({ status }) => status === 200,
  )
  // Those that have asked and stay connected give way.
  const idle = Array.from({ length: 5 }, () => net.connect(port, '127.0.0.1').on('error', () => {}))
  for (const socket of idle) {
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve))
  }
  assert.equal((await ask(exporter, '/metrics')).status, 200)
  for (const socket of idle) socket.destroy()
})

test('a request that never ends its headers is cut, and so is one that never ends its body', async () => {
  await using exporter = await start()
  const { target } = exporter
  assert.ok('port' in target)
  const { port } = target
  const heard = async (text: string): Promise<string> => {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {})
    socket.write(text)
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk))
    await new Promise((resolve) => socket.once('close', resolve))
    return answer
  }
  const answers = await Promise.all([
    heard('GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: '),
    heard('PUT /nowhere HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nab'),
    heard(''),
  ])
  assert.match(answers[0] ?? '', /^HTTP\/1\.1 408 [\s\S]*not complete in time/)
  assert.equal((await ask(exporter, '/metrics')).status, 200)
})

test('headers that are too large are refused with a sentence', async () => {
  await using exporter = await start()
  const answer = await ask(exporter, '/metrics', { 'x-large': 'x'.repeat(20_000) })
  assert.equal(answer.status, 431)
  assert.match(errorIn(answer), /larger than 16 KiB/)
})
