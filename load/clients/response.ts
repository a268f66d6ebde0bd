const MAX_HEAD_BYTES = 65_536
const HEAD_END = Buffer.from('\r\n\r\n')
const CHUNKED_END = Buffer.from('0\r\n\r\n')

/** Reads one HTTP/1.1 answer from bytes as they come, and knows when it is whole. The body is counted, not kept. */
export class ResponseReader {
  /** The numeric status, once the head is there. */
  status: number | undefined
  /** True if what came is no HTTP answer. */
  malformed = false
  readonly headers = new Map<string, string>()
  #head: Buffer | undefined = Buffer.alloc(0)
  #bodyBytes = 0
  #expectedBytes: number | undefined
  #chunked = false
  #tail = Buffer.alloc(0)

  /** Takes the next bytes. They may be overwritten afterwards. */
  push(bytes: Uint8Array): void {
    if (this.#head === undefined) {
      this.#body(bytes)
      return
    }
    this.#head = Buffer.concat([this.#head, bytes])
    const end = this.#head.indexOf(HEAD_END)
    if (end < 0) {
      this.malformed ||= this.#head.length > MAX_HEAD_BYTES
      return
    }
    const head = this.#head
    this.#head = undefined
    this.#parse(head.toString('latin1', 0, end))
    this.#body(head.subarray(end + HEAD_END.length))
  }

  /** True when nothing of the answer is missing. `ended`: the peer has sent its FIN. */
  complete(ended: boolean): boolean {
    if (this.status === undefined || this.malformed) return false
    if (this.#chunked) return this.#tail.equals(CHUNKED_END)
    return this.#expectedBytes === undefined ? ended : this.#bodyBytes >= this.#expectedBytes
  }

  #parse(head: string): void {
    const [statusLine = '', ...lines] = head.split('\r\n')
    const match = /^HTTP\/1\.[01] (\d{3})/.exec(statusLine)
    this.malformed = match === null
    this.status = Number(match?.[1])
    for (const line of lines) {
      const colon = line.indexOf(':')
      if (colon > 0) this.headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
    }
    this.#chunked = this.headers.get('transfer-encoding')?.toLowerCase().includes('chunked') ?? false
    const length = this.headers.get('content-length')
    if (length !== undefined) this.#expectedBytes = Number(length)
  }

  #body(bytes: Uint8Array): void {
    this.#bodyBytes += bytes.length
    // The end of a chunked answer is told by its last bytes; its chunks are of no interest here.
    if (this.#chunked)
      this.#tail = Buffer.concat([this.#tail, bytes.subarray(-CHUNKED_END.length)]).subarray(-CHUNKED_END.length)
  }

  /** A header that holds a number; undefined if it is missing or holds something else. */
  number(name: string): number | undefined {
    const value = Number(this.headers.get(name) ?? Number.NaN)
    return Number.isFinite(value) ? value : undefined
  }
}
