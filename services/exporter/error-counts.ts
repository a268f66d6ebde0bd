import { codeOf } from '#common/system-errors.ts'

/** Counts what fails of one kind, by the name of the error, and knows what has been said of it. */
export class ErrorCounts {
  readonly #byCode = new Map<string, number>()
  /** Since it last worked. */
  readonly #said = new Set<string>()

  get byCode(): ReadonlyMap<string, number> {
    return this.#byCode
  }

  /** Whether it fails at present. */
  get failing(): boolean {
    return this.#said.size > 0
  }

  /** Counts an error, and gives its name. */
  count(error: unknown): string {
    const code = codeOf(error) ?? 'unknown'
    this.#byCode.set(code, (this.#byCode.get(code) ?? 0) + 1)
    return code
  }

  /** Whether this error is the first of its name since it last worked: then it is to be said. */
  isFirst(code: string): boolean {
    if (this.#said.has(code)) return false
    this.#said.add(code)
    return true
  }

  /** It works. True if it did not before, and that was said. */
  recovered(): boolean {
    const before = this.#said.size > 0
    this.#said.clear()
    return before
  }
}
