import { setTimeout as sleep } from 'node:timers/promises'
import type {
  CountersReport,
  Handshake,
  HandshakeStep,
  LoadReport,
  LoadRequest,
  LoadState,
  Story,
  Target,
} from '#load/agent/api.ts'
import type { Endpoint } from './endpoint.ts'

type Without<Request, Key extends string> = Request extends unknown ? Omit<Request, Key> : never

/** A load, aimed at the lab's shared port unless it says otherwise. */
export type LoadOrder = Without<LoadRequest, 'target'> & { target?: Target }

/** The clients of a lab: loads that are started, watched and stopped. */
export class Clients {
  readonly #endpoint: Endpoint
  readonly #target: Target
  #asked = 0
  #latest: { asked: number; reports: LoadReport[] } = { asked: 0, reports: [] }

  constructor(endpoint: Endpoint, target: Target) {
    this.#endpoint = endpoint
    this.#target = target
  }

  async start(order: LoadOrder): Promise<Load> {
    const report = await this.#endpoint.json<LoadReport>('POST', '/loads', { target: this.#target, ...order })
    return new Load(this.#endpoint, report.id)
  }

  /** A load that somebody has started. */
  load(id: string): Load {
    return new Load(this.#endpoint, id)
  }

  /** Every load that was started, the finished ones with their results. */
  async reports(): Promise<LoadReport[]> {
    const asked = ++this.#asked
    const reports = await this.#endpoint.json<LoadReport[]>('GET', '/loads')
    if (asked > this.#latest.asked) this.#latest = { asked, reports }
    return reports
  }

  /** What `reports()` gave when it was last asked, by whomever; an earlier question may be answered later. Empty at first. */
  get latestReports(): readonly LoadReport[] {
    return this.#latest.reports
  }

  /** The counters of the clients' network namespace. */
  counters(): Promise<CountersReport> {
    return this.#endpoint.json('GET', '/counters')
  }

  /** The load agent's own metrics in Prometheus' text format. */
  metrics(): Promise<string> {
    return this.#endpoint.text('GET', '/metrics')
  }
}

/** One load that was started. */
export class Load {
  readonly id: string
  readonly #endpoint: Endpoint

  constructor(endpoint: Endpoint, id: string) {
    this.#endpoint = endpoint
    this.id = id
  }

  report(): Promise<LoadReport> {
    return this.#endpoint.json('GET', `/loads/${this.id}`)
  }

  /**
   * How far it is. For whoever waits: a report takes the agent some milliseconds, in which it begins no connection, and
   * this takes it nothing.
   */
  state(): Promise<LoadState> {
    return this.#endpoint.json('GET', `/loads/${this.id}/state`)
  }

  /** Ends it and gives the result. */
  stop(): Promise<LoadReport> {
    return this.#endpoint.json('DELETE', `/loads/${this.id}`)
  }

  /** Waits for its own end and gives the result. */
  async done(): Promise<LoadReport> {
    while ((await this.state()).state === 'running') await sleep(20)
    return await this.report()
  }

  /** Makes the silent connections of a `hold` load send one byte each. */
  async speak(): Promise<void> {
    await this.#endpoint.json('POST', `/loads/${this.id}/speak`, {})
  }

  /** Sends the next packet of a connection of a `handshake` load, counted from 1, and tells how that one stands then. */
  step(connection: number, send: HandshakeStep): Promise<Handshake> {
    return this.#endpoint.json('POST', `/loads/${this.id}/steps`, { connection, send })
  }

  /** How each connection of a `handshake` load stands. */
  handshakes(): Promise<Handshake[]> {
    return this.#endpoint.json('GET', `/loads/${this.id}/handshakes`)
  }

  /** The stories of its connections, if it was asked to keep them. */
  async stories(): Promise<Story[]> {
    const lines = await this.#endpoint.text('GET', `/loads/${this.id}/stories`)
    return lines.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Story]))
  }
}
