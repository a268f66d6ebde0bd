import fs from 'node:fs'

const AGAIN_MS = 20
const FLAGS = fs.constants.O_WRONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY

/**
 * Writes to a terminal without ever waiting for it. Node waits in the kernel until all is taken, and hears no signal
 * meanwhile: behind an ssh that hangs, or a window that nobody reads, a process could only be killed.
 */
export class PatientOutput {
  readonly #stream: typeof process.stdout
  /** The same terminal, opened once more; undefined where that is refused, and for what is no terminal. */
  #fd: number | undefined
  #rest: Buffer = Buffer.alloc(0)
  #again: NodeJS.Timeout | undefined

  constructor(stream: typeof process.stdout) {
    this.#stream = stream
    if (!stream.isTTY) return
    try {
      this.#fd = fs.openSync(`/proc/self/fd/${stream.fd}`, FLAGS)
    } catch {
      // The terminal of somebody else, as after `su`: then it is written as everything else is.
    }
  }

  /** Whether what was written has not been taken yet. */
  get isBehind(): boolean {
    return this.#rest.length > 0 || this.#stream.writableNeedDrain
  }

  write(text: string): void {
    if (this.#fd === undefined) {
      this.#stream.write(text)
      return
    }
    this.#rest = Buffer.concat([this.#rest, Buffer.from(text)])
    this.#push()
  }

  /** Writes the last of it, before all that has not been taken; what the terminal does not take now is lost. */
  end(text: string): void {
    this.#rest = Buffer.alloc(0)
    this.write(text)
    clearTimeout(this.#again)
    this.#rest = Buffer.alloc(0)
    if (this.#fd !== undefined) fs.closeSync(this.#fd)
    this.#fd = undefined
  }

  readonly #push = (): void => {
    clearTimeout(this.#again)
    try {
      while (this.#fd !== undefined && this.#rest.length > 0)
        this.#rest = this.#rest.subarray(fs.writeSync(this.#fd, this.#rest))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
      // Otherwise the terminal has gone, which a signal tells.
      if (error.code === 'EAGAIN') this.#again = setTimeout(this.#push, AGAIN_MS).unref()
      else this.#rest = Buffer.alloc(0)
    }
  }
}
