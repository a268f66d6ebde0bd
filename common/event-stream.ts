import type { ServerResponse } from 'node:http'

interface Reader {
  response: ServerResponse
  intervalMs: number
  nextMs: number
  lastWriteMs: number
}

/** A reader that has not taken what was written so many heartbeats ago is cut off: a minute, unless asked otherwise. */
const BEATS_TO_READ = 4

/** What a stream carries: each item is complete in itself, and numbered. */
interface Numbered {
  sequence: number
}

/**
 * Server-sent events: every item goes to every reader that has taken the last one. A reader that is too slow misses items,
 * and nothing is kept for it: each item is complete in itself. One that reads nothing at all is cut off.
 */
export class EventStream<Item extends Numbered> {
  readonly #readers = new Set<Reader>()
  readonly #heartbeat: NodeJS.Timeout
  readonly #event: string
  readonly #tickMs: number

  readonly #onReaders: (anybody: boolean) => void

  /**
   * `event` is what each is called, `tickMs` the time between two; a reader without news for `heartbeatMs` gets a comment.
   * `onReaders` hears when the first reader comes and when the last has gone.
   */
  constructor(event: string, tickMs: number, heartbeatMs = 15_000, onReaders: (anybody: boolean) => void = () => {}) {
    this.#onReaders = onReaders
    this.#event = event
    this.#tickMs = tickMs
    this.#heartbeat = setInterval(() => this.#beat(heartbeatMs), heartbeatMs / 2)
    this.#heartbeat.unref()
  }

  get readers(): number {
    return this.#readers.size
  }

  /** Takes over a response until its reader leaves. `intervalMs` below the stream's own gives every item. */
  add(response: ServerResponse, intervalMs: number, first: Item | undefined): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    if (response.req.method === 'HEAD') {
      response.end()
      return
    }
    response.write('retry: 1000\n\n')
    const nowMs = performance.now()
    const reader: Reader = { response, intervalMs, nextMs: nowMs, lastWriteMs: nowMs }
    this.#readers.add(reader)
    if (this.#readers.size === 1) this.#onReaders(true)
    response.once('close', () => this.#remove(reader))
    response.on('error', () => this.#remove(reader)) // the reader is gone
    if (first !== undefined) this.#send(reader, this.#written(first), nowMs)
  }

  publish(item: Item): void {
    if (this.#readers.size === 0) return
    const nowMs = performance.now()
    const event = this.#written(item) // written once for all
    for (const reader of this.#readers) {
      // Half a tick early is nearer to what was asked for than most of a tick late.
      if (nowMs < reader.nextMs - this.#tickMs / 2 || isBehind(reader)) continue
      this.#send(reader, event, nowMs)
    }
  }

  close(): void {
    clearInterval(this.#heartbeat)
    for (const { response } of this.#readers) response.destroy()
    this.#readers.clear()
  }

  #remove(reader: Reader): void {
    if (this.#readers.delete(reader) && this.#readers.size === 0) this.#onReaders(false)
  }

  /** As bytes, which all readers share that have yet to take them. */
  #written(item: Item): Buffer {
    return Buffer.from(`event: ${this.#event}\nid: ${item.sequence}\ndata: ${JSON.stringify(item)}\n\n`)
  }

  #send(reader: Reader, event: Buffer, nowMs: number): void {
    reader.response.write(event)
    reader.lastWriteMs = nowMs
    reader.nextMs = Math.max(reader.nextMs + reader.intervalMs, nowMs)
  }

  #beat(heartbeatMs: number): void {
    const nowMs = performance.now()
    for (const reader of this.#readers) {
      if (nowMs - reader.lastWriteMs < heartbeatMs / 2) continue
      if (isBehind(reader)) {
        if (nowMs - reader.lastWriteMs > BEATS_TO_READ * heartbeatMs) reader.response.destroy()
        continue
      }
      reader.response.write(': still here\n\n')
      reader.lastWriteMs = nowMs
    }
  }
}

/** Whether something written earlier still waits in this process: the reader's socket is full. */
const isBehind = ({ response }: Reader): boolean => response.writableLength > 0
