import fs from 'node:fs'
import * as libc from './libc.ts'

/** Memory of its own, which koffi hands over without a copy. */
const newBytes = (length: number): Buffer => Buffer.from(new ArrayBuffer(length))

/** What was read last, by any file of this thread: a host with many namespaces has a thousand of them open. */
let bytes = newBytes(16_384)

export interface ProcFileOptions {
  /**
   * Whether the kernel gives the whole file in one read if there is room for it, as it does where a single function writes it
   * (`single_open()`) and with sysctls: then it need not be asked whether there is more.
   */
  inOnePiece?: boolean
}

/**
 * A small file of /proc that is read again and again. The open file stays with the network namespace that the calling thread
 * is in now, also after the thread has moved on; that holds for /proc/thread-self/net and for /proc/sys/net.
 */
export class ProcFile {
  readonly #fd: number
  readonly #inOnePiece: boolean

  constructor(path: string, { inOnePiece = false }: ProcFileOptions = {}) {
    this.#fd = fs.openSync(path, 'r')
    this.#inOnePiece = inOnePiece
  }

  /** Opens a file that is not needed: undefined where the system refuses, because it is missing, or may not be read. */
  static openIfAny(path: string, options?: ProcFileOptions): ProcFile | undefined {
    try {
      return new ProcFile(path, options)
    } catch (error) {
      if (error instanceof Error && 'code' in error) return undefined
      throw error
    }
  }

  /** What `readBytes` has read last, and after that anything: it holds until any file is read. */
  static get bytes(): Buffer {
    return bytes
  }

  /** Reads the whole file as it is now into `ProcFile.bytes`, and gives its length. Throws what the system says. */
  readBytes(): number {
    let length = libc.readFromStart(this.#fd, bytes, 'Reading a file of /proc')
    if (this.#inOnePiece && length < bytes.length) return length
    for (;;) {
      if (length === bytes.length) grow()
      const read = fs.readSync(this.#fd, bytes, length, bytes.length - length, length)
      if (read === 0) return length
      length += read
    }
  }

  /** The whole file as it is now. Throws what the system says. */
  read(): string {
    const length = this.readBytes()
    return bytes.toString('latin1', 0, length)
  }

  close(): void {
    fs.closeSync(this.#fd)
  }
}

function grow(): void {
  const larger = newBytes(2 * bytes.length)
  bytes.copy(larger)
  bytes = larger
}
