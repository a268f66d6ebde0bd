import { setTimeout as sleep } from 'node:timers/promises'
import { UsageError } from '#common/errors.ts'
import { InTurn } from '#common/in-turn.ts'
import { plural } from '#common/quantities.ts'
import { eventually } from '#common/waiting.ts'
import type { Samples } from '#services/exporter/samples.ts'
import type { Snapshot } from '#services/exporter/snapshot.ts'
import type { Found } from '#services/keeper/api.ts'
import { Backend, type Group } from './backend.ts'
import { Clients } from './clients.ts'
import type { BackendPlan, CommandResult, Driver, LabPlan, Part, StartedServices } from './driver.ts'
import { Endpoint, ServiceError } from './endpoint.ts'
import { Ends } from './ends.ts'
import { namespaces } from './namespaces/driver.ts'
import { type Gap, Parts } from './parts.ts'
import { samplesOf, snapshotOf } from './reached.ts'
import { type Host, SHARED_PORT, server } from './topology.ts'

/** When the whole lab ends, a broken connection to a service is usually noticed first; the reason comes a little later. */
const REASON_MS = 1000

/** A lab that is attached to is started by something else, at its own pace. */
const ATTACH_MS = 60_000

const START_AGAIN = 'Start a new lab: spillway up'

/** An order that takes longer waits for a service that does not answer; the next one may be to end that service. */
const LONGEST_TURN_MS = 10_000

/** What a lab should be; everything has a default. */
export interface LabOptions extends Partial<Omit<LabPlan, 'backends'>> {
  /** How many, or each one's own plan. Default 3. */
  backends?: number | BackendPlan[]
  /** Default: network namespaces of this machine. */
  driver?: Driver
  /** Gives up starting when it aborts, and takes down what has started. */
  signal?: AbortSignal
  /** Hears what is being done, in words for a person, until the lab has started. */
  onProgress?: (text: string) => void
}

/** How a server ended that nobody had told to: in words, with the last lines that it wrote below. By the wall clock. */
export interface ServerEnd {
  atMs: number
  how: string
}

/**
 * A lab that runs: backends on one shared port, clients on another host, an exporter that watches.
 * `await using lab = await Lab.start({ backends: [{ backlog: 8 }] })` takes it all down at the end of the block.
 */
export class Lab {
  readonly plan: LabPlan
  readonly backends: readonly Backend[]
  readonly clients: Clients
  /** The SO_REUSEPORT group that the backends form, and how it was last steered through this object. */
  readonly group: Group = { steering: { by: 'hash' } }
  /** The exporter's HTTP API. */
  readonly exporter: Endpoint
  /** Orders that people give with keys and switches are carried out one after the other. */
  readonly orders = new InTurn(LONGEST_TURN_MS)
  /** How often sysctls were set through this object, so that a display knows when to read them again. */
  settingsMade = 0
  #serverEnd: ServerEnd | undefined
  /** How often the load agent was found missing: loads of an earlier agent have ended with it. */
  #agentStarts = 0
  readonly #services: StartedServices
  readonly #agent: Endpoint
  readonly #ends = new Ends()
  readonly #stopped = new AbortController()
  readonly #gapped = new AbortController()
  readonly #parts = new Parts((part) => void this.#mend(part))
  #watched = false

  /** Starts a lab and waits until each part answers and every backend listens, in order. Throws a UsageError if it cannot. */
  static async start(options: LabOptions = {}): Promise<Lab> {
    const { driver = namespaces, signal = new AbortController().signal, onProgress = () => {}, ...wishes } = options
    const plan = completePlan(wishes)
    onProgress('Checking this machine …')
    await driver.preflight(Object.keys(plan.sysctls))
    const services = await driver.start(plan, onProgress, signal)
    const lab = new Lab(services.found === undefined ? plan : asFound(plan, services.found), services)
    try {
      await lab.#ready(signal, onProgress)
    } catch (error) {
      if (error instanceof ServiceError) await lab.mayEnd()
      await lab.stop()
      throw lab.over.aborted ? lab.over.reason : error
    }
    return lab
  }

