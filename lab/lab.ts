import { setTimeout as sleep } from 'node:timers/promises'
import type { Samples } from '#services/exporter/samples.ts'
import type { Snapshot } from '#services/exporter/snapshot.ts'
import { Backend, type Group } from './backend.ts'
import { Clients } from './clients.ts'
import type { BackendPlan, CommandResult, Driver, LabPlan, StartedServices } from './driver.ts'
import { Endpoint } from './endpoint.ts'
import { namespaces } from './namespaces/driver.ts'
import { type Host, SHARED_PORT, server } from './topology.ts'

/** A lab that has not started by then never will; a loaded machine needs a few seconds. */
const START_LIMIT_MS = 30_000
const POLL_MS = 5

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
  /** How often sysctls were set through this object: whoever shows them knows when to read again. */
  settingsMade = 0
  readonly #services: StartedServices

  /** Starts a lab and waits until each part answers and every backend listens, in order. Throws a UsageError if it cannot. */
  static async start(options: LabOptions = {}): Promise<Lab> {
    const { driver = namespaces, signal = new AbortController().signal, onProgress = () => {}, ...wishes } = options
    const plan = completePlan(wishes)
    onProgress('Checking what this machine has …')
    await driver.preflight()
    const services = await driver.start(plan, onProgress)
    const lab = new Lab(plan, services)
    try {
      await lab.#ready(signal, onProgress)
    } catch (error) {
      await services.stop()
      throw error
    }
    return lab
  }

  /** A lab whose services somebody else has started and will stop, once exporter and load agent answer. */
  static async attach(plan: LabPlan, services: StartedServices, signal: AbortSignal): Promise<Lab> {
    const lab = new Lab(plan, services)
    await Promise.all([lab.exporter.healthy(signal), new Endpoint('the load agent', services.agent).healthy(signal)])
    return lab
  }

  private constructor(plan: LabPlan, services: StartedServices) {
    this.plan = plan
    this.#services = services
    this.backends = services.backends.map(
      (target, index) => new Backend(index + 1, new Endpoint(`backend-${index + 1}`, target), services, this.group),
    )
    this.clients = new Clients(new Endpoint('the load agent', services.agent), { host: plan.address, port: plan.port })
    this.exporter = new Endpoint('the exporter', services.exporter)
  }

  /** Backends open one after the other: this order numbers the shards, and the members of the SO_REUSEPORT group. */
  async #ready(signal: AbortSignal, onProgress: (text: string) => void): Promise<void> {
    const many = this.backends.length
    onProgress(`Starting ${many} ${many === 1 ? 'backend' : 'backends'}, the exporter and the load agent …`)
    const lost = new AbortController()
    this.#services.lost.then((reason) => lost.abort(new Error(reason)))
    const giveUp = AbortSignal.any([signal, lost.signal, AbortSignal.timeout(START_LIMIT_MS)])
    const listening = async (): Promise<void> => {
      await Promise.all(this.backends.map((backend) => backend.ready(giveUp)))
      for (const backend of this.backends) {
        await backend.open()
        onProgress(`Backend ${backend.number} of ${many} listens …`)
      }
    }
    const agent = new Endpoint('the load agent', this.#services.agent)
    await Promise.all([listening(), agent.healthy(giveUp), this.exporter.healthy(giveUp)])
    onProgress('Waiting until the exporter sees every listener …')
    await this.#seen(giveUp)
  }

  /** Waits until the exporter shows every listener, so that whoever watches the lab misses nothing of what it does next. */
  async #seen(giveUp: AbortSignal): Promise<void> {
    const statuses = await Promise.all(this.backends.map((backend) => backend.status()))
    const cookies = statuses.flatMap(({ listener }) => (listener === null ? [] : [listener.cookie]))
    for (;;) {
      const { namespaces } = await this.snapshot()
      const shown = new Set(namespaces.flatMap(({ listeners }) => listeners.map(({ cookie }) => cookie)))
      if (cookies.every((cookie) => shown.has(cookie))) return
      giveUp.throwIfAborted()
      await sleep(POLL_MS)
    }
  }

  /** Backend 1, 2, … */
  backend(number: number): Backend {
    const backend = this.backends[number - 1]
    if (backend === undefined)
      throw new RangeError(`There is no backend ${number}: this lab has ${this.backends.length}`)
    return backend
  }

  /** What the sampler holds now. */
  snapshot(): Promise<Snapshot> {
    return this.exporter.json('GET', '/snapshot')
  }

  /** Has the sampler read everything now, and gives what it found. */
  look(): Promise<Snapshot> {
    return this.exporter.json('GET', '/snapshot?now=true')
  }

  /** Every sample, in batches, until `signal` ends it; from the moment in which the first batch has come. */
  samples(signal: AbortSignal): AsyncGenerator<Samples> {
    return this.exporter.events('/samples', signal)
  }

  /** A snapshot per tick (10 Hz unless asked otherwise), until `signal` ends it. */
  stream(signal: AbortSignal): AsyncGenerator<Snapshot> {
    return this.exporter.events('/stream', signal)
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

  /** Settles if the lab ends without being asked to, with the reason. */
  get lost(): Promise<string> {
    return this.#services.lost
  }

  stop(): Promise<void> {
    return this.#services.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

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
