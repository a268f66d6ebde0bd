/** The load agent: an HTTP service that runs loads where the clients live. */
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import type { Registry } from 'prom-client'
import { UsageError } from '#common/errors.ts'
import { httpServer, listenOn } from '#common/http.ts'
import { lazySchemas } from '#common/lazy-schemas.ts'
import type { ListenTarget } from '#common/parse.ts'
import { reasonOf } from '#common/system-errors.ts'
import { KernelError } from '#kernel/errors.ts'
import { NetworkNamespace } from '#kernel/netns.ts'
import { refuseOutsideLab } from '../clients/lab-guard.ts'
import type { SpeakRequest, StepRequest } from './api.ts'
import { Loads } from './loads.ts'
import { NamespaceCounters } from './namespace-counters.ts'
import { RequestError } from './request-error.ts'
import { resolveTarget } from './resolve-target.ts'
import type { RunningLoad } from './running-load.ts'

const require = createRequire(import.meta.url)
const schemas = lazySchemas<typeof import('./api.ts')>(() => require('./api.ts'))

export interface AgentOptions {
  /** Where the API is served: a Unix socket, or an address on a network that only the lab reaches. */
  listen: ListenTarget
  /** The network namespace of the clients, by its path; the calling thread's own if left out. */
  netns?: string
  /** How many SYNs a second all half-open loads together may write; without it, each load has only its own limit. */
  maxHalfOpenPerSecond?: number
}

/** A listening agent. Disposing of it ends every load and then the service. */
export interface StartedAgent extends AsyncDisposable {
  /** Where it listens, with the real port. */
  readonly listen: ListenTarget
}

/**
 * Starts an agent in the calling thread's network namespace: its loads come from there, or from the one that is named. Throws a
 * UsageError if that cannot be entered.
 */
export async function startAgent(options: AgentOptions): Promise<StartedAgent> {
  const loads = new Loads()
  const app = httpServer()

  const known = (id: string): RunningLoad => {
    const load = loads.get(id)
    if (load === undefined) throw new RequestError(404, `There is no load '${id}'`)
    return load
  }

  let metrics: Registry | undefined
  app.get('/metrics', async (_request, reply) => {
    metrics ??= (await import('./metrics.ts')).agentMetrics(loads) // loaded when first scraped: starting is quicker
    return reply.type(metrics.contentType).send(await metrics.metrics())
  })

  let counters: NamespaceCounters | undefined
  app.get('/counters', () => {
    counters ??= new NamespaceCounters()
    return counters.read()
  })

  app.get('/health', () => ({ status: 'ok', pid: process.pid }))

  app.post(
    '/loads',
    { schema: { body: schemas.LoadRequest }, bodyLimit: LARGEST_BODY_BYTES },
    async (request, reply) => {
      if (loads.isFullFor(request.body))
        throw new RequestError(429, 'Too many loads are running: stop one of them first')
      const { body } = request
      const load = 'path' in body.target ? body : { ...body, target: await resolveTarget(body.target) }
      // Checked before the load exists, so that the response is a refusal and not a failed load.
      if (load.kind === 'half-open') refuseAbove(options.maxHalfOpenPerSecond, loads.halfOpenPerSecondWith(load))
      if (load.kind === 'half-open' || load.kind === 'handshake') refuseOutsideLab(load)
      return reply.code(201).send((await loads.start(load)).report())
    },
  )

  app.get('/loads', () => loads.reports())

  app.get<ById>('/loads/:id', (request) => known(request.params.id).report())
  app.get<ById>('/loads/:id/state', (request) => known(request.params.id).state())

  app.get<ById>('/loads/:id/records', (request, reply) => {
    const { id, records } = known(request.params.id)
    if (records === undefined)
      throw new RequestError(409, `Load '${id}' keeps no records: start it with "records": true`)
    const lines = Readable.from(ndjson(records.slice()))
    return reply.type('application/x-ndjson').send(lines)
  })

  const speaking = {
    schema: { body: schemas.SpeakRequest },
    preValidation: async (request: { body: unknown }) => {
      request.body ??= {}
    },
  }
  app.post<ById & { Body: SpeakRequest }>('/loads/:id/speak', speaking, (request) => {
    const load = known(request.params.id)
    const speakers = load.speak(request.body.text)
    if (speakers === undefined) throw new RequestError(409, `Load '${load.id}' does not hold connections, or is over`)
    return { speakers }
  })

  const stepping = { schema: { body: schemas.StepRequest } }
  app.post<ById & { Body: StepRequest }>('/loads/:id/steps', stepping, async (request) => {
    const load = known(request.params.id)
    const { connection, send } = request.body
    const step = load.step(connection, send)
    if (step === undefined) throw new RequestError(409, `Load '${load.id}' does not do handshakes by hand, or is over`)
    return step
  })

  app.get<ById>('/loads/:id/handshakes', (request) => {
    const { id, handshakes } = known(request.params.id)
    if (handshakes === undefined) throw new RequestError(409, `Load '${id}' does not do handshakes by hand`)
    return handshakes
  })

  app.delete<ById>('/loads/:id', (request) => known(request.params.id).stop())

  const listen = await listenOn(app, options.listen)
  // The API's socket stays where it was opened; whatever this thread opens from now on is in the other namespace.
  try {
    if (options.netns !== undefined) enter(options.netns)
  } catch (error) {
    await app.close()
    throw error
  }
  return {
    listen,
    async [Symbol.asyncDispose]() {
      await loads.stopAll()
      await app.close()
    },
  }
}

function enter(path: string): void {
  try {
    using namespace = new NetworkNamespace(path)
    namespace.enter()
  } catch (error) {
    throw new UsageError(
      `--netns ${path} cannot be entered: ${reasonOf(error) ?? (error instanceof KernelError ? error.message : 'for an unknown reason')}`,
      'Name the network namespace of a process or a file, /proc/PID/ns/net or /run/netns/NAME; entering it needs CAP_SYS_ADMIN',
    )
  }
}

/** With Docker's bridges, each SYN occupies the host's connection tracking table (nf_conntrack_max) for a minute. */
function refuseAbove(mostPerSecond: number | undefined, wantedPerSecond: number): void {
  if (mostPerSecond === undefined || wantedPerSecond <= mostPerSecond) return
  throw new RequestError(
    400,
    `Together, half-open loads may write at most ${mostPerSecond} SYNs a second here (--max-half-open-rate), but with this one they would write ${Number.isFinite(wantedPerSecond) ? wantedPerSecond : 'as many as they can'}`,
    'ratePerSecond',
  )
}

/** A trace of a million arrivals, each written with a dozen digits. */
const LARGEST_BODY_BYTES = 16_777_216

interface ById {
  Params: { id: string }
}

const LINES_AT_ONCE = 200

/** One JSON object a line, a few hundred lines at a time. */
function* ndjson(values: readonly unknown[]): Generator<string> {
  for (let at = 0; at < values.length; at += LINES_AT_ONCE)
    yield values
      .slice(at, at + LINES_AT_ONCE)
      .map((value) => `${JSON.stringify(value)}\n`)
      .join('')
}
