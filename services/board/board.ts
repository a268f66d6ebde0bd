/** The live board: a page that shows a lab's queues as they are now, and switches that act on it. */
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { EventStream } from '#common/event-stream.ts'
import { httpServer, listenOn } from '#common/http.ts'
import { formatListen, type ListenTarget } from '#common/parse.ts'
import { type Switches, SwitchOrder } from '#live/orders.ts'
import type { BacklogAdvice, LiveState } from '#live/state.ts'
import { type PageConfig, PlanQuery, type StreamEvent } from './api.ts'
import { encodingFor, loadAssets } from './server/assets.ts'
import { refusalOfOrder, refusalOfRequest } from './server/guard.ts'
import { chapter, chapterNames } from './server/workshop.ts'
import { History } from './web/charts/series.ts'

const compress = promisify(gzip)

export interface BoardOptions {
  /** Loopback, unless somebody asked for more. */
  listen: ListenTarget
  /** What to show, ten times a second or so, until it ends. */
  source: AsyncIterable<LiveState>
  actions: Switches
  /** What backlog the last minute asks for, for a stall of so long, or as long as the longest wait that was seen. */
  plan(stallMs: number | undefined): BacklogAdvice
}

/** A board that runs until it is disposed of. */
export interface StartedBoard extends AsyncDisposable {
  /** `http://127.0.0.1:10510`, with the real port. */
  readonly url: string
  /** Settles when the source has ended; rejects with what it threw. The page then says that its picture is old. */
  readonly sourceEnded: Promise<void>
}

/** A route that ends in `*`: what stands there, decoded. */
interface Rest {
  Params: { '*': string }
}

/** What a browser may do with the page: fetch from here, and nothing else. */
const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
}

/** Starts serving. Throws a UsageError if the address is taken. */
export async function startBoard({ listen, source, actions, plan }: BoardOptions): Promise<StartedBoard> {
  const token = randomBytes(24).toString('base64url')
  const start = randomBytes(6).toString('base64url')
  const { experiments, unavailable } = actions
  const config: PageConfig = { start, token, experiments, unavailable, chapters: chapterNames() }
  const assets = loadAssets(config)
  const stream = new EventStream<StreamEvent & { sequence: number }>('state', 100)
  const history = new History()
  let latest: (StreamEvent & { sequence: number }) | undefined

  const app = httpServer()
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-cache',
    })
    // Whoever watches over containers asks without a Host, and learns nothing.
    if (request.url === '/health') return
    const refusal =
      refusalOfRequest(request.headers) ??
      (request.method === 'GET' || request.method === 'HEAD' ? undefined : refusalOfOrder(request.headers, token))
    if (refusal !== undefined) return reply.code(403).send({ error: refusal })
  })

  app.get('/events', (_request, reply) => {
    reply.hijack()
    stream.add(reply.raw, 0, latest)
  })
  app.get('/history', async (request, reply) => {
    reply.type('application/json')
    const { points, marks } = history
    const json = JSON.stringify({ points, marks })
    if (encodingFor(request.headers['accept-encoding']) === 'identity') return reply.send(json)
    return reply.header('content-encoding', 'gzip').send(await compress(json, { level: 1 }))
  })
  app.get('/health', (_request, reply) => {
    reply.code(latest === undefined ? 503 : 200).send({ healthy: latest !== undefined })
  })
  app.post('/switches', { schema: { body: SwitchOrder } }, async (request) => ({
    done: await actions.perform(request.body),
  }))
  app.get('/plan', { schema: { querystring: PlanQuery } }, async (request) => plan(request.query.stallMs))
  app.get<Rest>('/workshop/*', (request, reply) => {
    const text = chapter(request.params['*'])
    if (text === undefined) return reply.code(404).send({ error: 'There is no such chapter here' })
    return reply.type('text/plain; charset=utf-8').send(text)
  })
  app.get<Rest>('/*', (request, reply) => {
    const asset = assets.get(`/${request.params['*']}`)
    if (asset === undefined) return reply.code(404).send({ error: 'There is no such page' })
    reply.headers({ etag: asset.etag, vary: 'accept-encoding' })
    if (asset.type.startsWith('text/html')) reply.headers(pageHeaders)
    if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send()
    const encoding = encodingFor(request.headers['accept-encoding'])
    if (encoding !== 'identity') reply.header('content-encoding', encoding)
    return reply.type(asset.type).send(asset[encoding])
  })

  const target = await listenOn(app, listen, '--board')

  const pump = async (): Promise<void> => {
    for await (const state of source) {
      history.add(state)
      latest = { sequence: state.sequence, start, state }
      stream.publish(latest)
    }
  }
  const sourceEnded = pump()
  sourceEnded.catch(() => {}) // whoever waits for it hears of it

  return {
    url: 'path' in target ? formatListen(target) : `http://${formatListen(target)}`,
    sourceEnded,
    async [Symbol.asyncDispose]() {
      stream.close()
      await app.close()
    },
  }
}
