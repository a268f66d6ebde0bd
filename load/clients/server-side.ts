import type { ConnectionRecord } from '../agent/api.ts'
import type { Progress } from '../progress.ts'
import type { ResponseReader } from './response.ts'

/** Adds what the backend reported in its headers to the record of the connection. */
export function readServerSide(record: ConnectionRecord, reader: ResponseReader, progress: Progress): void {
  const backend = reader.headers.get('x-spillway-backend')
  const acceptedMs = reader.number('x-spillway-accepted-ms')
  const acceptWaitMs = reader.number('x-spillway-accept-wait-ms')
  if (backend !== undefined) record.backend = backend
  if (acceptedMs !== undefined) record.acceptedMs = acceptedMs
  if (acceptWaitMs !== undefined) {
    record.acceptWaitMs = acceptWaitMs
    progress.acceptWaitMs.record(acceptWaitMs)
  }
}
