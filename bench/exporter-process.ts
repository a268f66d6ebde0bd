import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

const spillway = new URL('../bin/spillway', import.meta.url).pathname

/** A process that serves HTTP and whose cost is measured: `spillway exporter` as people start it, or a peer. */
export class Exporter implements AsyncDisposable {
  readonly pid: number
  readonly #process: ChildProcess
  readonly #url: string

  private constructor(process: ChildProcess, url: string) {
    this.pid = process.pid!
    this.#process = process
    this.#url = url
  }

  /** Our own, at port 10511, once it answers. */
  static start(...options: string[]): Promise<Exporter> {
    return Exporter.of(spillway, ['exporter', '--listen', '127.0.0.1:10511', ...options], 'http://127.0.0.1:10511')
  }

  /** Any, once `/metrics` below `url` answers. It throws if the process ends before. */
  static async of(command: string, words: readonly string[], url: string): Promise<Exporter> {
    const child = spawn(command, words, { stdio: 'ignore' })
    const exporter = new Exporter(child, url)
    while (child.exitCode === null) {
      const text = await exporter.get('/metrics').catch(() => undefined)
      if (text !== undefined) return exporter
      await sleep(100)
    }
    throw new Error(`What should answer at ${url} ended with status ${child.exitCode}`)
  }

  /** What it answers, as text; throws for a status that tells of a fault. */
  async get(path: string): Promise<string> {
    const response = await fetch(`${this.#url}${path}`)
    if (!response.ok) throw new Error(`${this.#url}${path} answers ${response.status}`)
    return response.text()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return
    this.#process.kill()
    await once(this.#process, 'exit')
  }
}
