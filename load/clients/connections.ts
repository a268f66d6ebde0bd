import { randomInt } from 'node:crypto'
import { monotonicMs } from '#common/clock.ts'
import type { ConnectionsLoad } from '../agent/api.ts'
import { arrivalTimes } from '../arrivals.ts'
import type { Progress } from '../progress.ts'
import { followSchedule } from '../schedule.ts'
import type { Behaviour, ClientConnection } from './client-connection.ts'
import { ConnectionSet } from './connection-set.ts'
import { hostHeader } from './host-header.ts'
import { ResponseReader } from './response.ts'

/**
 * Open-loop load: connections begin when the schedule says so, whatever became of the earlier ones. Each connects,
 * sends one request, reads the answer to its end and closes. Resolves when the schedule is over and every connection
 * has an outcome; the signal cuts what is still open.
 */
export async function runConnections(load: ConnectionsLoad, progress: Progress, signal: AbortSignal): Promise<void> {
  const arrivals = seeded(load.arrivals, progress)
  const timeoutMs = load.timeoutMs ?? 10_000
  const request = `GET ${load.path ?? '/'} HTTP/1.1\r\nHost: ${hostHeader(load.target)}\r\nConnection: close\r\n\r\n`
  const exchanges = new Map<ClientConnection, { reader: ResponseReader; timer: NodeJS.Timeout }>()

  const behaviour: Behaviour = {
    connected(connection) {
      connection.socket.write(request, () => {
        progress.bytesWritten += request.length
      })
    },
    received(connection, bytes) {
      const reader = exchanges.get(connection)?.reader
      reader?.push(bytes)
      if (reader?.malformed === true) connection.finish('failed', 'the answer is no HTTP')
      return true
    },
    ended: (connection) => (exchanges.get(connection)?.reader.complete(true) ? 'ok' : 'closedEarly'),
    finished(connection) {
      const exchange = exchanges.get(connection)
      exchanges.delete(connection)
      clearTimeout(exchange?.timer)
      if (exchange !== undefined) readServerSide(connection, exchange.reader, progress)
      if (load.stories === true) progress.tell(connection.story)
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
  await connections.empty(signal)
  connections.cut('abandoned')
}

/** Poisson arrivals without a seed get one, and the report tells it: any run can be repeated. */
function seeded(arrivals: ConnectionsLoad['arrivals'], progress: Progress): ConnectionsLoad['arrivals'] {
  if (arrivals.shape !== 'poisson') return arrivals
  progress.seed = arrivals.seed ?? randomInt(2 ** 31)
  return { ...arrivals, seed: progress.seed }
}

/** What the backend said about the connection in its headers. */
function readServerSide({ story }: ClientConnection, reader: ResponseReader, progress: Progress): void {
  const backend = reader.headers.get('x-spillway-backend')
  const acceptedMs = reader.number('x-spillway-accepted-ms')
  const acceptWaitMs = reader.number('x-spillway-accept-wait-ms')
  if (backend !== undefined) story.backend = backend
  if (acceptedMs !== undefined) story.acceptedMs = acceptedMs
  if (acceptWaitMs !== undefined) {
    story.acceptWaitMs = acceptWaitMs
    progress.acceptWaitMs.record(acceptWaitMs)
  }
}
