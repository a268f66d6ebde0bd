import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

/** The compiled dump.c, waiting for commands. */
export class CPeer implements Disposable {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: Interface
  #waiting: ((line: string) => void) | undefined

  constructor(program: string) {
    this.#process = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface(this.#process.stdout)
    this.#lines.on('line', (line) => this.#waiting?.(line))
    this.#process.on('exit', (status) => {
      if (status !== 0 && status !== null) throw new Error(`${program} ended with status ${status}`)
    })
  }

  /** Dumps of IPv4 and IPv6, `times` over. */
  async dump(states: number, attributes: number, times: number): Promise<{ ns: number; sockets: number }> {
    const [ns = 0, sockets = 0] = (await this.#ask(`dump ${states} ${attributes} ${times}`)).split(' ').map(Number)
    return { ns, sockets: sockets / times }
  }

  /** Runs a program `times` over, one after the other. */
  async spawn(command: string, times: number): Promise<number> {
    return Number((await this.#ask(`spawn ${times} ${command}`)).split(' ')[0])
  }

  #ask(command: string): Promise<string> {
    return new Promise((resolve) => {
      this.#waiting = resolve
      this.#process.stdin.write(`${command}\n`)
    })
  }

  [Symbol.dispose](): void {
    this.#lines.close()
    this.#process.stdin.end()
  }
}
