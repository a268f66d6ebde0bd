/** The few calls of the Docker engine's API that the supervisor makes, over the engine's socket. */
import http from 'node:http'
import { text } from 'node:stream/consumers'

/** A container as `docker inspect` tells of it, as far as it is looked at here. */
export interface Container {
  Id: string
  Name: string
  State: { Status: string; Running: boolean; Restarting: boolean; Error: string }
  HostConfig: { NetworkMode: string; CpuPeriod?: number; CpuQuota?: number }
}

/** The engine answered, and refused. */
export class Refused extends Error {}

/** Each method throws a Refused with the engine's own words, or an error of the socket if the engine does not answer. */
export class Engine {
  readonly #socket: string

  /** `socket` is the path of the engine's socket. */
  constructor(socket: string) {
    this.#socket = socket
  }

  /** The containers of a compose project that have ended. */
  async exited(project: string): Promise<Container[]> {
    const filters = JSON.stringify({ label: [`com.docker.compose.project=${project}`], status: ['exited'] })
    const listed: { Id: string }[] = await this.#json('GET', `/containers/json?filters=${encodeURIComponent(filters)}`)
    return Promise.all(listed.map(({ Id }) => this.inspect(Id)))
  }

  /** The compose project that a container belongs to. */
  async projectOf(container: string): Promise<string> {
    const { Config }: { Config: { Labels: Record<string, string> } } = await this.#json(
      'GET',
      `/containers/${container}/json`,
    )
    const project = Config.Labels['com.docker.compose.project']
    if (project === undefined) throw new Refused(`Container ${container} belongs to no compose project`)
    return project
  }

  inspect(container: string): Promise<Container> {
    return this.#json('GET', `/containers/${container}/json`)
  }

  /** The running container of a service of a compose project; undefined while there is none. */
  async running(project: string, service: string): Promise<Container | undefined> {
    const label = [`com.docker.compose.project=${project}`, `com.docker.compose.service=${service}`]
    const filters = JSON.stringify({ label, status: ['running'] })
    const listed: { Id: string }[] = await this.#json('GET', `/containers/json?filters=${encodeURIComponent(filters)}`)
    const [first] = listed
    return first === undefined ? undefined : await this.inspect(first.Id)
  }

  /** Whether the engine can hold a container to a CPU quota here. */
  async setsQuotas(): Promise<boolean> {
    const { CpuCfsPeriod, CpuCfsQuota }: { CpuCfsPeriod?: boolean; CpuCfsQuota?: boolean } = await this.#json(
      'GET',
      '/info',
    )
    return CpuCfsPeriod !== false && CpuCfsQuota !== false
  }

  /** Sets the CPU quota of a container that runs. `quotaUs` -1: none. */
  async setQuota(container: string, periodUs: number, quotaUs: number): Promise<void> {
    await this.#ask('POST', `/containers/${container}/update`, { CpuPeriod: periodUs, CpuQuota: quotaUs })
  }

  async start(container: string): Promise<void> {
    await this.#ask('POST', `/containers/${container}/start`)
  }

  async #json<Answer>(method: string, path: string): Promise<Answer> {
    return JSON.parse(await this.#ask(method, path))
  }

  async #ask(method: string, path: string, body?: object): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
    const request = http.request(
      {
        socketPath: this.#socket,
        method,
        path,
        host: 'localhost',
        ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' } }),
      },
      resolve,
    )
    request.once('error', reject)
    request.setTimeout(30_000, () => request.destroy(new Error('The engine does not answer')))
    request.end(body === undefined ? undefined : JSON.stringify(body))
    const response = await promise
    const answer = await text(response)
    if ((response.statusCode ?? 500) < 400) return answer
    throw new Refused(`The Docker engine refused ${method} ${path}: ${answer.trim()}`)
  }
}
