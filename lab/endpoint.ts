/** Speaks HTTP with a service of the lab, over a Unix socket or TCP. */
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatListen, type ListenTarget } from '#common/parse.ts'

const POLL_MS = 5

/** A service answered with an error, or not at all. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'
  /** The HTTP status; 0 if there was no answer. */
  readonly status: number

  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

/** The HTTP API of one service. */
export class Endpoint {
  readonly target: ListenTarget
  readonly #name: string

  constructor(name: string, target: ListenTarget) {
    this.#name = name
    this.target = target
  }

  /** Sends a request and gives the parsed JSON answer. Throws a ServiceError that carries the service's own words. */
  async json<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const text = await this.text(method, path, body)
    return (text === '' ? undefined : JSON.parse(text)) as Answer
  }

  async text(method: string, path: string, body?: unknown): Promise<string> {
    const response = await this.open(method, path, body)
    const text = await read(response)
    const status = response.statusCode ?? 0
    if (status < 400) return text
    throw new ServiceError(`${this.#name} answers ${method} ${path} with ${status}: ${problemIn(text)}`, status)
  }

  /** The events of a stream of server-sent events, until the other side ends it or `signal` does. */
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
      if (!signal.aborted) throw error
    }
  }

  /** Sends a request and gives the response as it begins. */
  open(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<http.IncomingMessage> {
    const { target } = this
    const payload = body === undefined ? undefined : JSON.stringify(body)
    const where = 'path' in target ? { socketPath: target.path } : { host: target.host, port: target.port }
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
    const request = http.request({
      ...where,
      method,
      path,
      agent: false,
      ...(signal === undefined ? {} : { signal }),
      headers:
        payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) },
    })
    request.once('response', resolve)
    request.on('error', (error: NodeJS.ErrnoException) =>
      reject(new ServiceError(`${this.#name} does not answer at ${formatListen(target)} (${error.code})`, 0)),
    )
    request.end(payload)
    return promise
  }

  /** Waits until the service answers GET /health with 200; throws the signal's reason when that gives up. */
  async healthy(giveUp: AbortSignal): Promise<void> {
    for (;;) {
      giveUp.throwIfAborted()
      try {
        await this.text('GET', '/health')
        return
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error
        await sleep(POLL_MS)
      }
    }
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
