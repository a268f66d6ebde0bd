/** What a reader has done and predicted, kept in this browser: it outlives the command, whose address stays the same. */

const KEY = 'spillway-workshop'

interface Kept {
  /** By chapter. */
  done: Record<string, string[]>
  predicted: Record<string, Record<string, number>>
}

export class Progress {
  onChange: () => void = () => {}
  readonly #storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
  readonly #chapter: string
  #kept: Kept

  constructor(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>, chapter: string) {
    this.#storage = storage
    this.#chapter = chapter
    this.#kept = read(storage)
  }

  /** Without the name of a chapter, of the one that is shown. */
  isDone(step: string, chapter = this.#chapter): boolean {
    return this.#kept.done[chapter]?.includes(step) === true
  }

  finish(step: string): void {
    if (this.isDone(step)) return
    this.#change(({ done }) => {
      done[this.#chapter] = [...(done[this.#chapter] ?? []), step]
    })
  }

  prediction(step: string): number | undefined {
    return this.#kept.predicted[this.#chapter]?.[step]
  }

  predict(step: string, value: number): void {
    this.#change(({ predicted }) => {
      predicted[this.#chapter] = { ...predicted[this.#chapter], [step]: value }
    })
    this.finish(step)
  }

  /** Forgets all chapters. */
  reset(): void {
    this.#storage.removeItem(KEY)
    this.#kept = read(this.#storage)
    this.onChange()
  }

  #change(change: (kept: Kept) => void): void {
    // Another tab may have gone on meanwhile.
    this.#kept = read(this.#storage)
    change(this.#kept)
    this.#storage.setItem(KEY, JSON.stringify(this.#kept))
    this.onChange()
  }
}

/** What was kept; nothing if something else is kept under this name. */
function read(storage: Pick<Storage, 'getItem'>): Kept {
  try {
    const { done, predicted }: Partial<Kept> = JSON.parse(storage.getItem(KEY) ?? '{}')
    return { done: { ...done }, predicted: { ...predicted } }
  } catch {
    return { done: {}, predicted: {} }
  }
}
