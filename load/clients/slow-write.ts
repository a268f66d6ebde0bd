import { NOT_HTTP, type SlowWriteLoad } from '../agent/api.ts'
import { burstArrivals } from '../arrivals.ts'
import type { Progress } from '../progress.ts'
import type { Behaviour, ClientConnection } from './client-connection.ts'
import { ConnectionSet } from './connection-set.ts'
import { hostOf } from './host-of.ts'
import { paceOf } from './pace.ts'
import { ResponseReader } from './response.ts'
import { bytesTaken } from './socket-handle.ts'

const filler = Buffer.alloc(65_536, 'x')

/** What one connection still has to do. */
interface Upload {
  leftBytes: number
  /** True while the kernel has not accepted the last chunk: nothing more is written until it has. */
  waiting: boolean
  /** Bytes of the head and of the chunks that the kernel accepted entirely. */
  takenBytes: number
  reader: ResponseReader
}

/**
 * Clients that send a long body slowly, or as fast as the kernel takes it. With a backend that does not read, its
 * receive queues fill, then the send queues here, and then each client blocks with one chunk unwritten. At the end, those
 * still open count as ok. `bytesWritten` is what the kernel accepted, including heads.
 */
export async function runSlowWrite(load: SlowWriteLoad, progress: Progress, signal: AbortSignal): Promise<void> {
  const pace = load.bytesPerSecond === undefined ? undefined : paceOf(load.bytesPerSecond)
  const head = `POST /sink HTTP/1.1\r\nHost: ${hostOf(load.target)}\r\nContent-Type: application/octet-stream\r\nContent-Length: ${load.bodyBytes}\r\nConnection: close\r\n\r\n`
  const uploads = new Map<ClientConnection, Upload>()
  let takenByFinished = 0

  const writeNext = (connection: ClientConnection, upload: Upload): void => {
    if (upload.waiting || upload.leftBytes === 0) return
    const chunk = filler.subarray(0, Math.min(pace?.chunkBytes ?? filler.length, upload.leftBytes))
    upload.leftBytes -= chunk.length
    upload.waiting = true
    connection.socket.write(chunk, (error) => {
      if (error != null) return
      upload.waiting = false
      upload.takenBytes += chunk.length
      if (pace === undefined && !connection.finished) writeNext(connection, upload)
    })
  }

  const behaviour: Behaviour = {
    connected(connection) {
      const upload: Upload = { leftBytes: load.bodyBytes, waiting: false, takenBytes: 0, reader: new ResponseReader() }
      uploads.set(connection, upload)
      connection.socket.write(head, (error) => {
        if (error == null) upload.takenBytes += head.length
      })
      writeNext(connection, upload)
    },
    received(connection, bytes) {
      const reader = uploads.get(connection)?.reader
      reader?.push(bytes)
      if (reader?.malformed === true) connection.finish('failed', NOT_HTTP)
      return true
    },
    ended: (connection) => (uploads.get(connection)?.reader.complete(true) ? 'ok' : 'closedEarly'),
    finished(connection) {
      // A connection that the peer has reset is already gone: the part of a chunk that was accepted is not counted.
      takenByFinished += bytesTaken(connection.socket) ?? uploads.get(connection)?.takenBytes ?? 0
      uploads.delete(connection)
    },
  }

  const connections = new ConnectionSet(load.target, progress, behaviour)
  progress.refresh = () => {
    let taken = takenByFinished
    for (const { socket } of connections) taken += bytesTaken(socket) ?? 0
    progress.bytesWritten = taken
  }
  const writing =
    pace === undefined
      ? undefined
      : setInterval(() => {
          for (const [connection, upload] of uploads) writeNext(connection, upload)
        }, pace.everyMs)
  try {
    await connections.keep(burstArrivals(load.connections), load.durationMs, signal)
  } finally {
    clearInterval(writing)
  }
}
