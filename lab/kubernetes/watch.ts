/** What becomes of a pod, as the API server tells it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { kubectlWords } from './kubectl.ts'
import type { Pod } from './pod.ts'

interface Event {
  type: string
  object: Pod
}

/** The whole JSON objects of a stream: kubectl prints each on a line of its own, or over many of which the last is a brace alone. */
export function* objectsOf(pending: string): Generator<string, string> {
  const lines = pending.split('\n')
  const incomplete = lines.pop() ?? ''
  let object = ''
  for (const line of lines) {
    const isWhole = (object === '' && /^\{.*\}$/.test(line)) || line === '}'
    object += `${line}\n`
    if (!isWhole) continue
    yield object
    object = ''
  }
  return object + incomplete
}

/** Looks at one pod until it is disposed of; asks again when the server ends the watch. */
export class PodWatch implements Disposable {
  /** As it was seen last. */
  latest: Pod | undefined
  gone = false
  readonly #name: string
  readonly #hearers = new Set<() => void>()
  #child: ChildProcess | undefined
  #over = false

  constructor(name: string) {
    this.#name = name
    this.#watch()
  }

  #watch(): void {
    const words = ['get', 'pod', this.#name, '--watch', '--output-watch-events', '--output=json']
    const child = spawn('kubectl', kubectlWords(...words), { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#child = child
    let pending = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const objects = objectsOf(pending + text)
      for (let next = objects.next(); ; next = objects.next()) {
        if (next.done === true) {
          pending = next.value
          return
        }
        this.#hear(JSON.parse(next.value))
      }
    })
    child.once('error', () => {})
    child.once('close', () => {
      if (!this.#over && !this.gone) setTimeout(() => this.#over || this.#watch(), AGAIN_MS).unref()
    })
  }

  #hear({ type, object }: Event): void {
    if (type === 'DELETED') this.gone = true
    this.latest = object
    for (const hear of [...this.#hearers]) hear()
  }

  /** Calls `hear` now and whenever something has changed, until what it gives is not undefined; gives that. */
  until<Result>(
    hear: (pod: Pod | undefined, gone: boolean) => Result | undefined,
    signal?: AbortSignal,
  ): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const look = (): void => {
      try {
        const result = hear(this.latest, this.gone)
        if (result !== undefined) resolve(result)
      } catch (error) {
        reject(error)
      }
    }
    const giveUp = (): void => reject(signal?.reason)
    signal?.addEventListener('abort', giveUp, { once: true })
    if (signal?.aborted === true) giveUp()
    this.#hearers.add(look)
    look()
    return promise.finally(() => {
      this.#hearers.delete(look)
      signal?.removeEventListener('abort', giveUp)
    })
  }

  [Symbol.dispose](): void {
    this.#over = true
    this.#child?.kill()
  }
}

const AGAIN_MS = 500
