import { Worker } from 'node:worker_threads'
import { monotonicMs } from '#common/clock.ts'
import type { FaultsChange } from './api.ts'
import { CallError, Calls } from './calls.ts'
import { PortMemory } from './memory.ts'
import type { Listen, Opened, PortCommand, PortCounts, PortWorkerData, Reply } from './messages.ts'

/** The control thread's side of the port thread in this process. */
export class PortThread {
  readonly pid = process.pid
  readonly #memory = new PortMemory()
  readonly #calls = new Calls()
  readonly #worker: Worker
  #ending = false

  /** Starts the thread; it listens when told to. `onDeath` is called if it ends unexpectedly. */
  constructor(name: string, onDeath: (error: Error) => void) {
    const workerData: PortWorkerData = { name, memory: this.#memory.buffer }
    this.#worker = new Worker(new URL('./port-worker.ts', import.meta.url), { name: 'port', workerData })
    this.#worker.on('message', (reply: Reply) => this.#calls.settle(reply))
    const died = (error: Error): void => {
      this.#calls.breakOff(error)
      if (!this.#ending) onDeath(error)
      this.#ending = true
    }
    this.#worker.on('error', (error) => died(error instanceof Error ? error : new Error(String(error))))
    this.#worker.on('exit', (code) => died(new Error(`The port thread ended with status ${code}`)))
  }

  /** Opens the listening socket. Its descriptor works in every thread of this process. Rejects with a CallError. */
  async open(listen: Listen): Promise<Opened> {
    const { opened } = await this.#call((id) => ({ id, do: 'open', listen }))
    if (opened === undefined) throw new CallError('The port thread did not say where it listens')
    return opened
  }

  async closeListener(): Promise<void> {
    await this.#call((id) => ({ id, do: 'close' }))
  }

  /** Changes faults. When this resolves they are in force: a stalled loop is blocked, a released one runs. */
  async changeFaults(change: FaultsChange): Promise<void> {
    this.#memory.changeFaults(change)
    await this.#call((id) => ({ id, do: 'faults' }))
  }

  /** The counts as they are now, even while the loop is blocked. */
  async counts(): Promise<PortCounts> {
    const cpu = process.cpuUsage()
    return {
      pid: this.pid,
      faults: this.#memory.faults(),
      accepts: this.#memory.accepts,
      open: this.#memory.open,
      responses: this.#memory.responses(),
      bodyBytes: this.#memory.bodyBytes,
      waits: this.#memory.waits(),
      durations: this.#memory.durations(),
      loopLagMs: this.#memory.loopLagMs(monotonicMs()),
      lateness: this.#memory.lateness(),
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      residentBytes: process.memoryUsage.rss(),
    }
  }

  get openConnections(): number {
    return this.#memory.open
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true
    await this.#worker.terminate()
  }

  #call(command: (id: number) => PortCommand): Promise<Reply> {
    return this.#calls.call((id) => {
      this.#worker.postMessage(command(id))
      this.#memory.ringBell()
    })
  }
}
