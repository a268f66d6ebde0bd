import { monotonicMs } from '#common/clock.ts'
import { describeError } from '#common/errors.ts'
import { LagMeter } from '#common/lag.ts'
import { runConnections } from '../clients/connections.ts'
import { runHalfOpen } from '../clients/half-open.ts'
import { Handshakes } from '../clients/handshakes.ts'
import { HeldConnections } from '../clients/hold.ts'
import { runSlowRead } from '../clients/slow-read.ts'
import { runSlowWrite } from '../clients/slow-write.ts'
import { Progress } from '../progress.ts'
import type { ConnectionRecord, Handshake, HandshakeStep, LoadReport, LoadRequest, LoadState } from './api.ts'

/** One load, from its start until it is forgotten. */
export class RunningLoad {
  readonly id: string
  readonly request: LoadRequest
  /** Resolves when the load is over, however it ended. */
  readonly over: Promise<void>
  readonly #stopping = new AbortController()
  readonly #beganMs = monotonicMs()
  readonly #lag: LagMeter
  readonly #client: Client
  #records: readonly ConnectionRecord[]
  #state: () => LoadState
  #report: () => LoadReport

  constructor(id: string, request: LoadRequest) {
    this.id = id
    this.request = request
    const progress = new Progress({ records: keepsRecords(request) })
    this.#records = progress.records
    this.#report = () => this.#reportOn(progress, 'running')
    this.#state = () => ({ state: 'running', allBegun: progress.allBegun })
    this.#client = start(request, progress, this.#stopping.signal)
    // From here on: what the first load of an agent has to load first delays no connection.
    this.#lag = new LagMeter()
    this.over = this.#run(this.#client.over, progress)
  }

  async #run(load: Promise<void>, progress: Progress): Promise<void> {
    let final: LoadReport
    try {
      await load
      final = this.#reportOn(progress, 'done')
    } catch (error) {
      final = { ...this.#reportOn(progress, 'failed'), error: describeError(error) }
    }
    this.#lag[Symbol.dispose]()
    // From here on only the report is kept: the histograms are released.
    this.#report = () => final
    this.#state = () => ({ state: final.state, allBegun: final.allBegun })
  }

  #reportOn(progress: Progress, state: LoadReport['state']): LoadReport {
    const elapsedMs = monotonicMs() - this.#beganMs
    const { kind, label } = this.request
    const amount = amountOf(this.request)
    const asOrdered = { ...(label === undefined ? {} : { label }), ...(amount === undefined ? {} : { amount }) }
    return { id: this.id, kind, ...asOrdered, state, elapsedMs, clientLagMs: this.#lag.worstMs, ...progress.report() }
  }

  /** The report as it is now; it no longer changes once the load is over. */
  report(): LoadReport {
    return this.#report()
  }

  /** Costs nothing, unlike a report. */
  state(): LoadState {
    return this.#state()
  }

  get running(): boolean {
    return this.#state().state === 'running'
  }

  /** The connection records kept so far; undefined if none were asked for. */
  get records(): readonly ConnectionRecord[] | undefined {
    return keepsRecords(this.request) ? this.#records : undefined
  }

  /** Drops the connection records of a load that is over; its report then counts them as not kept. */
  forgetRecords(): void {
    const final = this.report()
    const records = { kept: 0, notKept: final.records.kept + final.records.notKept }
    this.#records = []
    this.#report = () => ({ ...final, records })
  }

  /** Lets every held connection speak and gives their number; undefined if this load holds none or is over. */
  speak(text?: string): number | undefined {
    return this.running ? this.#client.speak?.(text) : undefined
  }

  /** The state of each handshake by hand; undefined if this load does none. */
  get handshakes(): Handshake[] | undefined {
    return this.#client.handshakes?.report()
  }

  /** Does the next step of a handshake by hand; undefined if this load does none or is over. */
  step(connection: number, send: HandshakeStep): Promise<Handshake> | undefined {
    return this.running ? this.#client.handshakes?.step(connection, send) : undefined
  }

  /** Ends the load and gives its final report. */
  async stop(): Promise<LoadReport> {
    this.#stopping.abort()
    await this.over
    return this.report()
  }
}

function amountOf(request: LoadRequest): number | undefined {
  if (request.kind === 'half-open') return request.ratePerSecond
  if (request.kind !== 'connections') return request.connections
  const { arrivals } = request
  if (arrivals.shape === 'trace') return undefined
  return arrivals.shape === 'burst' ? arrivals.connections : arrivals.ratePerSecond
}

const keepsRecords = (request: LoadRequest): boolean => 'records' in request && request.records === true

/** A running client: when it is over, and what some kinds can do meanwhile. */
interface Client {
  over: Promise<void>
  speak?(text?: string): number
  handshakes?: Handshakes
}

function start(request: LoadRequest, progress: Progress, signal: AbortSignal): Client {
  switch (request.kind) {
    case 'connections':
      return { over: runConnections(request, progress, signal) }
    case 'half-open':
      return { over: runHalfOpen(request, progress, signal) }
    case 'hold': {
      const held = new HeldConnections(request, progress)
      return { over: held.run(signal), speak: (text) => held.speak(text) }
    }
    case 'slow-read':
      return { over: runSlowRead(request, progress, signal) }
    case 'slow-write':
      return { over: runSlowWrite(request, progress, signal) }
    case 'handshake': {
      const handshakes = new Handshakes(request, progress)
      return { over: handshakes.run(signal), handshakes }
    }
  }
}
