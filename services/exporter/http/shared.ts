/** What is being made, and of what: known once the making has got that far. */
interface Making<Made> {
  of: unknown
  begunMs: number
  done: Promise<Made>
}

/**
 * Something dear that many ask for at the same time: it is made once for all who ask while its source is the same, and
 * one at a time. Whoever comes while an older one is being made waits for the next, with all others who do.
 */
export class Shared<Made> {
  readonly #make: (begin: (source: unknown) => void) => Promise<Made>
  readonly #source: () => unknown
  readonly #goodForMs: number
  readonly #clock: () => number
  #running: Making<Made> | undefined
  #next: Promise<Made> | undefined
  #kept: Making<Made> | undefined
  #forget: NodeJS.Timeout | undefined

  /**
   * `make` calls `begin` with its source as soon as it has it; `source` gives the present one. What was made of it is given
   * again for `goodForMs` from then, and forgotten.
   */
  constructor(
    make: (begin: (source: unknown) => void) => Promise<Made>,
    source: () => unknown,
    goodForMs: number,
    clock = () => performance.now(),
  ) {
    this.#make = make
    this.#source = source
    this.#goodForMs = goodForMs
    this.#clock = clock
  }

  get(): Promise<Made> {
    const running = this.#running
    if (running !== undefined) {
      if (running.of === undefined || running.of === this.#source()) return running.done
      this.#next ??= running.done.then(
        () => this.#start(),
        () => this.#start(),
      )
      return this.#next
    }
    const kept = this.#kept
    if (kept !== undefined && kept.of === this.#source() && this.#clock() - kept.begunMs <= this.#goodForMs)
      return kept.done
    return this.#start()
  }

  #start(): Promise<Made> {
    this.#next = undefined
    this.#kept = undefined
    const making: Making<Made> = {
      of: undefined,
      begunMs: this.#clock(),
      done: Promise.resolve().then(() => this.#make(begin)),
    }
    const begin = (source: unknown): void => {
      making.of = source
      making.begunMs = this.#clock()
    }
    this.#running = making
    making.done.then(
      () => this.#keep(making),
      () => (this.#running = undefined),
    )
    return making.done
  }

  #keep(making: Making<Made>): void {
    this.#running = undefined
    this.#kept = making
    clearTimeout(this.#forget)
    this.#forget = setTimeout(() => (this.#kept = undefined), this.#goodForMs)
    this.#forget.unref()
  }
}
