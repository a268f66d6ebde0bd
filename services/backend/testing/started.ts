/** A backend on free ports of the loopback, its control API, and clients for the shared port. */
import net from 'node:net'
import type { BackendStatus } from '../api.ts'
import type { BackendOptions } from '../options.ts'
import { runBackend } from '../run.ts'

const someOptions: BackendOptions = {
  name: 'backend-t',
  host: '127.0.0.1',
  port: 0,
  backlog: 8,
  mode: 'single',
  workers: 1,
  control: { host: '127.0.0.1', port: 0 },
  closed: false,
}

/** A backend in this process, with what its control API answers. */
export async function startBackend(changes: Partial<BackendOptions> = {}) {
  const warnings: string[] = []
  const started = await runBackend({ ...someOptions, ...changes }, (line) => warnings.push(line))
  const { control } = started
  if ('path' in control) throw new Error('These helpers speak TCP')
  const api = new ControlClient(`http://${control.host}:${control.port}`)
  return { ...started, api, warnings, port: started.backend.port }
}

/** Speaks with a control API. */
export class ControlClient {
  readonly #base: string
  constructor(base: string) {
    this.#base = base
  }

  /** The status code and the parsed answer. */
  async ask(method: string, path: string, body?: unknown) {
    const init =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await fetch(`${this.#base}${path}`, { method, ...init })
    const text = await response.text()
    const json = response.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : undefined
    return { code: response.status, text, json }
  }

  /** The status that a request leaves behind; throws if it was refused. */
  async change(method: string, path: string, body?: unknown): Promise<BackendStatus> {
    const { code, text, json } = await this.ask(method, path, body)
    if (code !== 200) throw new Error(`${method} ${path} was answered with ${code}: ${text}`)
    return json
  }

  status(): Promise<BackendStatus> {
    return this.change('GET', '/status')
  }
}

/** A plain TCP client that keeps what it hears and how it ended. */
export class Client {
  readonly socket: net.Socket
  text = ''
  /** The code of the error that ended it, e.g. `ECONNRESET`. */
  error: string | undefined
  connected = false
  closed = false

  constructor(port: number, host = '127.0.0.1') {
    this.socket = net.connect({ port, host })
    this.socket.on('connect', () => {
      this.connected = true
    })
    this.socket.on('data', (data) => {
      this.text += data.toString('latin1')
    })
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code
    })
    this.socket.on('close', () => {
      this.closed = true
    })
  }

  /** Sends a request without a body; the connection stays open. */
  get(path = '/'): this {
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    return this
  }

  /** The value of a header in what was heard. */
  header(name: string): string | undefined {
    return new RegExp(`^${name}: (.*)\r$`, 'm').exec(this.text)?.[1]
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}
