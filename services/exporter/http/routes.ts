/** What the exporter answers, path by path. */
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { takesEncoding } from '#common/edge/encoding.ts'
import type { EventStream } from '#common/event-stream.ts'
import type { HttpServer } from '#common/http.ts'
import { lazySchemas } from '#common/lazy-schemas.ts'
import type { TextFormat } from '#common/metrics-text.ts'
import type { SamplerThread } from '../sampler/sampler-thread.ts'
import type { Snapshot } from '../snapshot.ts'
import type { SnapshotStore } from '../snapshot-store.ts'
import type { Limits } from './limits.ts'
import { LookBudget } from './looks.ts'
import { formatFor } from './negotiation.ts'
import { Outgoing } from './outgoing.ts'
import { Page } from './page.ts'
import type { SampleStream } from './sample-stream.ts'
import { Shared } from './shared.ts'

const require = createRequire(import.meta.url)
const { SnapshotQuery, StreamQuery } = lazySchemas<typeof import('../query.ts')>(() => require('../query.ts'))

/** How long a scrape waits for the sampler to hand over what it knows. */
const TELL_MS = 2000

export interface Sources {
  store: SnapshotStore
  thread: SamplerThread
  stream: EventStream<Snapshot>
  sampleStream: SampleStream
}

export interface RouteOptions {
  /** What was handed over less than this ago is new enough. */
  freshMs: number
  limits: Limits
  /** The share of a core that readings may take that are asked for at once. */
  lookShare: number
}

/** Adds every path. */
export function addRoutes(app: HttpServer, sources: Sources, { freshMs, limits, lookShare }: RouteOptions): void {
  const { store, thread, stream, sampleStream } = sources
  const outgoing = new Outgoing()
  const looks = new LookBudget(lookShare, () => store.raw?.lookCpuSeconds ?? 0)

  /** The store is as old as the last snapshot. A new one takes one message; on a machine that is too busy it is not waited for. */
  const refresh = async (): Promise<void> => {
    if (store.snapshotAgeSeconds * 1000 > freshMs)
      await Promise.race([thread.tell(), sleep(TELL_MS, undefined, { ref: false })])
  }

  const sharedText = (format: TextFormat): Shared<Page> =>
    new Shared(
      async (begin) => {
        await refresh()
        begin(store.raw)
        const held = store.held(thread.restarts)
        // Loaded when first scraped: starting is quicker.
        const { pageOf } = await import('../metrics.ts')
        return await pageOf(held, format)
      },
      () => store.raw,
      freshMs,
    )
  const texts: Record<TextFormat, Shared<Page>> = {
    prometheus: sharedText('prometheus'),
    openmetrics: sharedText('openmetrics'),
  }
  const json = new Shared(
    async (begin) => {
      const { snapshot } = store
      begin(store.latest)
      return new Page(Buffer.from(JSON.stringify(snapshot)))
    },
    () => store.latest,
    freshMs,
  )

  const send = async (request: FastifyRequest, reply: FastifyReply, page: Page): Promise<FastifyReply> => {
    reply.header('vary', 'accept, accept-encoding')
    const zipped = takesEncoding(request.headers['accept-encoding'], 'gzip')
    if (zipped) reply.header('content-encoding', 'gzip')
    const body = zipped ? await page.gzip() : page.identity
    outgoing.watch(reply.raw, body)
    return reply.send(body)
  }

  app.get('/', (_request, reply) => reply.type('text/plain; charset=utf-8').send(index))
  app.get('/health', async (_request, reply) => {
    await refresh()
    const age = store.snapshotAgeSeconds
    const healthy = store.snapshot !== undefined
    return reply.code(healthy ? 200 : 503).send({
      healthy,
      snapshotAgeSeconds: Number.isFinite(age) ? age : null,
      agesSeconds: store.agesSeconds,
      withheld: store.withheld,
    })
  })
  app.get('/metrics', async (request, reply) => {
    const format = formatFor(request.headers.accept)
    const { contentTypes } = await import('../metrics.ts')
    const page = await texts[format].get()
    return await send(request, reply.type(contentTypes[format]), page)
  })
  app.get('/snapshot', { schema: { querystring: SnapshotQuery } }, async (request, reply) => {
    const looked = request.query.now === true && looks.allows
    if (looked) {
      await thread.look()
      await store.settled()
    } else await refresh()
    if (store.snapshot === undefined)
      return reply
        .code(503)
        .send({ error: 'The sampler is delivering no snapshots at the moment: see the log of the exporter' })
    const ages = Object.values(store.agesSeconds)
    // The oldest part of it; a kind that was never read has no age, and is not in it.
    reply.header('x-spillway-age-seconds', Math.max(0, ...ages.map(Number)).toFixed(3))
    if (request.query.now === true) reply.header('x-spillway-read-now', String(looked))
    return await send(request, reply.type('application/json; charset=utf-8'), await json.get())
  })

  /** Whether a stream has room for one more; otherwise the answer says what to do. */
  const hasRoom = (reply: FastifyReply): boolean => {
    if (stream.readers + sampleStream.readers < limits.readers) return true
    const error = `${limits.readers} readers follow /stream and /samples already, and no more are taken: stop some, or raise --max-readers`
    reply.code(503).send({ error })
    return false
  }
  app.get('/samples', (_request, reply) => {
    if (!hasRoom(reply)) return
    reply.hijack()
    sampleStream.add(reply.raw)
  })
  app.get('/stream', { schema: { querystring: StreamQuery } }, (request, reply) => {
    if (!hasRoom(reply)) return
    reply.hijack()
    stream.add(reply.raw, request.query.interval ?? 0, store.snapshot)
  })
}

const index = `Spillway exporter

/metrics   for Prometheus
/stream    server-sent events, one snapshot each; ?interval=MS for fewer
/snapshot  the latest snapshot as JSON; ?now=true reads the kernel again first
/samples   server-sent events with every sample, column by column
/health    200 while the sampler works, otherwise 503
`
