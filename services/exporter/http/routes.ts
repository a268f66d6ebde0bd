/** What the exporter answers, path by path. */
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { takesEncoding } from '#common/edge/encoding.ts'
import type { Exchange, ReadingEdge } from '#common/edge/reading.ts'
import type { EventStream } from '#common/event-stream.ts'
import type { RenderedRows, TextFormat } from '#common/metrics-text.ts'
import type { SamplerThread } from '../sampler/sampler-thread.ts'
import { type UnreadNamespaces, unreadNamespaces } from '../sight.ts'
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
/** Loaded with the first query. */
const queries = (): typeof import('../query.ts') => require('../query.ts')

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
export function addRoutes(app: ReadingEdge, sources: Sources, { freshMs, limits, lookShare }: RouteOptions): void {
  const { store, thread, stream, sampleStream } = sources
  const outgoing = new Outgoing()
  const looks = new LookBudget(lookShare, () => store.raw?.lookCpuSeconds ?? 0)

  /** The store is as old as the last snapshot. A new one takes one message; on a machine that is too busy it is not waited for. */
  const refresh = async (): Promise<void> => {
    if (store.snapshotAgeSeconds * 1000 > freshMs)
      await Promise.race([thread.tell(), sleep(TELL_MS, undefined, { ref: false })])
  }

  const unread = (): UnreadNamespaces | undefined =>
    unreadNamespaces(thread.discovery, thread.hiddenProcesses, store.raw?.namespaces ?? [])

  const sharedText = (format: TextFormat): Shared<Page> => {
    let rendered: RenderedRows | undefined
    return new Shared(
      async (begin) => {
        await refresh()
        begin(store.raw)
        const held = store.held(thread.restarts, unread())
        // Loaded when first scraped: starting is quicker.
        const { pageOf, RenderedRows } = await import('../metrics.ts')
        rendered ??= new RenderedRows()
        return await pageOf(held, format, rendered)
      },
      () => store.raw,
      freshMs,
    )
  }
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

  const send = async (exchange: Exchange, type: string, page: Page, headers = {}): Promise<void> => {
    const zipped = takesEncoding(exchange.request.headers['accept-encoding'], 'gzip')
    const encoding = zipped ? { 'content-encoding': 'gzip' } : {}
    const body = zipped ? await page.gzip() : page.identity
    outgoing.watch(exchange.response, body)
    exchange.send(200, type, body, { vary: 'accept, accept-encoding', ...encoding, ...headers })
  }

  app.get('/', (exchange) => exchange.send(200, 'text/plain; charset=utf-8', index))
  app.get('/health', async (exchange) => {
    await refresh()
    const age = store.snapshotAgeSeconds
    const healthy = store.snapshot !== undefined
    exchange.json(healthy ? 200 : 503, {
      healthy,
      snapshotAgeSeconds: Number.isFinite(age) ? age : null,
      agesSeconds: store.agesSeconds,
      withheld: store.withheld,
      ...(store.raw?.sampler.exact !== undefined && { exact: store.raw.sampler.exact }),
      ...(store.raw?.sampler.exactFeatures !== undefined && { exactFeatures: store.raw.sampler.exactFeatures }),
      unread: { ...unread(), processesOfListeners: store.hiddenOwners },
    })
  })
  app.get('/metrics', async (exchange) => {
    const format = formatFor(exchange.request.headers.accept)
    const { contentTypes } = await import('../metrics.ts')
    await send(exchange, contentTypes[format], await texts[format].get())
  })
  app.getWith(
    '/snapshot',
    () => queries().SnapshotQuery,
    async (exchange, query) => {
      const now = query?.now ?? false
      const looked = now && looks.allows
      if (looked) {
        await thread.look()
        await store.settled()
      } else await refresh()
      if (store.snapshot === undefined)
        return exchange.json(503, {
          error: 'The sampler is delivering no snapshots at the moment: see the log of the exporter',
        })
      // The oldest part of it; a kind that was never read has no age, and is not in it.
      const ageSeconds = Math.max(0, ...Object.values(store.agesSeconds).map(Number))
      await send(exchange, 'application/json; charset=utf-8', await json.get(), {
        'x-spillway-age-seconds': ageSeconds.toFixed(3),
        ...(now && { 'x-spillway-read-now': String(looked) }),
      })
    },
  )

  app.getWith(
    '/waiting',
    () => queries().WaitingQuery,
    async (exchange, query) => {
      if (query === undefined)
        return exchange.json(400, { error: 'At which listener? ?cookie=… as /snapshot shows it', field: 'cookie' })
      const answer = looks.allows
        ? await thread.waiting(query.cookie)
        : { why: 'It is asked for more often than --look-budget pays for: try again in a moment' }
      if (answer === undefined)
        return exchange.json(404, {
          error: `No listener has the cookie ${query.cookie}: it has closed, or is not read here`,
        })
      exchange.json(200, answer, { 'cache-control': 'no-store' })
    },
  )

  /** Whether a stream has room for one more; otherwise the answer says what to do. */
  const hasRoom = (exchange: Exchange): boolean => {
    if (stream.readers + sampleStream.readers < limits.readers) return true
    const error = `${limits.readers} readers follow /stream and /samples already, and no more are taken: stop some, or raise --max-readers`
    exchange.json(503, { error })
    return false
  }
  app.get('/samples', (exchange) => {
    if (hasRoom(exchange)) sampleStream.add(exchange.response)
  })
  app.getWith(
    '/stream',
    () => queries().StreamQuery,
    (exchange, query) => {
      if (hasRoom(exchange)) stream.add(exchange.response, query?.interval ?? 0, store.snapshot)
    },
  )
}

const index = `Spillway exporter

/metrics   for Prometheus
/stream    server-sent events, one snapshot each; ?interval=MS for fewer
/snapshot  the latest snapshot as JSON; ?now=true reads the kernel again first
/samples   server-sent events with every sample, column by column
/waiting   ?cookie=… who waits at one listener, in order, as JSON: with --exact
/health    200 while the sampler works, otherwise 503
`
