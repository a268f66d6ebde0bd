import type { Reply } from './messages.ts'

/** A command that the other side could not carry out. */
export class CallError extends Error {
  override readonly name = 'CallError'
  /** The errno name, e.g. `EADDRINUSE`; empty if no system call failed. */
  readonly code: string

  constructor(message: string, code = '') {
    super(message)
    this.code = code
  }
}

/** Commands sent to another thread or process, each waiting for the reply with its id. */
export class Calls {
  readonly #waiting = new Map<number, PromiseWithResolvers<Reply>>()
  #lastId = 0
  #broken: Error | undefined

  /** Sends a command through `post` and gives its reply. Rejects with a CallError, or when the other side has ended. */
  call(post: (id: number) => void): Promise<Reply> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken)
    const waiting = Promise.withResolvers<Reply>()
    this.#waiting.set(++this.#lastId, waiting)
    post(this.#lastId)
    return waiting.promise
  }

  settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if (reply.failure === undefined) waiting?.resolve(reply)
    else waiting?.reject(new CallError(reply.failure.message, reply.failure.code))
  }

  /** The other side has ended: no more replies will come. */
  breakOff(error: Error): void {
    this.#broken = error
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }
}
