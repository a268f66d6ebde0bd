import fs from 'node:fs'
import { UsageError } from '#common/errors.ts'
import { InTurn } from '#common/in-turn.ts'
import { acceptQueue, deferAccept, relisten, socketCookie } from '#kernel/listener.ts'
import { type ProcessIdentity, processIdentity } from '#kernel/process.ts'
import { type Steering, steer } from '#kernel/reuseport.ts'
import { readSysctl } from '#kernel/sysctl.ts'
import type { BackendStatus, FaultsChange, Listener, ListenerChange } from './api.ts'
import { CallError } from './calls.ts'
import { listenFailure } from './listen-failure.ts'
import type { Opened, PortCounts } from './messages.ts'
import type { BackendOptions } from './options.ts'
import type { PortThread } from './port-thread.ts'
import { SharedProcess } from './shared-process.ts'
import { mergeWaits } from './wait-buckets.ts'

/** A running backend: its shared port, its faults, its counts. */
export class Backend {
  readonly options: BackendOptions
  readonly #warn: (line: string) => void
  readonly #thread: PortThread
  readonly #ended: PortCounts[] = []
  readonly #changes = new InTurn()
  #processes: SharedProcess[] = []
  #draining: SharedProcess[] = []
  #opened: Opened | undefined
  #backlog: number
  #port = 0
  #ending = false

  /** Takes ownership of the port thread: it ends with the backend. */
  constructor(options: BackendOptions, thread: PortThread, warn: (line: string) => void) {
    this.options = options
    this.#thread = thread
    this.#warn = warn
    this.#backlog = options.backlog
  }

  /** The port it listens on; before it has listened, the one it was given. */
  get port(): number {
    return this.#port === 0 ? this.options.port : this.#port
  }

  /** Everything known now, from the kernel and from the counts, even while the loop is stalled. */
  async status(): Promise<BackendStatus> {
    const { name, mode } = this.options
    const { processes, ended } = await this.counts()
    const all = [...processes, ...ended]
    const responses = (counts: PortCounts): number => sum(Object.values(counts.responses))
    return {
      name,
      pid: process.pid,
      ...identity,
      mode,
      listener: this.#listener(),
      faults: processes[0]!.faults,
      accepts: sum(all.map((counts) => counts.accepts)),
      responses: sum(all.map(responses)),
      bodyBytes: sum(all.map((counts) => counts.bodyBytes)),
      open: sum(processes.map((counts) => counts.open)),
      acceptWait: mergeWaits(all.map((counts) => counts.waits)),
      loopLagMs: Math.max(...processes.map((counts) => counts.loopLagMs)),
      somaxconn: somaxconn(),
      processes: processes.map((counts) => ({
        pid: counts.pid,
        faults: counts.faults,
        accepts: counts.accepts,
        responses: responses(counts),
        open: counts.open,
        loopLagMs: counts.loopLagMs,
        lateness: counts.lateness,
        cpuSeconds: counts.cpuSeconds,
      })),
    }
  }

