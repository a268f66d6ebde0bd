/** The exporter: a thread that samples the kernel, and an HTTP server that shows what it holds. */
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { listenOn } from '#common/edge/listen.ts'
import { ReadingEdge } from '#common/edge/reading.ts'
import { EventStream } from '#common/event-stream.ts'
import { formatListen, type ListenTarget } from '#common/parse.ts'
import { descriptorOf } from '#kernel/descriptor.ts'
import { addGate } from './http/gate.ts'
import { edgeLimits } from './http/limits.ts'
import { addRoutes } from './http/routes.ts'
import { SampleStream } from './http/sample-stream.ts'
import { Identifier } from './identity/identify.ts'
import { defaultOptions, type ExporterOptions } from './options.ts'
import type { NamespaceIdentity, RawSamples } from './sampler/message.ts'
import { describe } from './sampler/namespace-set.ts'
import type { SamplingPace } from './sampler/pace.ts'
import { IDLE_SNAPSHOT_MS, SamplerThread } from './sampler/sampler-thread.ts'
import { hiddenLine, refuseToBeBlind, unreadNamespaces } from './sight.ts'
import type { Snapshot } from './snapshot.ts'
import { SnapshotStore } from './snapshot-store.ts'
import type { WaitingAnswer } from './waiting.ts'
import type { WebFront } from './web-config/front.ts'

/** How long the start waits for the first look at the kernel and at all processes. */
const FIRST_LOOK_MS = 5000
/** While nobody watches, the time from one snapshot to the next grows by this with each namespace, up to a limit. */
const IDLE_NAMESPACE_MS = 50
const MOST_IDLE_SNAPSHOT_MS = 4000

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
  /** Who waits at the listener of this cookie, read now, or why that is not known; undefined if there is none. */
  waiting(cookie: string): Promise<WaitingAnswer | undefined>
}

/**
 * Starts sampling and listening. Throws a UsageError if the address is taken or a namespace cannot be read; nothing is
 * left running then.
 */
export async function startExporter(
  options: Partial<Omit<ExporterOptions, 'pace'>> & { pace?: Partial<SamplingPace> } = {},
): Promise<StartedExporter> {
  const {
    listen,
    namespaces,
    selection,
    exact,
    proc,
    stateDir,
    log,
    webConfigFile,
    metricsOnly,
    allowedHosts,
    limits,
    lookShare,
  } = {
    ...defaultOptions,
    ...options,
  }
  const { securing, admission }: Partial<WebFront> =
    webConfigFile === undefined ? {} : (await import('./web-config/front.ts')).webFront(webConfigFile, log)
  const pace = { ...defaultOptions.pace, ...options.pace }
  const identifier = new Identifier(proc, {
    stateDir,
    log,
    unreadNamespaces: (read) => unreadNamespaces(thread?.discovery, thread?.hiddenProcesses, read),
  })
  const store = new SnapshotStore(pace, identifier)
  const watched = new Set<object>()
  let thread: SamplerThread | undefined
  /**
   * Snapshots are made as often as the fastest reader may want them, and about once a second while nobody watches: those
   * of very many namespaces cost more than reading them, so they are made less often.
   */
  const setSnapshotInterval = (): void => {
    if (thread === undefined) return // it has not said that it is ready
    const namespaces = store.raw?.namespaces.length ?? 1
    const idleMs = Math.min(MOST_IDLE_SNAPSHOT_MS, Math.max(IDLE_SNAPSHOT_MS, namespaces * IDLE_NAMESPACE_MS))
    thread.snapshotIntervalMs = watched.size > 0 ? pace.streamIntervalMs : Math.max(pace.streamIntervalMs, idleMs)
  }
  const watch = (stream: object, anybody: boolean): void => {
    if (anybody) watched.add(stream)
    else watched.delete(stream)
    setSnapshotInterval()
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
    selection,
    ...(exact !== 'off' && { exact }),
    namespaces,
    proc,
    log,
    onSamples: (samples) => untold.push(...samples),
    onSnapshot: (raw) => {
      const before = store.raw?.namespaces.length
      store.take(raw)
      if (raw.namespaces.length !== before) setSnapshotInterval()
      if (stream.readers > 0 && store.snapshot !== undefined) stream.publish(store.snapshot)
      // Only now has each listener its shard.
      for (const batch of untold) sampleStream.publish(store.identify(batch))
      untold = []
    },
  })
  thread = sampler.thread
  setSnapshotInterval()
  started.defer(() => sampleStream.close())
  started.defer(() => identifier.close())
  started.defer(() => sampler.thread.stop())

  const unread = unreadNamespaces(thread.discovery, thread.hiddenProcesses, sampler.namespaces)
  refuseToBeBlind(unread, sampler.namespaces)

  // Whose the listeners are decides about their numbers: nobody is to see them without, if that takes no longer than this.
  await Promise.race([
    sampler.thread.tell().then(() => store.settled()),
    sleep(FIRST_LOOK_MS, undefined, { ref: false }),
  ])

  const app = new ReadingEdge({ limits: edgeLimits(limits), securing })
  addGate(app, { admission, metricsOnly, allowedHosts, onUnixSocket: 'path' in listen })
  addRoutes(
    app,
    { store, thread: sampler.thread, stream, sampleStream },
    { freshMs: pace.streamIntervalMs, limits, lookShare },
  )
  started.defer(() => app.close())
  const target = await listenOn(app, listen)
  const own = descriptorOf(app.server)
  if (own !== undefined) sampler.thread.ownInode = fs.fstatSync(own).ino
  log(
    readingLine(
      sampler.namespaces,
      namespaces.some(({ kind }) => kind === 'all'),
    ),
  )
  if (unread !== undefined && unread.processes > 0) log(hiddenLine(unread.processes))

  const resources = started.move()
  return {
    target,
    url:
      'path' in target
        ? formatListen(target)
        : `${securing === undefined ? 'http' : 'https'}://${formatListen(target)}`,
    snapshot: () => store.snapshot,
    waiting: (cookie) => sampler.thread.waiting(cookie),
    async look() {
      await sampler.thread.look()
      return store.settled()
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

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
