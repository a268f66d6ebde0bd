/** The HTTP service on the shared port. */
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { edgeApp } from '#common/edge/app.ts'
import type { PortMemory } from './memory.ts'
import type { Pace } from './pace.ts'

/** What is known about a connection since it was accepted. */
export interface Connection {
  acceptedMs: number
  waitMs: number
}

const MAX_BYTES = 1_073_741_824
const spaces = Buffer.alloc(65_536, ' ')

/**
 * Makes the service. It opens no port: sockets are handed to `app.server` as 'connection' events. Every response says
 * which backend answered, when the connection was accepted (CLOCK_MONOTONIC) and how long it had waited.
 */
export function portApp(name: string, memory: PortMemory, pace: Pace, connectionOf: (socket: object) => Connection) {
  const app = edgeApp()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))

  app.addHook('onRequest', (request, reply, done) => {
    const { acceptedMs, waitMs } = connectionOf(request.raw.socket)
    reply.header('x-spillway-backend', name)
    reply.header('x-spillway-accepted-ms', acceptedMs.toFixed(3))
    reply.header('x-spillway-accept-wait-ms', waitMs)
    done()
  })
  app.addHook('onSend', async (_request, _reply, payload) => {
    await pace.delay('responseDelayMs')
    return payload
  })
  app.addHook('onResponse', (_request, reply, done) => {
    if (reply.raw.writableFinished) memory.countResponse(reply.statusCode, reply.elapsedTime / 1000)
    done()
  })

  app.get('/', (_request, reply) => {
    const body = Buffer.from(JSON.stringify({ backend: name, pid: process.pid }))
    return stream(reply.type('application/json'), body, Math.max(body.length, memory.fault('responseBytes')), memory)
  })

  app.get<{ Params: { count: string } }>('/bytes/:count', (request, reply) => {
    const count = /^\d{1,10}$/.test(request.params.count) ? Number(request.params.count) : MAX_BYTES + 1
    if (count > MAX_BYTES) return reply.code(400).send({ error: `count must be a whole number from 0 to ${MAX_BYTES}` })
    return stream(reply.type('application/octet-stream'), Buffer.alloc(0), count, memory)
  })

  app.post('/sink', async (request) => {
    let bytes = 0
    for await (const chunk of request.raw) {
      bytes += chunk.length
      await pace.delay('readDelayMs')
    }
    return { bytes }
  })
  return app
}

/** Sends `head` and then spaces, which JSON allows at its end, up to `bytes` in all, as fast as the client reads. */
function stream(reply: FastifyReply, head: Buffer, bytes: number, memory: PortMemory): FastifyReply {
  const made = (chunk: Buffer): Buffer => {
    memory.countBody(chunk.length)
    return chunk
  }
  reply.header('content-length', bytes)
  // Only the headers are sent: generating a body only to drop it would cost as much as sending it.
  if (reply.request.method === 'HEAD') return reply.send(Readable.from([]))
  if (bytes === head.length) return reply.send(made(head))
  function* chunks() {
    if (head.length > 0) yield made(head)
    for (let left = bytes - head.length; left > 0; left -= spaces.length)
      yield made(left < spaces.length ? spaces.subarray(0, left) : spaces)
  }
  return reply.send(Readable.from(chunks(), { objectMode: false }))
}
