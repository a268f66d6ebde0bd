/** A port of a pod's loopback, reached on one of this machine's. */
import { type ChildProcess, spawn } from 'node:child_process'
import type http from 'node:http'
import { createInterface } from 'node:readline'
import { UsageError } from '#common/errors.ts'
import { Endpoint, type Reach } from '../endpoint.ts'
import { kubectlWords } from './kubectl.ts'

const AGAIN_MS = 200
/**
 * Connections to each service, all opened before an experiment begins: more than one asks at a time, the streams of samples
 * included. The kernel of the pod counts every SYN.
 */
const CONNECTIONS = 8
/** A server hangs up on connections that are idle for 72 s (common/edge/server.ts). */
const WARM_MS = 30_000

/**
 * `kubectl port-forward` of one port, started again at the same local port whenever it ends. It ends with the first connection
 * that breaks, all the others with it: so a process that dies takes along nothing but what led to it.
 */
export class Forward implements Disposable {
  readonly #name: string
  readonly #pod: string
  readonly #port: number
  readonly #connections: http.Agent
  readonly #warmth: NodeJS.Timeout
  #local = 0
  #child: ChildProcess | undefined

  /** To the service `name`, which is to answer there when this is opened. */
  constructor(name: string, pod: string, port: number) {
    this.#name = name
    this.#pod = pod
    this.#port = port
    const { Agent } = process.getBuiltinModule('node:http')
    // First in, first out: none is left idle.
    this.#connections = new Agent({ keepAlive: true, scheduling: 'fifo', maxSockets: CONNECTIONS })
    const warm = (): void => void this.#use((service) => service.text('GET', '/health')).catch(() => {})
    this.#warmth = setInterval(warm, WARM_MS).unref()
  }

  /** The service there, over connections that are open already. */
  get reach(): Reach {
    return { host: '127.0.0.1', port: this.#local, connections: this.#connections }
  }

  /**
   * Makes all connections; what was closed is opened again at the same local port. Throws a UsageError with kubectl's own words,
   * or a WaitedInVain where the service does not answer.
   */
  async open(): Promise<void> {
    if (this.#child === undefined) await this.#start()
    await this.#use((service) => service.healthy())
  }

  /** Ends every connection, and makes no other: nothing of this machine arrives at the port of the pod. */
  close(): void {
    const child = this.#child
    this.#child = undefined
    this.#connections.destroy()
    child?.kill()
  }

  /** Side by side, so that each of them has a connection of its own. */
  async #use(ask: (service: Endpoint) => Promise<unknown>): Promise<void> {
    const service = new Endpoint(this.#name, this.reach)
    await Promise.all(Array.from({ length: CONNECTIONS }, () => ask(service)))
  }

  #start(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const wish = `${this.#local === 0 ? '' : this.#local}:${this.#port}`
    const words = ['port-forward', '--address=127.0.0.1', `pod/${this.#pod}`, wish]
    const child = spawn('kubectl', kubectlWords(...words), { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    let complaint = ''
    createInterface(child.stdout).on('line', (line) => {
      const [, local] = /^Forwarding from 127\.0\.0\.1:(\d+) -> /.exec(line) ?? []
      if (local === undefined) return
      this.#local = Number(local)
      resolve()
    })
    // A connection that nothing listens for is told of here, and is a matter of whoever made it.
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-500)
    })
    child.once('error', reject)
    child.once('close', () => {
      reject(
        new UsageError(
          `kubectl port-forward ended: ${complaint.trim()}`,
          'kubectl get pods shows whether the pod runs',
        ),
      )
      // Where it never opened, whoever waits for that has been told.
      if (this.#local !== 0) setTimeout(() => this.#again(child), AGAIN_MS).unref()
    })
    return promise
  }

  /** Unless it was closed meanwhile, or opened anew. */
  #again(ended: ChildProcess): void {
    if (this.#child === ended) this.#start().catch(() => {})
  }

  [Symbol.dispose](): void {
    clearInterval(this.#warmth)
    this.close()
  }
}
