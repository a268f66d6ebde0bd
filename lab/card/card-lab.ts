/** A lab as the questions use it: loads that note how late they were, and the queue of all sockets together. */
import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs } from '#common/clock.ts'
import { eventually, orEnd, type WaitOptions } from '#common/waiting.ts'
import type { LoadReport } from '#load/agent/api.ts'
import type { ListenerSample } from '#services/exporter/snapshot.ts'
import type { Load, LoadOrder } from '../clients.ts'
import type { Lab } from '../lab.ts'
import type { Manner } from '../manner.ts'
import type { Told } from '../told.ts'

/** A queue of connections that wait to be accepted: N is its limit, N + 1 fit. */
type Queue = Pick<ListenerSample, 'length' | 'limit'>

/** What a server says last, as far as it fits into a sentence. */
const LAST_LINES = 2

export class CardLab {
  readonly lab: Lab
  /** How its clients know that they were served. */
  readonly manner: Manner
  /** How late the clients were at worst, since it was set. */
  lateMs = 0
  /** Connections a second that it was found to take; undefined until that was measured. */
  capacity: number | undefined
  /** Ends whatever is waited for, with its reason: the time of a question. */
  end: AbortSignal | undefined
  /** What is waited for, or was last since `end` was set, as a clause that follows "until". */
  waitsUntil: string | undefined
  readonly #loads: Load[] = []
  /** How long the clients of a load wait. */
  readonly #patienceMs = new WeakMap<Load, number>()

  constructor(lab: Lab, manner: Manner) {
    this.lab = lab
    this.manner = manner
    lab.clients.speak(manner.speaks)
  }

  get name(): string {
    return this.lab.plan.server?.name ?? 'the server'
  }

  told(): Promise<Told[]> {
    return Promise.all(this.lab.backends.map((backend) => backend.told()))
  }

  /** The UNIX socket at which it listens; undefined where that is a port. */
  get socket(): string | undefined {
    return this.lab.plan.socket
  }

  /** The queues of its listening sockets, read now. */
  async queues(): Promise<Queue[]> {
    if (this.socket !== undefined) return (await this.told()).flatMap(({ listener }) => listener ?? [])
    const { namespaces } = await this.lab.look()
    return namespaces[0]?.listeners.filter(({ port }) => port === this.lab.plan.port) ?? []
  }

  /** The processes that hold its listening sockets, by their numbers in the lab. */
  async holders(): Promise<Set<number>> {
    const [space] = (await this.lab.look()).namespaces
    const inodes = new Set((await this.told()).map(({ listener }) => listener?.inode))
    const rows = [...(space?.listeners ?? []), ...(space?.unixListeners ?? [])]
    return new Set(rows.flatMap(({ inode, pids }) => (inodes.has(inode) ? pids : [])))
  }

  async waiting(): Promise<number> {
    return (await this.queues()).reduce((sum, { length }) => sum + length, 0)
  }

  /** How many fit into all its queues together. */
  async places(): Promise<number> {
    return (await this.queues()).reduce((sum, { limit }) => sum + limit + 1, 0)
  }

  /** Counters of the server's namespace, read now. */
  async counter(name: string): Promise<number> {
    return (await this.lab.look()).namespaces[0]?.counters[name] ?? 0
  }

  /** A line of `ss` for each connection of its port, or of its UNIX socket, in a state such as `established`. */
  async connections(state: string): Promise<string[]> {
    const { stdout } =
      this.socket === undefined
        ? await this.lab.run(['ss', '-Htnp', 'state', state, `sport = :${this.lab.plan.port}`])
        : await this.lab.run(['ss', '-Hxnpe', 'state', state, 'src', `unix:${await this.#boundName()}`], 'client')
    return stdout.split('\n').filter((line) => line !== '')
  }