  /** A lab whose services somebody else has started and will stop, once exporter and load agent answer. */
  static async attach(plan: LabPlan, services: StartedServices, signal: AbortSignal): Promise<Lab> {
    const lab = new Lab(plan, services)
    const patient = { signal, withinMs: ATTACH_MS }
    await Promise.all([lab.exporter.healthy(patient), lab.#agent.healthy(patient)])
    lab.#watched = true
    return lab
  }

  private constructor(plan: LabPlan, services: StartedServices) {
    this.plan = plan
    this.#services = services
    this.backends = services.backends.map((target, index) => {
      const endpoint = new Endpoint(`backend-${index + 1}`, target)
      return new Backend(index + 1, endpoint, services, this.group, this.#ends)
    })
    this.#agent = new Endpoint('the load agent', services.agent, () => this.#missing('agent'))
    this.clients = new Clients(
      this.#agent,
      plan.socket === undefined ? { host: plan.address, port: plan.port } : { path: plan.socket },
      () => this.#agentStarts,
      plan.request,
    )
    this.exporter = new Endpoint('the exporter', services.exporter, () => this.#missing('exporter'))
    services.lost.then((reason) => this.#ends.labEnded(new UsageError(reason, START_AGAIN)))
    services.onEnded((part, how) => {
      if (typeof part === 'string') this.#missing(part, how)
      else if (plan.server !== undefined) this.#serverEnd = { atMs: Date.now(), how }
      else
        this.#ends.backendEnded(
          part,
          new UsageError(`backend-${part} ended during its start (${how})`, this.#lastLines()),
        )
    })
  }

  /** Backends open one after the other: this order numbers the shards, and the members of the SO_REUSEPORT group. */
  async #ready(signal: AbortSignal, onProgress: (text: string) => void): Promise<void> {
    const { server } = this.plan
    const parts = server === undefined ? `${plural(this.backends.length, 'backend')}, the exporter` : 'the exporter'
    onProgress(`Starting ${parts} and the load agent …`)
    const giveUp = AbortSignal.any([signal, this.over])
    const listening = async (): Promise<void> => {
      await Promise.all(this.backends.map((backend) => backend.ready(giveUp)))
      for (const backend of this.backends) {
        if (backend.server !== undefined) continue // it listens
        await backend.open()
        onProgress(`Backend ${backend.number} of ${this.backends.length} is listening …`)
      }
    }
    await Promise.all([listening(), this.#agent.healthy({ signal: giveUp }), this.exporter.healthy({ signal: giveUp })])
    onProgress('Waiting until the exporter sees every listener …')
    await this.#seen(giveUp)
    this.#watched = true
  }

  /** Waits until the exporter shows every listener, so that a display misses nothing that the lab does next. */
  async #seen(giveUp: AbortSignal): Promise<void> {
    const statuses = await Promise.all(this.backends.map((backend) => backend.told()))
    const cookies = statuses.flatMap(({ listener }) => (listener === null ? [] : [listener.cookie]))
    const shown = async (): Promise<string[]> =>
      (await this.snapshot()).namespaces.flatMap(({ listeners, unixListeners = [] }) =>
        [...listeners, ...unixListeners].map(({ cookie }) => cookie),
      )
    await eventually('the exporter shows every listener', shown, (seen) => cookies.every((one) => seen.includes(one)), {
      everyMs: 5,
      signal: giveUp,
      remedy: START_AGAIN,
      endsIt: (error) => error instanceof ServiceError && error.status === 0,
    })
  }

  /** A missing part is restarted by its driver; it is back when it answers. */
  async #mend(part: Part): Promise<void> {
    if (part === 'agent') this.#agentStarts++
    this.#gapped.abort()
    const endpoint = part === 'agent' ? this.#agent : this.exporter
    try {
      await endpoint.healthy({ signal: AbortSignal.any([this.over, this.#stopped.signal]), withinMs: Infinity })
      this.#parts.back(part)
    } catch {
      // the lab has ended, or is being stopped: nothing will come back
    }
  }

  /** While a lab starts or is being stopped, a part that does not answer is not a gap. */
  #missing(part: Part, how?: string): void {
    if (this.#watched && !this.#stopped.signal.aborted && !this.over.aborted) this.#parts.missing(part, how)
  }

  /** After a service has not answered: waits a moment for news of the lab's own end. */
  async mayEnd(): Promise<void> {
    await sleep(REASON_MS, undefined, { signal: this.over }).catch(() => {})
  }

  #lastLines(): string {
    return this.log().slice(-5).join('\n')
  }

  /** Backend 1, 2, … */
  backend(number: number): Backend {
    const backend = this.backends[number - 1]
    if (backend === undefined)
      throw new RangeError(`There is no backend ${number}: this lab has ${this.backends.length}`)
    return backend
  }

  /** What the sampler holds now. */
  async snapshot(): Promise<Snapshot> {
    return this.#reached(await this.exporter.json('GET', '/snapshot'))
  }

  /** Has the sampler read everything now, and gives what it found. */
  async look(): Promise<Snapshot> {
    return this.#reached(await this.exporter.json('GET', '/snapshot?now=true'))
  }

  #reached(snapshot: Snapshot): Snapshot {
    const { found } = this.#services
    return found === undefined ? snapshot : snapshotOf(found, snapshot)
  }

  /** Every sample, in batches, until `signal` ends it; from the moment in which the first batch has come. */
  async *samples(signal: AbortSignal): AsyncGenerator<Samples> {
    const { found } = this.#services
    for await (const samples of this.exporter.events<Samples>('/samples', signal))
      yield found === undefined ? samples : samplesOf(found, samples)
  }

  /** A snapshot per tick (10 Hz unless asked otherwise), until `signal` ends it. */
  async *stream(signal: AbortSignal): AsyncGenerator<Snapshot> {
    for await (const snapshot of this.exporter.events<Snapshot>('/stream', signal)) yield this.#reached(snapshot)
  }

  /** Sets a sysctl of the server's network namespace, or the client's. */
  async setSysctl(name: string, value: string | number, host: Host = 'server'): Promise<void> {
    await this.#services.setSysctl(host, name, value)
    this.settingsMade++
  }

  readSysctl(name: string, host: Host = 'server'): Promise<string | undefined> {
    return this.#services.readSysctl(host, name)
  }

  /** Runs a command on one host of the lab, e.g. `['ss', '-Hltn']`. */
  run(command: readonly string[], host: Host = 'server'): Promise<CommandResult> {
    return this.#services.run(host, command)
  }

  /** What the services wrote to their standard error. */
  log(): readonly string[] {
    return this.#services.log()
  }

  /** Aborts when the lab ends without being asked to; the reason is a UsageError that says why, and how to start again. */
  get over(): AbortSignal {
    return this.#ends.over
  }

  /** Aborts when the exporter or the load agent is missing for the first time. */
  get gapped(): AbortSignal {
    return this.#gapped.signal
  }

  /** The times in which the exporter or the load agent was missing, the latest last. */
  get gaps(): readonly Gap[] {
    return this.#parts.gaps
  }

  /** How somebody's server ended last, unasked; undefined while it runs, and where nobody knows. */
  get serverEnd(): ServerEnd | undefined {
    return this.#serverEnd
  }

  /** Aborts when the lab is being stopped through this object. */
  get stopped(): AbortSignal {
    return this.#stopped.signal
  }

  stop(): Promise<void> {
    this.#stopped.abort()
    return this.#services.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** The plan with what the kernel shows of somebody's server in place of what was planned. */
const asFound = (plan: LabPlan, { address, port, path, reachedAt: reached, mode, sockets }: Found): LabPlan => ({
  ...plan,
  ...(path === undefined ? { address: reached ?? reachedAt(address, plan.address), port } : { socket: path }),
  mode,
  backends: sockets.map(({ limit, acceptors }) => ({ backlog: limit, workers: acceptors })),
})

/** Where clients reach a socket: one that listens at every address, or at IPv4 as a socket of IPv6, at the server's own. */
export const reachedAt = (address: string, own: string): string =>
  address === '0.0.0.0' || address === '::' || address.startsWith('::ffff:') ? own : address

function completePlan({ backends = 3, ...wishes }: Omit<LabOptions, 'driver' | 'signal' | 'onProgress'>): LabPlan {
  const wanted: BackendPlan[] = typeof backends === 'number' ? Array.from({ length: backends }, () => ({})) : backends
  return {
    mode: 'sharded',
    address: server.address,
    port: SHARED_PORT,
    sysctls: {},
    sampleIntervalMs: 10,
    synIntervalMs: 100,
    connectionsIntervalMs: 1000,
    cpuShare: 0.02,
    peakWindowMs: 30_000,
    ...wishes,
    backends: wanted.map(({ backlog = 128, workers = 3 }) => ({ backlog, workers })),
  }
}
