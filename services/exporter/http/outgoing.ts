import type { ServerResponse } from 'node:http'
import { MOST_UNREAD_BYTES, TAKEN_WITHIN_MS } from './limits.ts'

/** Answers that are on their way: a reader that does not read must not hold their bytes for ever. */
export class Outgoing {
  readonly #withinMs: number
  readonly #mostBytes: number
  /** The oldest first. Many share the bytes of one page. */
  readonly #open = new Map<ServerResponse, Buffer>()

  constructor(withinMs = TAKEN_WITHIN_MS, mostBytes = MOST_UNREAD_BYTES) {
    this.#withinMs = withinMs
    this.#mostBytes = mostBytes
  }

  /** Watches over an answer until it has been taken. */
  watch(response: ServerResponse, body: Buffer): void {
    this.#open.set(response, body)
    const late = setTimeout(() => response.destroy(), this.#withinMs)
    late.unref()
    response.once('close', () => {
      clearTimeout(late)
      this.#open.delete(response)
    })
    // Cutting off readers of the last page alone would free nothing.
    while (this.unreadBytes > this.#mostBytes && this.#pages.size > 1) {
      const [oldest] = this.#open.keys()
      if (oldest === undefined) return
      this.#open.delete(oldest)
      oldest.destroy()
    }
  }

  /** Bytes that are held for readers, each page once. */
  get unreadBytes(): number {
    let bytes = 0
    for (const body of this.#pages) bytes += body.length
    return bytes
  }

  get #pages(): ReadonlySet<Buffer> {
    return new Set(this.#open.values())
  }
}
