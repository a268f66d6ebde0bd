const MAX_HEAD_BYTES = 65_536
const START = 'HTTP/1.'
const HEAD_END = Buffer.from('\r\n\r\n')
const CHUNKED_END = Buffer.from('0\r\n\r\n')

/** Reads one HTTP/1.1 response from bytes as they arrive, and knows when it is complete. The body is counted, not kept. */
export class ResponseReader {
  /** The numeric status, once the head is there. */
  status: number | undefined
  /** True if the bytes are not an HTTP response. */
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
    // Whoever speaks something else may never end what would be the head.
    this.malformed ||= !START.startsWith(this.#head.toString('latin1', 0, START.length))
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

  /** True once the response is complete. `ended`: the peer has sent its FIN. */
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
    // A chunked response ends with known bytes; its chunks do not matter here.
    if (this.#chunked)
      this.#tail = Buffer.concat([this.#tail, bytes.subarray(-CHUNKED_END.length)]).subarray(-CHUNKED_END.length)
  }

  /** A header that holds a number; undefined if it is missing or holds something else. */
  number(name: string): number | undefined {
    const value = Number(this.headers.get(name) ?? Number.NaN)
    return Number.isFinite(value) ? value : undefined
  }
}
