/** The board's HTTP edge, with states and actions of a test. */
import assert from 'node:assert/strict'
import http from 'node:http'
import test, { type TestContext } from 'node:test'
import { UsageError } from '#common/errors.ts'
import type { SwitchOrder } from '#live/orders.ts'
import type { BacklogAdvice } from '#live/state.ts'
import { stateOf } from '#live/testing/state.ts'
import type { PageConfig } from './api.ts'
import { type BoardOptions, type StartedBoard, startBoard } from './board.ts'

interface Board extends StartedBoard {
  token: string
  orders: SwitchOrder[]
}

const noPlan: BacklogAdvice = { stallMs: 0, longestWaitMs: 0, words: [], basis: [], backlog: undefined, sockets: [] }

async function board(context: TestContext, more: Pick<BoardOptions, 'kernelFacts'> = {}): Promise<Board> {
  const orders: SwitchOrder[] = []
  const { promise: over, resolve: end } = Promise.withResolvers<void>()
  const source = async function* () {
    yield stateOf({ sequence: 1, timeMs: 1000 })
    yield stateOf({ sequence: 2, timeMs: 1100, shards: [] })
    await over
  }
  const started = await startBoard({
    listen: { host: '127.0.0.1', port: 0 },
    ...more,
    source: source(),
    plan: (stallMs) => ({ ...noPlan, stallMs: stallMs ?? 640 }),
    actions: {
      experiments: [],
      unavailable: {},
      async perform(order) {
        if (order.do === 'restart') throw new UsageError('Not here', 'Elsewhere')
        orders.push(order)
        return 'It is done'
      },
    },
  })
  context.after(() => {
    end()
    return started[Symbol.asyncDispose]()
  })
  const page = await (await fetch(started.url)).text()
  const config: PageConfig = JSON.parse(/id="config">(.*?)<\/script>/s.exec(page)?.[1] ?? '')
  return { ...started, token: config.token, orders }
}

interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  text: string
}

/** Unlike fetch() it sends any header, also those that a browser reserves for itself. */
function ask(url: string, headers: Record<string, string> = {}, body?: unknown): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  const request = http.request(
    url,
    { method: body === undefined ? 'GET' : 'POST', agent: false, headers: { ...json, ...headers } },
    (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    },
  )
  request.once('error', reject)
  request.end(body === undefined ? undefined : JSON.stringify(body))
  return promise
}

test('an order with the token is performed; what the lab refuses comes back in words', async (context) => {
  const { url, token, orders } = await board(context)
  const order = { do: 'stall', shard: 2 }
  const { status, text } = await ask(`${url}/switches`, { 'x-spillway-token': token }, order)
  assert.deepEqual([status, JSON.parse(text)], [200, { done: 'It is done' }])
  assert.deepEqual(orders, [order])
  const refused = await ask(`${url}/switches`, { 'x-spillway-token': token }, { do: 'restart', shard: 1 })
  assert.deepEqual([refused.status, JSON.parse(refused.text).error], [409, 'Not here'])
})

test('orders are refused without the token, from other origins and sites, and by other names; nothing is performed', async (context) => {
  const { url, token, orders } = await board(context)
  const known = { 'x-spillway-token': token }
  const refused: [why: string, headers: Record<string, string>][] = [
    ['no token', {}],
    ['another token', { 'x-spillway-token': 'guessed' }],
    ['another origin', { ...known, origin: 'http://evil.example' }],
    ['another port of this machine', { ...known, origin: 'http://127.0.0.1:3000' }],
    ['another site', { ...known, 'sec-fetch-site': 'cross-site' }],
    ['a rebound name', { ...known, host: 'evil.example' }],
  ]
  for (const [why, headers] of refused) {
    const { status, text } = await ask(`${url}/switches`, headers, { do: 'kill', shard: 1 })
    assert.equal(status, 403, why)
    assert.ok(JSON.parse(text).error.length > 10, why)
  }
  assert.deepEqual(orders, [])
})

test('a form of another site, which needs no leave to be sent, is refused', async (context) => {
  const { url, orders } = await board(context)
  const form = { origin: 'http://evil.example', 'content-type': 'text/plain' }
  assert.equal((await ask(`${url}/switches`, form, { do: 'kill', shard: 1 })).status, 403)
  assert.deepEqual(orders, [])
})

