/** What every edge answers to requests that are odd, over raw sockets. */
import assert from 'node:assert/strict'
import net from 'node:net'
import test, { type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Type } from 'typebox'
import { firstAnswer, sendOddRequests, sendRaw } from '../../test/support/odd-exchange.ts'
import { EventStream } from '../event-stream.ts'
import { httpServer, listenOn } from '../http.ts'
import type { ListenTarget } from '../parse.ts'

interface Edge {
  target: ListenTarget & { host: string }
  stream: EventStream<{ sequence: number }>
  /** Paths in the order in which their handlers began. */
  begun: string[]
  /** Lets the answers of /late go. */
  release(): void
}

async function edge(context: TestContext): Promise<Edge> {
  const app = httpServer()
  const stream = new EventStream<{ sequence: number }>('item', 10)
  const { promise: late, resolve: release } = Promise.withResolvers<void>()
  const begun: string[] = []
  app.addHook('onRequest', async (request) => void begun.push(request.url))
  app.get('/metrics', () => 'some 1\n')
  app.get('/late', async () => {
    await late
    return 'late'
  })
  app.get('/stream', (_request, reply) => {
    reply.hijack()
    stream.add(reply.raw, 0, { sequence: 1 })
  })
  app.get('/fault', () => {
    throw new TypeError("Cannot read properties of undefined (reading 'x')")
  })
  app.get<{ Params: { id: string } }>('/loads/:id', ({ params }) => ({ id: params.id }))
  app.delete<{ Params: { id: string } }>('/loads/:id', ({ params }) => ({ id: params.id }))
  const body = Type.Object({ rate: Type.Number({ minimum: 1 }) }, { additionalProperties: false })
  app.put('/rate', { schema: { body } }, (request) => request.body)
  const target = await listenOn(app, { host: '127.0.0.1', port: 0 })
  assert.ok('port' in target)
  context.after(async () => {
    stream.close()
    await app.close()
  })
  return { target, stream, begun, release }
}

const request = (line: string, headers: readonly string[] = [], body = ''): string =>
  [`${line} HTTP/1.1`, 'Host: x', ...headers, '', body].join('\r\n')

const json = (method: string, body: string, ...headers: string[]): string =>
  request(`${method} /rate`, ['Content-Type: application/json', `Content-Length: ${body.length}`, ...headers], body)

test('what is wrong with a request is answered with its own status, and in a sentence', async (context) => {
  const { target } = await edge(context)
  const cases: [text: string, status: number, sentence: RegExp][] = [
    [request('GET //'), 404, /nothing at \/\/$/],
    [request('GET /nowhere?x=1'), 404, /nothing at \/nowhere/],
    [request(`GET /${'a'.repeat(5000)}`), 404, /^.{0,150}$/],
    [request('GET /%'), 400, /path is not valid/],
    [request('GET /%ff'), 400, /path is not valid/],
    [request('POST /nowhere', ['Content-Type: application/json', 'Content-Length: 1'], '{'), 404, /nothing at/],
    [request(`GET /loads/${'7'.repeat(200)}`), 414, /too long/],
    [request('POST /metrics', ['Content-Length: 0']), 405, /POST is not allowed here, only GET, HEAD/],
    [request('DELETE /metrics'), 405, /GET, HEAD/],
    [request('PROPFIND /loads/1'), 405, /GET, HEAD, DELETE/],
    [request('QUERY /rate'), 405, /PUT/],
    [request('OPTIONS *'), 404, /nothing at/],
    [request('CONNECT x:1'), 405, /CONNECT is for proxies/],
    ['GET /metrics HTTP/1.1\r\n\r\n', 400, /no Host/],
    [request('GET /metrics', ['host: y']), 400, /more than one Host/],
    [request('GET /metrics', ['Expect: miracles']), 417, /100-continue/],
    [request('GET /metrics', [`X: ${'x'.repeat(60_000)}`]), 431, /larger than 16 KiB/],
    [request('PUT /rate', ['Content-Length: x']), 400, /not an HTTP/],
    [request('PUT /rate', ['Content-Length: 1', 'Content-Length: 2']), 400, /not an HTTP/],
    [
      request('PUT /rate', ['Content-Type: application/json', 'Transfer-Encoding: chunked'], 'zz\r\n'),
      400,
      /not an HTTP/,
    ],
    [json('PUT', '{"rate":'), 400, /body is not valid JSON/],
    [json('PUT', '\x1f\x8b\x08', 'Content-Encoding: gzip'), 400, /body is not valid JSON/],
    [json('PUT', ''), 400, /body is empty/],
    [json('PUT', '[]'), 400, /^The body must be/],
    [json('PUT', '{"rate":0}'), 400, /^rate must be/],
    [json('PUT', '{"__proto__":{}}'), 400, /not valid JSON/],
    [json('PUT', '['.repeat(20_000)), 400, /not valid JSON/],
    [json('PUT', `"${'x'.repeat(2_000_000)}"`), 413, /too large/],
    [request('PUT /rate', ['Content-Type: text/html', 'Content-Length: 1'], 'x'), 415, /application\/json/],
    ['\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03', 400, /HTTPS/],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, /not an HTTP/],
    ['PING\r\n', 400, /not an HTTP/],
    ['GET /metrics HTTP/7.7\r\n\r\n', 400, /not an HTTP/],
  ]
  for (const [text, status, sentence] of cases) {
    const answer = firstAnswer(await sendRaw(target, text))
    const what = text.slice(0, 100)
    assert.equal(answer?.status, status, `${what}: ${answer?.body}`)
    assert.match(JSON.parse(answer.body).error, sentence, what)
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/, what)
    if (status === 405) assert.ok(answer.headers.has('allow'), what)
  }
})

