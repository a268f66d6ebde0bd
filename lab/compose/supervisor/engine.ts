/** The few calls of the Docker engine's API that the supervisor makes, over the engine's socket. */
import http from 'node:http'
import { text } from 'node:stream/consumers'

/** A container as `docker inspect` tells of it, as far as it is looked at here. */
export interface Container {
  Id: string
  Name: string
  State: { Status: string; Running: boolean; Restarting: boolean; Error: string }
  HostConfig: { NetworkMode: string }
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

  async start(container: string): Promise<void> {
    await this.#ask('POST', `/containers/${container}/start`)
  }

  async #json<Answer>(method: string, path: string): Promise<Answer> {
    return JSON.parse(await this.#ask(method, path))
  }

  async #ask(method: string, path: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
    const request = http.request({ socketPath: this.#socket, method, path, host: 'localhost' }, resolve)
    request.once('error', reject)
    request.setTimeout(30_000, () => request.destroy(new Error('The engine does not answer')))
    request.end()
    const response = await promise
    const answer = await text(response)
    if ((response.statusCode ?? 500) < 400) return answer
    throw new Refused(`The Docker engine refused ${method} ${path}: ${answer.trim()}`)
  }
}
