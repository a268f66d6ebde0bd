/** The exporter: a thread that samples the kernel, and an HTTP server that shows what it holds. */
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { EventStream } from '#common/event-stream.ts'
import { httpServer, listenOn } from '#common/http.ts'
import { lazySchemas } from '#common/lazy-schemas.ts'
import { formatListen, type ListenTarget } from '#common/parse.ts'
import { SampleStream } from './http/sample-stream.ts'
import { Identifier } from './identity/identify.ts'
import { defaultOptions, type ExporterOptions } from './options.ts'
import type { NamespaceIdentity, RawSamples } from './sampler/message.ts'
import { describe } from './sampler/namespace-set.ts'
import type { SamplingPace } from './sampler/pace.ts'
import { IDLE_SNAPSHOT_MS, SamplerThread } from './sampler/sampler-thread.ts'
import type { Snapshot } from './snapshot.ts'
import { SnapshotStore } from './snapshot-store.ts'

const require = createRequire(import.meta.url)
const { SnapshotQuery, StreamQuery } = lazySchemas<typeof import('./query.ts')>(() => require('./query.ts'))

/** How long a scrape waits for the sampler to hand over what it knows. */
const TELL_MS = 500
/** How long the start waits for the first look at the kernel and at all processes. */
const FIRST_LOOK_MS = 5000

export type { ExporterOptions } from './options.ts'

/** An exporter that runs until it is disposed of. */
export interface StartedExporter extends AsyncDisposable {
  /** Where it listens, with the real port. */
  readonly target: ListenTarget
  /** `http://127.0.0.1:10511`; for a Unix socket `unix:/path`. */
  readonly url: string
  /** The latest snapshot; undefined while the sampler gives none. */
  snapshot(): Snapshot | undefined
  /** Reads the kernel at once, and gives the result. */
  look(): Promise<Snapshot>
}

/**
 * Starts sampling and listening. Throws a UsageError if the address is taken or a namespace cannot be read; nothing is
 * left running then.
 */
export async function startExporter(
  options: Partial<Omit<ExporterOptions, 'pace'>> & { pace?: Partial<SamplingPace> } = {},
): Promise<StartedExporter> {
  const { listen, namespaces, proc, stateDir, log } = { ...defaultOptions, ...options }
  const pace = { ...defaultOptions.pace, ...options.pace }
  const identifier = new Identifier(proc, { stateDir, log })
  const store = new SnapshotStore(pace, identifier)
  const watched = new Set<object>()
  /** Snapshots are made as often as the fastest reader may want them, and about once a second while nobody watches. */
  const watch = (stream: object, anybody: boolean): void => {
    if (anybody) watched.add(stream)
    else watched.delete(stream)
    sampler.thread.snapshotIntervalMs =
      watched.size > 0 ? pace.streamIntervalMs : Math.max(pace.streamIntervalMs, IDLE_SNAPSHOT_MS)
  }
  const stream: EventStream<Snapshot> = new EventStream('snapshot', pace.streamIntervalMs, undefined, (anybody) =>
    watch(stream, anybody),
  )
  await using started = new AsyncDisposableStack()
  started.defer(() => stream.close())

  const sampleStream: SampleStream = new SampleStream((anybody) => {
    sampler.thread.recording = anybody
    watch(sampleStream, anybody)
  })
  let untold: RawSamples[] = []
  const sampler = await SamplerThread.start({
    pace,
    namespaces,
    proc,
    log,
    onSamples: (samples) => untold.push(...samples),
    onSnapshot: (raw) => {
      stream.publish(store.take(raw))
      // Only now has each listener its shard.
      for (const batch of untold) sampleStream.publish(store.identify(batch))
      untold = []
    },
  })
  started.defer(() => sampleStream.close())
  started.defer(() => identifier.close())
  started.defer(() => sampler.thread.stop())

  // Whose the listeners are decides about their numbers: nobody is to see them without, if that takes no longer than this.
  await Promise.race([
    sampler.thread.tell().then(() => store.settled()),
    sleep(FIRST_LOOK_MS, undefined, { ref: false }),
  ])

  const app = httpServer()
  app.get('/', (_request, reply) => reply.type('text/plain; charset=utf-8').send(index))
  app.get('/health', (_request, reply) => {
    const age = store.snapshotAgeSeconds
    const healthy = store.snapshot !== undefined
    return reply.code(healthy ? 200 : 503).send({
      healthy,
      snapshotAgeSeconds: Number.isFinite(age) ? age : null,
      agesSeconds: store.agesSeconds,
    })
  })
  /** The store is as old as the last snapshot. A new one takes one message; on a machine that is too busy it is not waited for. */
  const refresh = async (): Promise<void> => {
    if (store.snapshotAgeSeconds * 1000 > pace.streamIntervalMs)
      await Promise.race([sampler.thread.tell(), sleep(TELL_MS)])
  }
  app.get('/metrics', async (_request, reply) => {
    // Loaded when first scraped: starting is quicker.
    const { textOf, metricsContentType } = await import('./metrics.ts')
    await refresh()
    return reply.type(metricsContentType).send(await textOf(store.held(sampler.thread.restarts)))
  })
  app.get('/snapshot', { schema: { querystring: SnapshotQuery } }, async (request, reply) => {
    if (request.query.now === true) {
      await sampler.thread.look()
      await store.settled()
    } else await refresh()
    if (store.snapshot !== undefined) return store.snapshot
    return reply
      .code(503)
      .send({ error: 'The sampler is delivering no snapshots at the moment: see the log of the exporter' })
  })
  app.get('/samples', (_request, reply) => {
    reply.hijack()
    sampleStream.add(reply.raw)
  })
  app.get('/stream', { schema: { querystring: StreamQuery } }, (request, reply) => {
    reply.hijack()
    stream.add(reply.raw, request.query.interval ?? 0, store.snapshot)
  })
  started.defer(() => app.close())
  const target = await listenOn(app, listen)
  log(
    readingLine(
      sampler.namespaces,
      namespaces.some(({ kind }) => kind === 'all'),
    ),
  )

  const resources = started.move()
  return {
    target,
    url: 'path' in target ? formatListen(target) : `http://${formatListen(target)}`,
    snapshot: () => store.snapshot,
    async look() {
      await sampler.thread.look()
      return store.settled()
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

const index = `Spillway exporter

/metrics   for Prometheus
/stream    server-sent events, one snapshot each; ?interval=MS for fewer
/snapshot  the latest snapshot as JSON; ?now=true reads the kernel again first
/samples   server-sent events with every sample, column by column
/health    200 while the sampler works, otherwise 503
`

/** How many namespaces that line names. The metric names all of them. */
const LISTED = 8

/** Exporters that silently read only their own namespace are an old trap in this field, so this one says what it reads. */
function readingLine(namespaces: readonly NamespaceIdentity[], all: boolean): string {
  const one = namespaces.length === 1
  const more = namespaces.length - LISTED
  const list = `${namespaces.slice(0, LISTED).map(describe).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  const others = all ? 'Others are read as soon as a process runs in them' : 'To read others, name them with --netns'
  return `Reading ${one ? 'one network namespace' : `${namespaces.length} network namespaces`}: ${list}. ${others}`
}