test('page, stream and history are kept from rebound names and other sites; nothing allows other origins', async (context) => {
  const { url } = await board(context)
  for (const path of ['/', '/events', '/history', '/plan', '/app.ts']) {
    assert.equal((await ask(`${url}${path}`, { host: 'evil.example' })).status, 403, path)
    const cross = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }
    assert.equal((await ask(`${url}${path}`, cross)).status, 403, path)
  }
  const { headers } = await ask(url, { origin: 'http://evil.example' })
  assert.equal(headers['access-control-allow-origin'], undefined)
  assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/)
  const preflight = await fetch(`${url}/switches`, { method: 'OPTIONS' })
  assert.ok(preflight.status >= 400)
})

test('an order that is none is refused with the field that is wrong', async (context) => {
  const { url, token, orders } = await board(context)
  for (const order of [
    {},
    { do: 'destroy' },
    { do: 'stall' },
    { do: 'stall', shard: 0 },
    { do: 'stall', shard: 1, more: true },
    { do: 'sysctl', name: 'kernel.panic', value: 1 },
    { do: 'start load', load: 'gentle', amount: -1 },
    { do: 'relisten', shard: 1, backlog: 1.5 },
    { do: 'steer', steering: { by: 'random' } },
    [],
  ])
    assert.equal(
      (await ask(`${url}/switches`, { 'x-spillway-token': token }, order)).status,
      400,
      JSON.stringify(order),
    )
  assert.deepEqual(orders, [])
})

test('the plan is for the stall that is asked for, else for what was seen; an absurd one is refused', async (context) => {
  const { url } = await board(context)
  assert.equal(JSON.parse((await ask(`${url}/plan?stallMs=300`)).text).stallMs, 300)
  assert.equal(JSON.parse((await ask(`${url}/plan`)).text).stallMs, 640)
  for (const query of ['stallMs=0', 'stallMs=1e9', 'stallMs=soon', 'stall=1'])
    assert.equal((await ask(`${url}/plan?${query}`)).status, 400, query)
})

test('a file that has not changed is not sent again, and a compressed one only to whoever takes it', async (context) => {
  const { url } = await board(context)
  const plain = await ask(`${url}/board.css`)
  const { etag = '' } = plain.headers
  assert.equal((await ask(`${url}/board.css`, { 'if-none-match': etag })).status, 304)
  const { headers } = await ask(`${url}/board.css`, { 'accept-encoding': 'gzip' })
  assert.equal(headers['content-encoding'], 'gzip')
  assert.ok(Number(headers['content-length']) < Number(plain.headers['content-length']) / 2)
  assert.equal(plain.headers['content-encoding'], undefined)
})

test('nothing outside of the page can be fetched', async (context) => {
  const { url } = await board(context)
  for (const path of [
    '/api.ts',
    '/../api.ts',
    '/%2e%2e/api.ts',
    '/tsconfig.json',
    '/workshop/../../README',
    '/constructor',
  ])
    assert.equal((await ask(`${url}${path}`)).status, 404, path)
})

test('the history holds what came before the page', async (context) => {
  const { url } = await board(context)
  const { points, marks } = JSON.parse((await ask(`${url}/history`)).text)
  assert.deepEqual(
    points.map(({ sequence }: { sequence: number }) => sequence),
    [1, 2],
  )
  assert.deepEqual(marks, [])
})

test('a taken address is a UsageError that names the option', async (context) => {
  const { url } = await board(context)
  const actions = { experiments: [], unavailable: {}, perform: async () => '' }
  const listen = { host: '127.0.0.1', port: Number(new URL(url).port) }
  await assert.rejects(startBoard({ listen, source: (async function* () {})(), actions, plan: () => noPlan }), {
    name: 'UsageError',
    message: /is taken/,
    remedy: /--board/,
  })
})

test('the facts that experiments cite are a page of the board, where they are installed', async (context) => {
  const without = await board(context)
  assert.equal((await ask(`${without.url}/kernel-facts`)).status, 404)
  const { url } = await board(context, { kernelFacts: () => '<h3 id="fact-syn-drop">SYN drop</h3>' })
  const { status, headers, text } = await ask(`${url}/kernel-facts`)
  assert.deepEqual([status, text], [200, '<h3 id="fact-syn-drop">SYN drop</h3>'])
  assert.equal(headers['content-type'], 'text/html; charset=utf-8')
  assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/)
})