  /** As the kernel shows it: it may be relative to the working directory of the server. */
  async #boundName(): Promise<string> {
    return (await this.told())[0]?.listener?.address ?? this.socket ?? ''
  }

  /** Kills what is left of it and starts it again; what a dead one leaves of its UNIX socket, or at its port, is removed. */
  async restart(): Promise<void> {
    const backend = this.lab.backend(1)
    if (this.socket !== undefined) {
      await backend.kill()
      await this.removeSocket()
    }
    try {
      await backend.restart()
    } catch (error) {
      if (!(await this.freePort())) throw error
      await backend.restart()
    }
  }

  /** Ends what the kernel keeps of its connections: it bars the port to a server without SO_REUSEADDR. False if there is nothing. */
  async freePort(): Promise<boolean> {
    if (this.socket !== undefined || (await this.connections('connected')).length === 0) return false
    await this.lab.run(['ss', '-HKtn', 'state', 'connected', `sport = :${this.lab.plan.port}`])
    return (await this.connections('connected')).length === 0
  }

  /** Why it does not run, in its own last words; empty where it told none. */
  get lastWords(): string {
    const how = this.lab.serverEnd?.how.split('\n').map((line) => line.trim()) ?? []
    return [...how.slice(0, 1), ...how.slice(1).slice(-LAST_LINES)].join('; ')
  }

  /** The file of a UNIX socket outlives its listener. */
  async removeSocket(): Promise<void> {
    if (this.socket !== undefined) await this.lab.run(['rm', '-f', '--', this.socket])
  }

  async socketExists(): Promise<boolean> {
    return this.socket !== undefined && (await this.lab.run(['test', '-S', this.socket])).status === 0
  }

  /** Reads until it is so, or until the lab is taken down. */
  until<Value>(
    what: string,
    read: () => Promise<Value>,
    wanted: (value: Value) => boolean,
    options: Pick<WaitOptions, 'withinMs' | 'everyMs' | 'endsIt'> = {},
  ): Promise<Value> {
    this.waitsUntil = what
    return eventually(what, read, wanted, { ...options, signal: this.#over })
  }

  /** What a promise settles to, or the reason why it is waited for no longer. */
  async inTime<Value>(what: string, promise: Promise<Value>): Promise<Value> {
    this.waitsUntil = what
    return await orEnd(promise, this.#over)
  }

  get #over(): AbortSignal {
    const { end, lab } = this
    return AbortSignal.any([lab.over, lab.stopped, ...(end === undefined ? [] : [end])])
  }

  async stallAll(): Promise<void> {
    for (const backend of this.lab.backends) await backend.stall()
  }

  async releaseAll(): Promise<void> {
    for (const backend of this.lab.backends) await backend.release()
  }

  async start(order: LoadOrder): Promise<Load> {
    const load = await this.lab.clients.start(order)
    this.#loads.push(load)
    if (order.kind === 'connections') this.#patienceMs.set(load, order.timeoutMs ?? 0)
    return load
  }

  burst(connections: number, timeoutMs: number): Promise<Load> {
    return this.start({ kind: 'connections', arrivals: { shape: 'burst', connections }, timeoutMs })
  }

  /** Open loop: arrivals never wait for answers. */
  flow(ratePerSecond: number, durationMs: number, timeoutMs: number): Promise<Load> {
    return this.start({ kind: 'connections', arrivals: { shape: 'constant', ratePerSecond, durationMs }, timeoutMs })
  }

  /** The report of a load that has ended; how late it was is noted. Who only connected is served when nobody waits any more. */
  async done(load: Load): Promise<LoadReport> {
    const report = await this.inTime('its clients have been served or have given up', load.done())
    this.lateMs = Math.max(this.lateMs, report.clientLagMs ?? 0)
    const patienceMs = this.#patienceMs.get(load)
    if (patienceMs === undefined || this.manner.answer !== 'nothing') return report
    const { outcomes } = report
    // A queue is served in order, and these came last.
    const left = Math.min(outcomes.ok, await this.#leftAfter(patienceMs))
    return { ...report, outcomes: { ...outcomes, ok: outcomes.ok - left, timedOut: outcomes.timedOut + left } }
  }

  /** How many still wait to be accepted after so long, or none as soon as nobody does. */
  async #leftAfter(ms: number): Promise<number> {
    const untilMs = monotonicMs() + ms
    for (;;) {
      const waiting = await this.waiting()
      if (waiting === 0 || monotonicMs() >= untilMs) return waiting
      await this.pass(2)
    }
  }

  /** Waits until every client of a load has begun. */
  async begun(load: Load): Promise<void> {
    await this.until(
      'all clients have begun',
      () => load.state(),
      ({ allBegun }) => allBegun,
    )
  }

  async pass(ms: number): Promise<void> {
    const over = this.#over
    await sleep(ms, undefined, { signal: over }).catch(() => over.throwIfAborted())
  }

  async stopLoads(): Promise<void> {
    for (const load of this.#loads.splice(0)) await load.stop().catch(() => {}) // it has ended
  }
}
