import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A process that says one line when it is ready, and ends when its standard input does. */
export class Held implements AsyncDisposable {
  readonly pid: number
  readonly #ended: Promise<unknown>
  readonly #end: () => void

  private constructor(pid: number, ended: Promise<unknown>, end: () => void) {
    this.pid = pid
    this.#ended = ended
    this.#end = end
  }

  static async start(command: string, words: readonly string[]): Promise<Held> {
    const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = new Promise<void>((resolve, reject) => child.once('error', reject).once('exit', () => resolve()))
    const early = ended.then(() => {
      throw new Error(`${command} ${words.join(' ')} ended too early`)
    })
    early.catch(() => {}) // later on it is meant to end
    await Promise.race([once(child.stdout, 'data'), early])
    return new Held(child.pid!, ended, () => child.stdin.end())
  }

  /** Starts one of this folder's scripts. */
  static script(name: string, ...words: string[]): Promise<Held> {
    return Held.start(process.execPath, [new URL(name, import.meta.url).pathname, ...words])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end()
    await this.#ended
  }
}
