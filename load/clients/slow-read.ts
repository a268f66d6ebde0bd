import { descriptorOf } from '#kernel/descriptor.ts'
import { setReceiveBuffer } from '#kernel/listener.ts'
import { NOT_HTTP, type SlowReadLoad } from '../agent/api.ts'
import { burstArrivals } from '../arrivals.ts'
import type { Progress } from '../progress.ts'
import type { Behaviour, ClientConnection } from './client-connection.ts'
import { ConnectionSet } from './connection-set.ts'
import { hostOf } from './host-of.ts'
import { paceOf } from './pace.ts'
import { ResponseReader } from './response.ts'
import { wasReset } from './socket-handle.ts'

/**
 * As large as the kernel's default, but fixed, so that the window cannot grow. A smaller one would be less than the SYN's
 * window promised, and the kernel would prune and drop data that it has offered to receive (tcp_prune_queue).
 */
const RECEIVE_BUFFER_BYTES = 65_536
const RESET_CHECK_MS = 500

/**
 * Clients that request a large response and read it slowly or never: their receive windows close and the backend's send
 * queues fill. At the end, those still open count as ok.
 */
export async function runSlowRead(load: SlowReadLoad, progress: Progress, signal: AbortSignal): Promise<void> {
  const pace = load.bytesPerSecond === 0 ? undefined : paceOf(load.bytesPerSecond)
  const request = `GET /bytes/${load.responseBytes} HTTP/1.1\r\nHost: ${hostOf(load.target)}\r\nConnection: close\r\n\r\n`
  const repeated = load.repeat === undefined ? undefined : manyOf(Buffer.from(load.repeat, 'base64'))
  const readers = new Map<ClientConnection, ResponseReader>()

  const behaviour: Behaviour = {
    connected(connection) {
      const fd = descriptorOf(connection.socket)
      if (fd !== undefined) setReceiveBuffer(fd, RECEIVE_BUFFER_BYTES)
      readers.set(connection, new ResponseReader())
      const sent = repeated ?? request
      connection.socket.write(sent, () => {
        progress.bytesWritten += sent.length
      })
    },
    received(connection, bytes) {
      const reader = readers.get(connection)
      reader?.push(bytes)
      if (repeated !== undefined) return false
      if (reader?.malformed === true) connection.finish('failed', NOT_HTTP)
      else if (reader?.complete(false) === true) connection.finish('ok')
      return false // one read a tick
    },
    ended: (connection) => (readers.get(connection)?.complete(true) ? 'ok' : 'closedEarly'),
    finished(connection) {
      readers.delete(connection)
    },
  }

  // The size of the buffer limits each read, which sets the pace.
  const connections = new ConnectionSet(load.target, progress, behaviour, {
    readBufferBytes: pace?.chunkBytes ?? 1,
    paused: true,
  })
  const reading =
    pace === undefined
      ? undefined
      : setInterval(() => {
          for (const { socket, record } of connections) if (record.connectedMs !== undefined) socket.resume()
        }, pace.everyMs)
  // A client that does not read is not told about an RST: ask the kernel.
  const checking = setInterval(() => {
    for (const connection of [...connections])
      if (!('path' in load.target) && connection.record.connectedMs !== undefined && wasReset(connection.socket))
        connection.finish('reset')
  }, RESET_CHECK_MS)

  try {
    await connections.keep(burstArrivals(load.connections), load.durationMs, signal)
  } finally {
    clearInterval(reading)
    clearInterval(checking)
  }
}

/** So many requests that their answers fill both ends of a connection. */
const REPEATED_BYTES = 500_000

const manyOf = (request: Buffer): Buffer =>
  Buffer.concat(Array.from({ length: Math.ceil(REPEATED_BYTES / request.length) }, () => request))
