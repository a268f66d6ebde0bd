import { describeError } from '#common/errors.ts'
import type { Btf } from '#kernel/bpf/btf.ts'
import { type WaitingLine, WaitingLines } from '#kernel/bpf/waiting.ts'
import { proven, proveWaiting } from './exact-proof.ts'

/** Who waits at a listener, in order: read only when somebody asks, and proven at the start on a listener of our own. */
export class ExactWaiting {
  readonly #lines: WaitingLines
  readonly #log: (line: string) => void
  #why: string | undefined

  /**
   * With a program of its own, or the one that is pinned at a path. Throws a KernelError that says what this kernel lacks, refuses or
   * shows wrongly.
   */
  constructor(log: (line: string) => void, source: Btf | string) {
    this.#log = log
    this.#lines = proven(new WaitingLines(source), proveWaiting)
  }

  /** Why it is not read any more; undefined while it is. While nobody asks it is looked whether it could be. */
  get why(): string | undefined {
    const gone = this.#why === undefined ? this.#lines.gone : undefined
    if (gone !== undefined) this.#end(gone.message)
    return this.#why
  }

  /** Who waits at the listener of this cookie; undefined if nobody does, or it cannot be told any more: then `why` says so. Never throws. */
  read(
    namespace: { run(work: () => void): void },
    { cookieHigh, cookieLow }: { cookieHigh: number; cookieLow: number },
  ): WaitingLine | undefined {
    if (this.#why !== undefined) return undefined
    let line: WaitingLine | undefined
    try {
      namespace.run(() => {
        line = this.#lines.read(cookieHigh, cookieLow)
      })
    } catch (error) {
      this.#end(describeError(error))
    }
    return line
  }

  #end(why: string): void {
    this.#why = why
    this.#log(`Who waits, and in which order, is not read by BPF any more: ${why}`)
  }

  close(): void {
    this.#lines.close()
  }
}
