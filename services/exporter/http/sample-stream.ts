import type { ServerResponse } from 'node:http'
import type { Samples } from '../samples.ts'
import { MOST_UNREAD_SAMPLES_BYTES } from './limits.ts'

/** Server-sent events with every sample. Unlike snapshots, each batch goes to every reader, however slow. */
export class SampleStream {
  readonly #readers = new Set<ServerResponse>()
  readonly #onReaders: (anybody: boolean) => void

  /** `onReaders` is called when the first reader comes and when the last has left. */
  constructor(onReaders: (anybody: boolean) => void) {
    this.#onReaders = onReaders
  }

  get readers(): number {
    return this.#readers.size
  }

  /** Takes over a response until its reader leaves. */
  add(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    if (response.req.method === 'HEAD') {
      response.end()
      return
    }
    response.write(': every sample\n\n')
    this.#readers.add(response)
    if (this.#readers.size === 1) this.#onReaders(true)
    response.once('close', () => this.#remove(response))
    response.on('error', () => this.#remove(response)) // the reader is gone
  }

  publish(samples: Samples): void {
    // As bytes, which all readers share however much each has left to read.
    const event = Buffer.from(`event: samples\ndata: ${JSON.stringify(samples)}\n\n`)
    for (const response of this.#readers) {
      if (response.writableLength > MOST_UNREAD_SAMPLES_BYTES) response.destroy()
      else response.write(event)
    }
  }

  close(): void {
    for (const response of this.#readers) response.end()
    this.#readers.clear()
  }

  #remove(response: ServerResponse): void {
    if (this.#readers.delete(response) && this.#readers.size === 0) this.#onReaders(false)
  }
}
