import assert from 'node:assert/strict'
import http from 'node:http'
import test from 'node:test'
import { gunzipSync } from 'node:zlib'
import { startExporter } from '#services/exporter/exporter.ts'
import { Endpoint } from './endpoint.ts'
import { ExporterRelay } from './exporter-relay.ts'

interface Answer {
  status: number | undefined
  headers: http.IncomingHttpHeaders
  body: Buffer
}

function ask(url: string, headers: http.OutgoingHttpHeaders): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const request = http.get(url, { headers, agent: false }, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () =>
      resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
    )
  })
  request.on('error', reject)
  return promise
}

async function relayed(): Promise<{ url: string } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const exporter = stack.use(await startExporter({ listen: { host: '127.0.0.1', port: 0 }, log: () => {} }))
  const endpoint = new Endpoint('the exporter', exporter.target)
  const relay = stack.use(await ExporterRelay.open({ host: '127.0.0.1', port: 0 }, () => endpoint, '--metrics'))
  const kept = stack.move()
  return { url: relay.url, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

test('what a scraper wants is passed on, and what it gets comes back as it is', async () => {
  await using relay = await relayed()
  const { headers, body } = await ask(`${relay.url}/metrics`, {
    accept: 'application/openmetrics-text;version=1.0.0',
    'accept-encoding': 'gzip',
  })
  assert.match(headers['content-type'] ?? '', /^application\/openmetrics-text/)
  assert.equal(headers['content-encoding'], 'gzip')
  assert.match(gunzipSync(body).toString(), /# EOF\n$/)
  const plain = await ask(`${relay.url}/metrics`, {})
  assert.match(plain.headers['content-type'] ?? '', /^text\/plain/)
  assert.equal(plain.headers['content-encoding'], undefined)
  const look = await ask(`${relay.url}/snapshot?now=true`, {})
  assert.equal(look.headers['x-spillway-read-now'], 'true')
})

test('a name that somebody points at this machine, and another site, read nothing but /metrics', async () => {
  await using relay = await relayed()
  for (const headers of [{ host: 'evil.example' }, { origin: 'http://evil.example' }]) {
    for (const path of ['/', '/snapshot', '/stream', '/health']) {
      const { status, body } = await ask(`${relay.url}${path}`, headers)
      assert.equal(status, 403, path)
      assert.match(JSON.parse(body.toString()).error, / here/)
    }
    assert.equal((await ask(`${relay.url}/metrics`, headers)).status, 200)
  }
})
