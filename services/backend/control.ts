/** The control API: health, status, faults, listener, steering, metrics. It answers even while the shared port is stalled. */
import { createRequire } from 'node:module'
import { type HttpServer, httpServer } from '#common/http.ts'
import { lazySchemas } from '#common/lazy-schemas.ts'
import type { Backend } from './backend.ts'
import type { BackendMetrics } from './metrics.ts'

type Schemas = typeof import('./api.ts')

const require = createRequire(import.meta.url)

/** The control API of a backend, ready to listen. */
export async function controlApp(backend: Backend) {
  const app = httpServer()
  addRoutes(
    app,
    backend,
    lazySchemas<Schemas>(() => require('./api.ts')),
  )
  await app.ready()
  return app
}

/** The OpenAPI document: generated from a second instance of the same routes, since it is rarely requested. */
async function openApi(backend: Backend): Promise<object> {
  const { default: swagger } = await import('@fastify/swagger')
  const app = httpServer()
  const info = { title: 'Spillway backend', description: 'Control API of a backend', version: '1' }
  await app.register(swagger, { openapi: { openapi: '3.1.0', info } })
  addRoutes(app, backend, await import('./api.ts'))
  await app.ready()
  return app.swagger()
}

function addRoutes(app: HttpServer, backend: Backend, schemas: Schemas): void {
  const { BackendStatus, FaultsChange, FaultsQuery, Health, ListenerChange, Refusal, SteeringChange } = schemas
  const { name } = backend.options
  let metrics: BackendMetrics | undefined

  app.get('/health', { schema: { summary: 'Whether the backend is running', response: { 200: Health } } }, () => ({
    name,
    pid: process.pid,
  }))

  app.get(
    '/status',
    { schema: { summary: 'Listener, faults and counts as they are now', response: { 200: BackendStatus } } },
    () => backend.status(),
  )

  app.patch(
    '/faults',
    {
      schema: {
        summary: 'Switches faults on and off: those named change, the rest stay as they are',
        querystring: FaultsQuery,
        body: FaultsChange,
        response: { 200: BackendStatus, 400: Refusal },
      },
    },
    async (request, reply) => {
      if (await backend.changeFaults(request.body, request.query.process)) return backend.status()
      return reply.code(400).send({ error: 'There is no such process', field: 'process' })
    },
  )

  app.post(
    '/listener',
    {
      schema: {
        summary: 'Opens a closed listener with its previous backlog',
        response: { 200: BackendStatus, 409: Refusal },
      },
    },
    async () => {
      await backend.changeListener()
      return backend.status()
    },
  )

  app.put(
    '/listener',
    {
      schema: {
        summary: 'Opens a closed listener, calls listen() again with another backlog, or sets TCP_DEFER_ACCEPT',
        body: ListenerChange,
        response: { 200: BackendStatus, 409: Refusal },
      },
      preValidation: async (request) => {
        request.body ??= {} // reopening it needs no body
      },
    },
    async (request) => {
      await backend.changeListener(request.body)
      return backend.status()
    },
  )

  app.delete(
    '/listener',
    {
      schema: {
        summary: 'Closes the listener, which resets the connections in its queue',
        response: { 200: BackendStatus },
      },
    },
    async () => {
      await backend.closeListener()
      return backend.status()
    },
  )

  app.put(
    '/steering',
    {
      schema: {
        summary: 'Sets how the SO_REUSEPORT group chooses a member for a new connection',
        body: SteeringChange,
        response: { 200: BackendStatus, 409: Refusal },
      },
    },
    async (request) => {
      await backend.steer(request.body)
      return backend.status()
    },
  )

  app.get('/metrics', { schema: { summary: 'The counts as Prometheus metrics' } }, async (_request, reply) => {
    metrics ??= new (await import('./metrics.ts')).BackendMetrics(backend) // loaded when first scraped: starting is quicker
    return reply.type(metrics.contentType).send(await metrics.text())
  })

  app.get('/openapi.json', { schema: { summary: 'This document' } }, () => openApi(backend))
}
