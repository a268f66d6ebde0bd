import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { FaultsChange } from './api.ts'
import { Calls } from './calls.ts'
import { type ChildCommand, type ChildJob, INHERITED_FD, type PortCounts, type Reply } from './messages.ts'

const END_WITHIN_MS = 500

/** The parent's side of a child process in shared mode. */
export class SharedProcess {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #calls: Calls
  #lastCounts: PortCounts

  /** Starts a process that accepts from the listening socket `fd` too; resolves when it does. */
  static async start(job: ChildJob, fd: number, onDeath: (child: SharedProcess) => void): Promise<SharedProcess> {
    const stdio: (number | 'ignore' | 'inherit' | 'ipc')[] = ['ignore', 'inherit', 'inherit', 'ipc']
    stdio[INHERITED_FD] = fd
    const child = fork(new URL('./shared-child.ts', import.meta.url), [JSON.stringify(job)], { execArgv: [], stdio })
    const calls = new Calls()
    const ready = Promise.withResolvers<void>()
    child.on('message', (message) => {
      const reply: Reply = JSON.parse(String(message))
      if (reply.id === 0) ready.resolve()
      else calls.settle(reply)
    })
    child.on('error', (error) => ready.reject(error))
    child.on('exit', (code, signal) => {
      const error = new Error(`Process ${child.pid} of ${job.name} ended with ${signal ?? `status ${code}`}`)
      ready.reject(error)
      calls.breakOff(error)
    })
    await ready.promise
    const { counts } = await calls.call((id) => child.send(JSON.stringify({ id, do: 'counts' } satisfies ChildCommand)))
    if (child.pid === undefined || counts === undefined) throw new Error(`A process of ${job.name} did not start`)
    const started = new SharedProcess(child, child.pid, calls, counts)
    child.on('exit', () => onDeath(started))
    return started
  }

  private constructor(child: ChildProcess, pid: number, calls: Calls, counts: PortCounts) {
    this.#child = child
    this.pid = pid
    this.#calls = calls
    this.#lastCounts = counts
  }

  /** The counts as they are now, or the last ones once the process has ended. */
  async counts(): Promise<PortCounts> {
    if (this.#child.connected) {
      try {
        this.#remember(await this.#call((id) => ({ id, do: 'counts' })))
      } catch {
        // It has ended meanwhile: `onDeath` is called, and its last counts remain.
      }
    }
    return this.#lastCounts
  }

  /** The counts that it reported last. */
  get lastCounts(): PortCounts {
    return this.#lastCounts
  }

  async changeFaults(change: FaultsChange): Promise<void> {
    await this.#call((id) => ({ id, do: 'faults', change }))
  }

  async closeListener(): Promise<void> {
    await this.#call((id) => ({ id, do: 'close' }))
  }

  /** Ends the process when its last connection has closed. Nothing is counted after that. */
  async drain(): Promise<void> {
    this.#remember(await this.#call((id) => ({ id, do: 'drain' })))
    await this[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    const late = setTimeout(() => this.#child.kill('SIGKILL'), END_WITHIN_MS)
    if (this.#child.connected) this.#child.disconnect()
    await ended
    clearTimeout(late)
  }

  #remember({ counts }: Reply): void {
    if (counts !== undefined) this.#lastCounts = counts
  }

  #call(command: (id: number) => ChildCommand): Promise<Reply> {
    return this.#calls.call((id) => this.#child.send(JSON.stringify(command(id))))
  }
}
