import { codeOf, inWords } from '#common/system-errors.ts'
import { lookForNamespaces, type NamespaceSearch } from '#kernel/netns.ts'
import { SlicedWork } from '../slices.ts'
import type { Discovery } from './message.ts'

const EVERY_MS = 5000
/** The share of a core that it may take: in the long run, and while it walks. */
const SHARE = 0.02
const SHARE_OF_A_WALK = 0.1
const SHARE_OF_THE_FIRST_WALK = 0.8

/**
 * Looks for the network namespaces of all processes, in the main thread: on a host with thousands of processes that takes
 * longer than the sampler has between two samples.
 */
export class NamespaceFinder {
  readonly #proc: string
  readonly #tell: (discovery: Discovery) => void
  #work: SlicedWork<NamespaceSearch> | undefined
  #timer: NodeJS.Timeout | undefined
  #latest: Discovery | undefined
  #hidden: number | undefined
  #stopped = false

  constructor(proc: string, tell: (discovery: Discovery) => void) {
    this.#proc = proc
    this.#tell = tell
  }

  /** What was found last; undefined before the first walk has ended. */
  get latest(): Discovery | undefined {
    return this.#latest
  }

  /** Processes whose namespace the last walk was not allowed to look at; undefined before the first has ended well. */
  get hidden(): number | undefined {
    return this.#hidden
  }

  /** Walks over all processes now and, from then on, every few seconds. Resolves when the first walk has ended. */
  start(): Promise<void> {
    return new Promise((resolve) => this.#walk(SHARE_OF_THE_FIRST_WALK, resolve))
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#work?.abandon()
  }

  #walk(share: number, done: () => void): void {
    this.#work = new SlicedWork(lookForNamespaces(this.#proc), share, (outcome) => {
      this.#latest =
        'result' in outcome
          ? { found: outcome.result.namespaces.map(({ inode, path }) => ({ inode, path })) }
          : { failed: codeOf(outcome.error) ?? 'unknown', why: wordsOf(outcome.error) }
      if ('result' in outcome) this.#hidden = outcome.result.hidden
      this.#tell(this.#latest)
      done()
      if (this.#stopped) return
      this.#timer = setTimeout(() => this.#walk(SHARE_OF_A_WALK, () => {}), Math.max(EVERY_MS, outcome.cpuMs / SHARE))
      this.#timer.unref()
    })
  }
}

function wordsOf(error: unknown): string {
  const words = inWords(error)
  return words === undefined ? String(error) : `${words.sentence}. ${words.remedy}`
}
