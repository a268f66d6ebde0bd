/** What an edge without Fastify answers: the same as the others do. */
import assert from 'node:assert/strict'
import http from 'node:http'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import test from 'node:test'
import { Type } from 'typebox'
import { UsageError } from '../errors.ts'
import { listenOn } from './listen.ts'
import { ReadingEdge } from './reading.ts'

const Query = Type.Object({ count: Type.Optional(Type.Integer({ minimum: 1 })) }, { additionalProperties: false })

interface Answer {
  status: number | undefined
  headers: http.IncomingHttpHeaders
  body: string
}

/** An edge with a few routes, and a way to ask it. */
async function edge() {
  const app = new ReadingEdge()
  app.get('/plain', (exchange) => exchange.send(200, 'text/plain', 'wörds'))
  app.get('/fault', () => {
    throw new Error('words of a library')
  })
  app.get('/usage', async () => {
    throw new UsageError('The lab has ended', 'Start it again')
  })
  app.getWith(
    '/query',
    () => Query,
    (exchange, query) => exchange.json(200, { count: query?.count ?? null }),
  )
  app.get('/stream', ({ response }) => void response.write('first'))
  const target = await listenOn(app, { host: '127.0.0.1', port: 0 })
  assert.ok('port' in target)
  const { port } = target
  const ask = (method: string, path: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = http.request({ host: '127.0.0.1', port, method, path, agent: false }, (response) => {
        let body = ''
        response.on('data', (chunk) => (body += chunk))
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
      })
      sent.on('error', reject).end(method === 'POST' ? 'a body' : undefined)
    })
  return { app, port, ask, [Symbol.asyncDispose]: () => app.close() }
}

test('a route answers GET, and HEAD with the same headers and no body', async () => {
  await using one = await edge()
  const got = await one.ask('GET', '/plain')
  assert.deepEqual([got.status, got.body, got.headers['content-length']], [200, 'wörds', '6'])
  const head = await one.ask('HEAD', '/plain')
  assert.deepEqual([head.status, head.body, head.headers['content-length']], [200, '', '6'])
  assert.equal((await one.ask('GET', '/%70lain?whatever')).status, 200)
})

test('what is not there is 404, another method 405 with Allow, and a path that is none 400, each with a sentence', async () => {
  await using one = await edge()
  const nothing = await one.ask('GET', '/nowhere?x=1')
  assert.deepEqual([nothing.status, JSON.parse(nothing.body)], [404, { error: 'There is nothing at /nowhere?x=1' }])
  assert.equal((await one.ask('POST', '/nowhere')).status, 404)
  const posted = await one.ask('POST', '/plain')
  assert.deepEqual([posted.status, posted.headers.allow], [405, 'GET, HEAD'])
  assert.match(posted.body, /POST is not allowed here, only GET, HEAD/)
  const bad = await one.ask('GET', '/%zz')
  assert.equal(bad.status, 400)
  assert.match(bad.body, /The path is not valid: a % must be followed/)
})

test('a query is converted and checked, and what is wrong in it is named', async () => {
  await using one = await edge()
  assert.equal((await one.ask('GET', '/query')).body, '{"count":null}')
  assert.equal((await one.ask('GET', '/query?count=3')).body, '{"count":3}')
  for (const [query, field, words] of [
    ['count=many', 'count', /^count must be/],
    ['count=0', 'count', /^count must be/],
    ['cuont=1', 'cuont', /^cuont is unknown; the known fields are count$/],
    ['count=1&count=2', 'count', /^count must be/],
  ] as const) {
    const { status, body } = await one.ask('GET', `/query?${query}`)
    assert.deepEqual([status, JSON.parse(body).field], [400, field])
    assert.match(JSON.parse(body).error, words)
  }
})

test('a fault of our own is 500 without its words, which go to the log; what the reader can mend is 409 with what to do', async (context) => {
  await using one = await edge()
  const logged = context.mock.method(console, 'error', () => {})
  const { status, body } = await one.ask('GET', '/fault')
  assert.equal(status, 500)
  assert.doesNotMatch(body, /library/)
  assert.match(String(logged.mock.calls[0]?.arguments[0]), /words of a library/)
  const usage = await one.ask('GET', '/usage')
  assert.deepEqual(
    [usage.status, JSON.parse(usage.body)],
    [409, { error: 'The lab has ended', remedy: 'Start it again' }],
  )
})

test('guards see every request in their order, also one that no route answers, until one of them answers', async () => {
  await using one = await edge()
  const seen: (string | undefined)[] = []
  one.app.guard(({ route }) => {
    seen.push(route)
    return false
  })
  one.app.guard(async (exchange) => {
    exchange.json(403, { error: 'no' })
    return true
  })
  one.app.guard(() => assert.fail('it has been answered'))
  for (const path of ['/plain', '/nowhere']) assert.equal((await one.ask('GET', path)).status, 403)
  assert.equal((await one.ask('POST', '/plain')).status, 403)
  assert.deepEqual(seen, ['/plain', undefined, undefined])
})

test('what is no request is answered with a sentence', async () => {
  await using one = await edge()
  const socket = net.connect(one.port, '127.0.0.1')
  socket.end('these are no words of HTTP\r\n\r\n')
  assert.match(await text(socket), /^HTTP\/1\.1 400 [\s\S]*This is not an HTTP\/1\.1 request/)
})

test('closing ends streams that are open', async () => {
  const one = await edge()
  const response = await new Promise<http.IncomingMessage>((resolve) => {
    http.get({ host: '127.0.0.1', port: one.port, path: '/stream', agent: false }, resolve)
  })
  const ended = new Promise((resolve) => response.on('error', () => {}).once('close', resolve))
  response.once('data', () => void one.app.close())
  await ended
})