test('what is only unusual is answered as usual', async (context) => {
  const { target } = await edge(context)
  for (const text of [
    'GET /metrics HTTP/1.0\r\n\r\n',
    'GET /metrics\r\n\r\n', // HTTP/0.9
    request('GET http://elsewhere.example/metrics?x=1'),
    request('GET /metrics?'),
    request('GET /%6detrics'),
    request('GET /metrics', ['Connection: Upgrade', 'Upgrade: websocket']),
    request('GET /metrics', ['Expect: 100-continue']),
    request(
      'GET /metrics',
      Array.from({ length: 500 }, (_, index) => `X-${index}: 1`),
    ),
    request('GET /metrics', ['Accept-Version: 7.x']),
    request('GET /metrics', ['Content-Length: 3'], 'abc'),
  ]) {
    const answer = firstAnswer(await sendRaw(target, text))
    assert.deepEqual([answer?.status, answer?.body], [200, 'some 1\n'], text.slice(0, 100))
  }
})

test('HEAD gives the headers of GET, without the body, also of a stream and of an error', async (context) => {
  const { target, stream } = await edge(context)
  for (const [path, status] of [
    ['/metrics', 200],
    ['/loads/1', 200],
    ['/stream', 200],
    ['/nowhere', 404],
    ['/rate', 405],
  ] as const) {
    const heard = await sendRaw(target, request(`HEAD ${path}`, ['Connection: close']))
    assert.equal(firstAnswer(heard)?.status, status, path)
    assert.match(heard, /\r\n\r\n$/, path)
  }
  assert.equal(stream.readers, 0)
})

test('a fault of our own is answered with 500, without its words, and told in the log', async (context) => {
  const { target } = await edge(context)
  const logged = context.mock.method(console, 'error', () => {})
  const answer = firstAnswer(await sendRaw(target, request('GET /fault')))
  assert.equal(answer?.status, 500)
  assert.equal(JSON.parse(answer.body).error, 'Something went wrong inside this service: see its log')
  assert.match(String(logged.mock.calls[0]?.arguments[0]), /Cannot read properties/)
})

test('requests of one connection are answered in turn, and what is not one after them', async (context) => {
  const { target, begun, release } = await edge(context)
  const asked = ['GET /late', 'GET /loads/1', 'GET /loads/2'].map((line) => request(line)).join('')
  const socket = net.connect({ ...target, host: target.host })
  const heard = new Promise<string>((resolve) => {
    let text = ''
    socket.on('data', (chunk) => (text += chunk))
    socket.once('close', () => resolve(text))
  })
  socket.write(asked)
  await eventually(() => begun.length === 1)
  await sleep(20) // time enough for the others to begin, if they did not wait
  assert.deepEqual(begun, ['/late'])
  release()
  await eventually(() => begun.length === 3)
  socket.write(`${request('GET /metrics')}rubbish\r\n\r\n`)
  const text = await heard
  const bodies = [...text.matchAll(/\r\n\r\n([^\r\n]+)/g)].map(([, body]) => body?.replace('HTTP/1.1 200 OK', ''))
  assert.deepEqual(bodies.slice(0, 3), ['late', '{"id":"1"}', '{"id":"2"}'])
  assert.match(text, /some 1\nHTTP\/1\.1 400 Bad Request[\s\S]*This is not an HTTP\/1\.1 request"}$/)
})

test('a reader that asked for streams in advance and has left is forgotten, with all of them', async (context) => {
  const { target, stream, begun } = await edge(context)
  const socket = net.connect({ ...target, host: target.host })
  socket.write(request('GET /stream').repeat(50))
  await eventually(() => stream.readers === 1)
  socket.resetAndDestroy()
  await eventually(() => stream.readers === 0)
  assert.equal(begun.length, 1)
})

test('whoever asks for too much in advance is hung up on', async (context) => {
  const { target, begun } = await edge(context)
  const socket = net.connect({ ...target, host: target.host })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => {})
  socket.write(request('GET /late').repeat(5000))
  await closed
  assert.equal(begun.length, 1)
})

test('a thousand odd requests are each answered properly, and all goes on', async (context) => {
  const { target, stream } = await edge(context)
  context.mock.method(console, 'error', () => {})
  const paths = ['/metrics', '/stream', '/loads/1', '/rate']
  assert.deepEqual(await sendOddRequests(target, paths, 1000, 12), [])
  await eventually(() => stream.readers === 0)
  assert.equal(firstAnswer(await sendRaw(target, request('GET /metrics')))?.body, 'some 1\n')
})

async function eventually(holds: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 10_000; !holds(); await sleep(5))
    if (performance.now() > deadline) throw new Error(`Timed out waiting until ${holds}`)
}