  /**
   * The counts of each running process, this one first and those that are only finishing their last connections at the
   * end; and of those that have ended, since what they counted stays counted.
   */
  async counts(): Promise<{ processes: PortCounts[]; ended: PortCounts[] }> {
    const ended = [...this.#ended] // as of now: a process that ends while we ask is among the processes
    return { ended, processes: await Promise.all(this.#all().map((one) => one.counts())) }
  }

  /** Changes faults of all processes, or of one by its index in the status. False if there is no such process. */
  changeFaults(change: FaultsChange, place?: number): Promise<boolean> {
    return this.#changes.run(async () => {
      const meant = place === undefined ? this.#all() : this.#all().slice(place, place + 1)
      await Promise.all(meant.map((one) => one.changeFaults(change)))
      return meant.length > 0
    })
  }

  /**
   * Opens a closed listener, with the backlog it had if none is given; on an open one calls listen() again, or sets
   * TCP_DEFER_ACCEPT, as asked. An empty change of an open one calls listen() with the same backlog: somaxconn may have
   * changed.
   */
  changeListener({ backlog, deferAcceptSeconds }: ListenerChange = {}): Promise<void> {
    return this.#changes.run(async () => {
      if (this.#opened === undefined || backlog !== undefined || deferAcceptSeconds === undefined)
        await this.#listen(backlog ?? this.#backlog)
      if (this.#opened !== undefined && deferAcceptSeconds !== undefined)
        deferAccept(this.#opened.fd, deferAcceptSeconds)
    })
  }

  /** Closes the listening socket, which resets the connections in its queue, even while the loop is stalled. */
  closeListener(): Promise<void> {
    return this.#changes.run(async () => {
      if (this.#opened === undefined) return
      this.#opened = undefined // its descriptor may mean another file from here on
      const leaving = this.#processes
      this.#processes = []
      this.#draining.push(...leaving)
      await Promise.all([this.#thread, ...leaving].map((one) => one.closeListener()))
      for (const one of leaving) one.drain().catch(() => {}) // if it cannot, it has ended
    })
  }

  /** Steers the SO_REUSEPORT group of the shared port. */
  steer(steering: Steering): Promise<void> {
    return this.#changes.run(async () => {
      if (this.options.mode !== 'sharded')
        throw new UsageError(`In mode ${this.options.mode} there is only one socket, so there is nothing to steer`)
      if (this.#opened === undefined)
        throw new UsageError('The listener is closed, so it belongs to no group', 'Open it first: PUT /listener')
      steer(this.#opened.fd, steering)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true
    const end = () => Promise.all(this.#all().map((one) => one[Symbol.asyncDispose]()))
    await end() // also aborts a change that waits for one of them
    await this.#changes.over
    await end()
  }

  #all(): (PortThread | SharedProcess)[] {
    return [this.#thread, ...this.#processes, ...this.#draining]
  }

  async #listen(backlog: number): Promise<void> {
    if (this.#opened === undefined) await this.#open(backlog)
    else relisten(this.#opened.fd, backlog)
    this.#backlog = backlog
    this.#checkLimit()
  }

  async #open(backlog: number): Promise<void> {
    const { host, mode, workers } = this.options
    const { faults } = await this.#thread.counts()
    if (faults.stalled)
      throw new UsageError(
        'The event loop is stalled, so it cannot open the listener',
        'Release it first (stalled: false)',
      )
    const { port } = this
    try {
      this.#opened = await this.#thread.open({ host, port, backlog, reusePort: mode === 'sharded' })
    } catch (error) {
      throw error instanceof CallError ? listenFailure(error, { host, port, mode }) : error
    }
    const { fd } = this.#opened
    this.#port = this.#opened.port
    const starting = Array.from({ length: workers - 1 }, (_, i) =>
      SharedProcess.start({ name: `${this.options.name}.${i + 2}`, backlog, faults }, fd, (one) => this.#left(one)),
    )
    const outcomes = await Promise.allSettled(starting)
    this.#processes = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    if (workers > 1) relisten(fd, backlog) // each process has called listen() too
  }

  #left(one: SharedProcess): void {
    const expected = this.#ending || this.#draining.includes(one)
    this.#processes = this.#processes.filter((other) => other !== one)
    this.#draining = this.#draining.filter((other) => other !== one)
    this.#ended.push(one.lastCounts)
    if (!expected) this.#warn(`${this.options.name}: process ${one.pid} has ended; the others continue`)
  }

  #listener(): Listener | null {
    if (this.#opened === undefined) return null
    const { fd, address, port } = this.#opened
    const inode = fs.fstatSync(fd).ino
    return { address, port, backlog: this.#backlog, ...acceptQueue(fd), inode, cookie: String(socketCookie(fd)) }
  }

  /** The kernel silently caps a backlog at net.core.somaxconn: warn about it. */
  #checkLimit(): void {
    const limit = this.#listener()?.limit
    if (limit === undefined || limit === this.#backlog) return
    this.#warn(
      `${this.options.name}: asked for a backlog of ${this.#backlog}, but the kernel granted ${limit}: ` +
        `net.core.somaxconn is ${somaxconn()} in this network namespace. Raise it, then call listen() again`,
    )
  }
}

/** Never changes. Where /proc does not show this process, it must not be ended by its number. */
const identity: { identity?: ProcessIdentity } = (() => {
  try {
    return { identity: processIdentity() }
  } catch {
    return {}
  }
})()

const somaxconn = (): number => Number(readSysctl('net.core.somaxconn'))

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0)
