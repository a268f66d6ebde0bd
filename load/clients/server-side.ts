import type { Story } from '../agent/api.ts'
import type { Progress } from '../progress.ts'
import type { ResponseReader } from './response.ts'

/** Writes into a story what the backend said about the connection in its headers. */
export function readServerSide(story: Story, reader: ResponseReader, progress: Progress): void {
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
