import { UsageError } from '#common/errors.ts'
import { eventually } from '#common/waiting.ts'
import type { Steering } from '#kernel/reuseport.ts'
import type { BackendStatus, FaultsChange } from '#services/backend/api.ts'
import type { ServerOrder } from '#services/keeper/api.ts'
import type { StartedServices } from './driver.ts'
import type { Endpoint } from './endpoint.ts'
import type { Ends } from './ends.ts'
import { isOurs, type Told } from './told.ts'

/** What is known of the group that the backends form. The kernel shows no steering, so the lab remembers what it asked for. */
export interface Group {
  steering: Steering
}

/** One backend of a lab: to query, break and repair. */
export class Backend {
  /** 1, 2, …; also its shard, and its place in the SO_REUSEPORT group plus one. */
  readonly number: number
  /** What somebody's server is called, of which this is one socket; undefined for a backend of ours. */
  readonly server: string | undefined
  readonly #endpoint: Endpoint
  readonly #services: StartedServices
  readonly #group: Group
  readonly #ends: Ends

  constructor(number: number, endpoint: Endpoint, services: StartedServices, group: Group, ends: Ends) {
    this.number = number
    this.server = services.found?.name
    this.#endpoint = endpoint
    this.#services = services
    this.#group = group
    this.#ends = ends
  }

  /** What is known of it, its listener read from the kernel now; also while it is stalled. */
  told(): Promise<Told> {
    return this.#endpoint.json('GET', '/status')
  }

  /** All that a backend of ours says of itself. Throws a UsageError for another server. */
  async status(): Promise<BackendStatus> {
    const told = await this.told()
    if (isOurs(told)) return told
    throw new UsageError(`${this.server} does not say what only a backend of Spillway tells`)
  }

  /** Switches faults on or off; those not named stay as they are. In mode `shared` for one process (0, 1, …), or all. */
  async set(faults: FaultsChange, process?: number): Promise<void> {
    await this.change(faults, process)
  }

  /** The same, and gives what it then says of itself. */
  change(faults: FaultsChange, process?: number): Promise<Told> {
    return this.#endpoint.json('PATCH', `/faults${process === undefined ? '' : `?process=${process}`}`, faults)
  }

  /** Stops its event loop: it accepts, reads and answers nothing. */
  stall(): Promise<void> {
    return this.set({ stalled: true })
  }

  /** Lets its event loop run again. */
  release(): Promise<void> {
    return this.set({ stalled: false })
  }

  /** Calls listen() again with another backlog, on the live socket. */
  async relisten(backlog: number): Promise<void> {
    await this.limit(backlog)
  }

  /** The same, and gives what it then says of itself: the kernel may have granted less. */
  limit(backlog: number): Promise<Told> {
    return this.#endpoint.json('PUT', '/listener', { backlog })
  }

  /** Sets TCP_DEFER_ACCEPT on the live socket: a client that connects and stays silent remains half open. 0 switches it off. */
  async deferAccept(seconds: number): Promise<void> {
    await this.#endpoint.json('PUT', '/listener', { deferAcceptSeconds: seconds })
  }

  /** Opens its listener if it is closed, with the backlog of its plan or the last one asked for. */
  async open(): Promise<void> {
    await this.#endpoint.json('POST', '/listener')
  }

  /** Closes its listener; connections in its queue are reset, or migrate if tcp_migrate_req is set. */
  async close(): Promise<void> {
    await this.#endpoint.json('DELETE', '/listener')
  }

  /** Steers new connections of the whole group. */
  async steer(steering: Steering): Promise<void> {
    await this.#endpoint.json('PUT', '/steering', steering)
    this.#group.steering = steering
  }

  /** Its own metrics in Prometheus' text format. */
  metrics(): Promise<string> {
    return this.#endpoint.text('GET', '/metrics')
  }

  /** Ends the process at once, as a crash would; of a server that is not ours, all its processes. */
  kill(): Promise<void> {
    return this.server === undefined ? this.#services.killBackend(this.number) : this.order('kill')
  }

  /** What is done to somebody's server as a whole. Throws a ServiceError with the reason where it cannot be done. */
  async order(order: Exclude<ServerOrder['do'], 'slow'>): Promise<void> {
    await this.#give({ do: order })
  }

  /**
   * Holds all processes of somebody's server together to a share of one CPU, in per cent; 0: as much as there is. Throws a
   * ServiceError with the reason where no quota can be set.
   */
  async slow(percent: number): Promise<void> {
    await this.#give({ do: 'slow', percent })
  }

  async #give(order: ServerOrder): Promise<void> {
    if (this.server === undefined) throw new UsageError('A backend of ours takes no such order')
    await this.#endpoint.json('POST', '/server', order)
  }

  /**
   * Starts it again after it has ended, and opens its listener. Throws a UsageError that says why it could not: it ended
   * at once, the lab has ended, or it did not answer.
   */
  async restart(): Promise<void> {
    if (this.server !== undefined) return await this.#restartServer()
    await this.#services.startBackend(this.number)
    await this.ready()
    await this.open()
  }

  /** Ends what is left of it first, as a restart does, and waits until it listens again. */
  async #restartServer(): Promise<void> {
    await this.order('kill')
    await this.order('start')
    const ended = this.#ends.of(this.number)
    await eventually(
      `${this.server} listens again`,
      () => this.told(),
      ({ listener, runs }) => {
        if (runs === false)
          throw new UsageError(`${this.server} ended as soon as it was started`, 'Its output says why')
        return listener !== null
      },
      { signal: ended, endsIt: (error) => error instanceof UsageError },
    )
  }

  /** Waits until its control API answers. Throws a UsageError if it does not, because it has ended, or the signal's reason. */
  ready(signal?: AbortSignal): Promise<void> {
    const ended = this.#ends.of(this.number)
    return this.#endpoint.healthy({
      signal: signal === undefined ? ended : AbortSignal.any([signal, ended]),
      remedy: 'Start it again; its output is in the log of the lab',
    })
  }
}
