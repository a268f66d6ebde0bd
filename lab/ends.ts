/** The ends of a lab and of its backends, as signals to wait for. */
export class Ends {
  readonly #over = new AbortController()
  readonly #backends = new Map<number, AbortController>()

  /** Aborts when the lab has ended, with the reason. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** Aborts when this backend, as it runs now, or the lab has ended. */
  of(backend: number): AbortSignal {
    const ended = this.#backends.get(backend) ?? new AbortController()
    this.#backends.set(backend, ended)
    return AbortSignal.any([this.over, ended.signal])
  }

  backendEnded(backend: number, reason: Error): void {
    this.#backends.get(backend)?.abort(reason)
    this.#backends.delete(backend)
  }

  labEnded(reason: Error): void {
    this.#over.abort(reason)
  }
}
