import { randomInt } from 'node:crypto'
import { monotonicMs } from '#common/clock.ts'
import { type ConnectionsLoad, NOT_HTTP } from '../agent/api.ts'
import { arrivalTimes } from '../arrivals.ts'
import type { Progress } from '../progress.ts'
import { followSchedule } from '../schedule.ts'
import type { Behaviour, ClientConnection } from './client-connection.ts'
import { ConnectionSet } from './connection-set.ts'
import { hostOf } from './host-of.ts'
import { ResponseReader } from './response.ts'
import { readServerSide } from './server-side.ts'

/**
 * Open-loop load: connections begin when the schedule says so, whatever became of the earlier ones. Each connects, sends
 * one request, reads the response to its end and closes, before or after the server as asked. Resolves when the schedule
 * is over and every connection has an outcome; the signal resets what is still open.
 */
export async function runConnections(load: ConnectionsLoad, progress: Progress, signal: AbortSignal): Promise<void> {
  const arrivals = seeded(load.arrivals, progress)
  const timeoutMs = load.timeoutMs ?? 10_000
  const clientCloses = load.closer === 'client'
  const request = [
    `GET ${load.path ?? '/'} HTTP/1.1`,
    `Host: ${hostOf(load.target)}`,
    `Connection: ${clientCloses ? 'keep-alive' : 'close'}`,
    '\r\n',
  ].join('\r\n')
  // To a server that speaks something else: what its answer means is not known here.
  const raw = load.greeted ? Buffer.alloc(0) : load.send === undefined ? undefined : Buffer.from(load.send, 'base64')
  const exchanges = new Map<ClientConnection, { reader: ResponseReader; timer: NodeJS.Timeout }>()

  const behaviour: Behaviour = {
    connected(connection) {
      if (load.greeted) return
      if (raw?.length === 0) return connection.finish('ok')
      connection.socket.write(raw ?? request, () => {
        progress.bytesWritten += (raw ?? request).length
      })
    },
    received(connection, bytes) {
      if (raw !== undefined) connection.finish('ok')
      const reader = exchanges.get(connection)?.reader
      reader?.push(bytes)
      if (reader?.malformed === true) connection.finish('failed', NOT_HTTP)
      else if (clientCloses && reader?.complete(false) === true) connection.finish('ok')
      return true
    },
    ended: (connection) => (exchanges.get(connection)?.reader.complete(true) ? 'ok' : 'closedEarly'),
    finished(connection) {
      const exchange = exchanges.get(connection)
      exchanges.delete(connection)
      clearTimeout(exchange?.timer)
      if (exchange !== undefined) readServerSide(connection.record, exchange.reader, progress)
    },
  }

  const connections = new ConnectionSet(load.target, progress, behaviour)
  await followSchedule(
    arrivalTimes(arrivals),
    (scheduledMs) => {
      const connection = connections.open(scheduledMs)
      const leftMs = Math.ceil(scheduledMs + timeoutMs - monotonicMs())
      const timer = setTimeout(() => connection.finish('timedOut'), Math.max(1, leftMs))
      exchanges.set(connection, { reader: new ResponseReader(), timer })
    },
    signal,
  )
  progress.allBegun = true
  await connections.empty(signal)
  connections.cut('abandoned')
}

/** Poisson arrivals without a seed get one, and the report contains it, so that any run can be repeated. */
function seeded(arrivals: ConnectionsLoad['arrivals'], progress: Progress): ConnectionsLoad['arrivals'] {
  if (arrivals.shape !== 'poisson') return arrivals
  progress.seed = arrivals.seed ?? randomInt(2 ** 31)
  return { ...arrivals, seed: progress.seed }
}
