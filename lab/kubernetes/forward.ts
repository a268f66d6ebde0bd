/** Ports of a pod's loopback, reached on this machine's. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { UsageError } from '#common/errors.ts'
import { kubectlWords } from './kubectl.ts'

const AGAIN_MS = 200

/** `kubectl port-forward`, started again at the same local ports whenever it ends: the API server may cut it off. */
export class Forward implements Disposable {
  readonly #pod: string
  /** Of each port of the pod the one here. */
  readonly #ports = new Map<number, number>()
  #child: ChildProcess | undefined
  #over = false

  private constructor(pod: string) {
    this.#pod = pod
  }

  /** Resolves when every port is open. Throws a UsageError with kubectl's own words. */
  static async open(pod: string, ports: readonly number[]): Promise<Forward> {
    const forward = new Forward(pod)
    try {
      await forward.#start(ports.map((port) => `:${port}`))
    } catch (error) {
      forward[Symbol.dispose]()
      throw error
    }
    return forward
  }

  /** The port of 127.0.0.1 that leads to this port of the pod. */
  portFor(port: number): number {
    const local = this.#ports.get(port)
    if (local === undefined) throw new RangeError(`Port ${port} of the pod is not forwarded`)
    return local
  }

  #start(wishes: readonly string[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const words = ['port-forward', '--address=127.0.0.1', `pod/${this.#pod}`, ...wishes]
    const child = spawn('kubectl', kubectlWords(...words), { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    const open = new Set<number>()
    let complaint = ''
    createInterface(child.stdout).on('line', (line) => {
      const [, local, port] = /^Forwarding from 127\.0\.0\.1:(\d+) -> (\d+)/.exec(line) ?? []
      if (port === undefined) return
      this.#ports.set(Number(port), Number(local))
      if (open.add(Number(port)).size === wishes.length) resolve()
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
      if (this.#over || open.size < wishes.length) return
      setTimeout(() => void this.#again(), AGAIN_MS).unref()
    })
    return promise
  }

  async #again(): Promise<void> {
    if (this.#over) return
    try {
      await this.#start([...this.#ports].map(([port, local]) => `${local}:${port}`))
    } catch {
      if (!this.#over) setTimeout(() => void this.#again(), AGAIN_MS).unref()
    }
  }

  [Symbol.dispose](): void {
    this.#over = true
    this.#child?.kill()
  }
}
