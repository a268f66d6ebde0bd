import fs from 'node:fs'

/**
 * A small file of /proc that is read again and again. The open file stays with the network namespace that the calling thread
 * is in now, also after the thread has moved on; that holds for /proc/thread-self/net and for /proc/sys/net.
 */
export class ProcFile {
  readonly #fd: number
  #bytes = Buffer.alloc(4096)

  constructor(path: string) {
    this.#fd = fs.openSync(path, 'r')
  }

  /** Opens a file that is not needed: undefined where the system refuses, because it is missing, or may not be read. */
  static openIfAny(path: string): ProcFile | undefined {
    try {
      return new ProcFile(path)
    } catch (error) {
      if (error instanceof Error && 'code' in error) return undefined
      throw error
    }
  }

  /** The whole file as it is now. */
  read(): string {
    let length = 0
    for (;;) {
      const read = fs.readSync(this.#fd, this.#bytes, length, this.#bytes.length - length, length)
      if (read === 0) return this.#bytes.toString('latin1', 0, length)
      length += read
      if (length === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(length)])
    }
  }

  close(): void {
    fs.closeSync(this.#fd)
  }
}
