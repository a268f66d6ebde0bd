/** Speaks HTTP with a service of the lab, over a Unix socket or TCP. */
import type http from 'node:http'
import { Failure } from '#common/errors.ts'
import { formatListen, type ListenTarget } from '#common/parse.ts'
import { reasonOf, tlsReasonOf } from '#common/system-errors.ts'
import { eventually, type WaitOptions } from '#common/waiting.ts'

const HEALTH_EVERY_MS = 5

/** A service answered with an error, or not at all. */
export class ServiceError extends Failure {
  override readonly name = 'ServiceError'
  /** The HTTP status; 0 if there was no answer. */
  readonly status: number

  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

/** How a service is reached that is not simply at its address. */
export interface Way {
  tls?: boolean
  /** Stands before every path, without a slash at its end. */
  base?: string
  /** Sent with every request. */
  headers?: http.OutgoingHttpHeaders
  /** Its address in what is said. */
  shown?: string
}

/** Where a service is reached, and by which connections that are kept; left out, every request makes one of its own. */
export type Reach = ListenTarget & { connections?: http.Agent }

/** The HTTP API of one service. */
export class Endpoint {
  readonly target: Reach
  readonly #name: string
  readonly #onSilent: () => void
  readonly #way: Way

  /** `onSilent` is called when a request was not answered at all, or a stream broke off, without being aborted here. */
  constructor(name: string, target: Reach, onSilent: () => void = () => {}, way: Way = {}) {
    this.#way = way
    this.#name = name
    this.target = target
    this.#onSilent = onSilent
  }

  /** Sends a request and gives the parsed JSON answer. Throws a ServiceError that carries the service's own words. */
  async json<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const text = await this.text(method, path, body)
    return (text === '' ? undefined : JSON.parse(text)) as Answer
  }

  async text(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<string> {
    const response = await this.open(method, path, body, signal)
    const text = await read(response).catch((error: unknown) => {
      throw this.#silence(error, signal)
    })
    const status = response.statusCode ?? 0
    if (status < 400) return text
    throw new ServiceError(`${this.#name} answers ${method} ${path} with ${status}: ${problemIn(text)}`, status)
  }

  /** The events of a stream of server-sent events, until `signal` ends it. Throws a ServiceError when the other side does. */
  async *events<Data>(path: string, signal: AbortSignal): AsyncGenerator<Data> {
    const response = await this.open('GET', path, undefined, signal)
    response.setEncoding('utf8')
    let pending = ''
    try {
      for await (const chunk of response) {
        const events = `${pending}${chunk}`.split('\n\n')
        pending = events.pop() ?? ''
        for (const event of events) {
          const data = event.split('\n').flatMap((line) => (line.startsWith('data:') ? [line.slice(5)] : []))
          if (data.length > 0) yield JSON.parse(data.join('\n')) as Data
        }
      }
    } catch (error) {
      if (error instanceof SyntaxError) throw error // it has answered, with something else
      if (!signal.aborted) throw this.#silence(error, signal)
    }
    if (!signal.aborted) throw this.#silence(undefined, signal)
  }

  /** Sends a request and gives the response as it begins. */
  open(
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
    headers: http.OutgoingHttpHeaders = {},
  ): Promise<http.IncomingMessage> {
    const { target } = this
    const payload = body === undefined ? undefined : JSON.stringify(body)
    const where = 'path' in target ? { socketPath: target.path } : { host: target.host, port: target.port }
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
    const { tls = false, base = '' } = this.#way
    const sent = { ...this.#way.headers, ...headers }
    // Not imported, see common/edge/server.ts; and HTTPS only where it is spoken.
    const { request: ask } = process.getBuiltinModule(tls ? 'node:https' : 'node:http')
    const request = ask({
      ...where,
      method,
      path: `${base}${path}`,
      agent: target.connections ?? false,
      ...(signal === undefined ? {} : { signal }),
      headers:
        payload === undefined
          ? sent
          : { ...sent, 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) },
    })
    request.once('response', resolve)
    request.on('error', (error) => reject(this.#silence(error, signal)))
    request.end(payload)
    return promise
  }

  /** Waits until the service answers GET /health with 200. Throws a WaitedInVain if it does not, or the signal's reason. */
  async healthy(options: Pick<WaitOptions, 'signal' | 'withinMs' | 'everyMs' | 'remedy'> = {}): Promise<void> {
    await eventually(
      `${this.#name} answers`,
      (signal) => this.text('GET', '/health', undefined, signal),
      () => true,
      { everyMs: HEALTH_EVERY_MS, endsIt: (error) => !(error instanceof ServiceError), ...options },
    )
  }

  /** What a failure on the wire means to a person. */
  #silence(error: unknown, signal: AbortSignal | undefined): ServiceError {
    if (signal?.aborted !== true) this.#onSilent()
    const reason = tlsReasonOf(error) ?? reasonOf(error)
    const because = reason === undefined ? '' : `: ${reason}`
    return new ServiceError(
      `${this.#name} does not answer at ${this.#way.shown ?? formatListen(this.target)}${because}`,
      0,
    )
  }
}

async function read(response: http.IncomingMessage): Promise<string> {
  response.setEncoding('utf8')
  let text = ''
  for await (const chunk of response) text += chunk
  return text
}

/** The `error` of our own services' answers, else the text as it is. */
function problemIn(text: string): string {
  try {
    const { error, field, remedy } = JSON.parse(text) as { error?: string; field?: string; remedy?: string }
    if (error !== undefined)
      return `${error}${field === undefined ? '' : ` (field ${field})`}${remedy === undefined ? '' : `. ${remedy}`}`
  } catch {
    // no JSON: show it as it came
  }
  return text.slice(0, 500)
}
