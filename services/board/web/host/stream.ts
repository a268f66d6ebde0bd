/** States of a host as they come, for what this page looks at, and whether the server that sends them can be reached. */
import type { HostState } from '#live/host/host-state.ts'
import type { HostEvent } from '../../api.ts'
import type { Kept } from '../charts/series.ts'
import type { HostContact } from './contact.ts'

const CHECK_MS = 100

export interface HostStreamHandlers {
  onState(state: HostState): void
  /** What the server kept of the place that is looked at: at first, after another choice, and after a loss. */
  onHistory(kept: Kept): void
  onContact(contact: HostContact): void
}

/** What a page looks at. */
export interface Wish {
  /** The place that was chosen; undefined for the worst. */
  queue: string | undefined
  filter: string
}

const queryOf = (words: Record<string, string | undefined>): string => {
  const given = Object.entries(words).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

export class HostStream {
  readonly #start: string
  readonly #handlers: HostStreamHandlers
  #wish: Wish
  #source: EventSource | undefined
  #lastMs = performance.now()
  #seen = false
  #event: Pick<HostEvent, 'gap' | 'loss'> = {}
  /** Of the place whose history was asked for last. */
  #historyOf: string | undefined

  /** Listens until the page ends. `start` is the server's start that the page belongs to: with another one it reloads. */
  constructor(start: string, wish: Wish, handlers: HostStreamHandlers) {
    this.#start = start
    this.#wish = wish
    this.#handlers = handlers
    this.#open()
    setInterval(() => {
      // A browser that was refused gives up for good; one that lost its server reconnects on its own.
      if (this.#source?.readyState === EventSource.CLOSED) this.#open()
      this.#tell()
    }, CHECK_MS)
  }

  /** Looks at something else from now on. */
  look(wish: Wish): void {
    if (wish.queue === this.#wish.queue && wish.filter === this.#wish.filter) return
    this.#wish = wish
    this.#open()
  }

  #open(): void {
    this.#source?.close()
    const source = new EventSource(`/events${queryOf({ queue: this.#wish.queue, filter: this.#wish.filter })}`)
    this.#source = source
    source.addEventListener('open', () => {
      this.#historyOf = undefined
    })
    source.addEventListener('state', ({ data }) => {
      if (this.#source === source) this.#hear(JSON.parse(data))
    })
  }

  #hear(event: HostEvent): void {
    if (event.start !== this.#start) {
      location.reload()
      return
    }
    this.#event = event
    const { state, ageMs } = event
    if (state !== undefined) {
      this.#seen = true
      this.#lastMs = performance.now() - ageMs
      this.#handlers.onState(state)
      const key = state.chosen?.key
      if (key !== undefined && key !== this.#historyOf) {
        this.#historyOf = key
        void this.#restore(key)
      }
    }
    this.#tell()
  }

  async #restore(key: string): Promise<void> {
    const kept = await history(key)
    if (kept !== undefined && key === this.#historyOf) this.#handlers.onHistory(kept)
  }

  #tell(): void {
    this.#handlers.onContact({
      connected: this.#source?.readyState === EventSource.OPEN,
      seen: this.#seen,
      sinceMs: performance.now() - this.#lastMs,
      gap: this.#event.gap,
      loss: this.#event.loss,
    })
  }
}

/** What the server kept. None if it has gone away again: the next connection asks once more. */
async function history(queue: string): Promise<Kept | undefined> {
  try {
    const answer = await fetch(`/history${queryOf({ queue })}`)
    return answer.ok ? await answer.json() : undefined
  } catch {
    return undefined
  }
}
