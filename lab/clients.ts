import { eventually } from '#common/waiting.ts'
import type {
  ConnectionRecord,
  CountersReport,
  Handshake,
  HandshakeStep,
  LoadReport,
  LoadRequest,
  LoadState,
  StreamTarget,
} from '#load/agent/api.ts'
import { type Endpoint, ServiceError } from './endpoint.ts'
import type { Speaks } from './manner.ts'

type Without<Request, Key extends string> = Request extends unknown ? Omit<Request, Key> : never

/** A load, aimed at the lab's shared port unless it says otherwise. */
export type LoadOrder = Without<LoadRequest, 'target'> & { target?: StreamTarget }

/** The clients of a lab: loads that are started, watched and stopped. */
export class Clients {
  readonly #endpoint: Endpoint
  readonly #target: StreamTarget
  readonly #agentStarts: () => number
  #speaks: Speaks
  #asked = 0
  #latest: { asked: number; reports: LoadReport[] } = { asked: 0, reports: [] }

  /** `agentStarts` gives how often the load agent was restarted; `send` is what connections send in place of HTTP, as Base64. */
  constructor(endpoint: Endpoint, target: StreamTarget, agentStarts: () => number = () => 0, send?: string) {
    this.#speaks = send === undefined ? {} : { send }
    this.#endpoint = endpoint
    this.#target = target
    this.#agentStarts = agentStarts
  }

  /** From now on connections of loads that do not say otherwise speak so. */
  speak(speaks: Speaks): void {
    this.#speaks = { ...this.#speaks, ...speaks }
  }

  async start(order: LoadOrder): Promise<Load> {
    const report = await this.#endpoint.json<LoadReport>('POST', '/loads', {
      target: this.#target,
      ...(order.kind === 'connections' ? this.#speaks : {}),
      ...order,
    })
    return this.load(report.id)
  }

  /** A load that somebody has started. */
  load(id: string): Load {
    const agent = this.#agentStarts()
    return new Load(this.#endpoint, id, () => this.#agentStarts() === agent)
  }

  /** Every load that was started, the finished ones with their results. */
  async reports(): Promise<LoadReport[]> {
    const asked = ++this.#asked
    const reports = await this.#endpoint.json<LoadReport[]>('GET', '/loads')
    if (asked > this.#latest.asked) this.#latest = { asked, reports }
    return reports
  }

  /** What `reports()` gave when it was last called, by any caller; an earlier call may be answered later. Empty at first. */
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
  readonly #sameAgent: () => boolean

  /** `sameAgent` says whether the agent that runs it is still there: its successor gives the same names to other loads. */
  constructor(endpoint: Endpoint, id: string, sameAgent: () => boolean) {
    this.#endpoint = endpoint
    this.id = id
    this.#sameAgent = sameAgent
  }

  report(): Promise<LoadReport> {
    return this.#ask('GET')
  }

  /**
   * How far it is. For waiting: a report costs the agent some milliseconds, in which it begins no connection, and this
   * costs it nothing.
   */
  state(): Promise<LoadState> {
    return this.#ask('GET', '/state')
  }

  /** Ends it and gives the result. */
  stop(): Promise<LoadReport> {
    return this.#ask('DELETE')
  }

  /** Waits for its own end and gives the result. */
  async done(): Promise<LoadReport> {
    await eventually(
      `${this.id} ends`,
      () => this.state(),
      ({ state }) => state !== 'running',
      { withinMs: Infinity, endsIt: () => true },
    )
    return await this.report()
  }

  /** Makes the silent connections of a `hold` load send one byte each. */
  async speak(): Promise<void> {
    await this.#ask('POST', '/speak', {})
  }

  /** Sends the next packet of a connection of a `handshake` load, counted from 1, and gives the state of that connection then. */
  step(connection: number, send: HandshakeStep): Promise<Handshake> {
    return this.#ask('POST', '/steps', { connection, send })
  }

  /** The state of each connection of a `handshake` load. */
  handshakes(): Promise<Handshake[]> {
    return this.#ask('GET', '/handshakes')
  }

  /** The records of its connections, if the load was asked to keep them. */
  async records(): Promise<ConnectionRecord[]> {
    this.#check()
    const lines = await this.#endpoint.text('GET', `/loads/${this.id}/records`)
    return lines.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as ConnectionRecord]))
  }

  async #ask<Answer>(method: string, path = '', body?: unknown): Promise<Answer> {
    this.#check()
    return await this.#endpoint.json(method, `/loads/${this.id}${path}`, body)
  }

  #check(): void {
    if (!this.#sameAgent())
      throw new ServiceError(`The load agent has ended, and ${this.id} with it: start the load again`, 404)
  }
}
