/** States as they come, and whether the server that sends them can be reached. */

import type { LiveState } from '#live/state.ts'
import type { Loss, StreamEvent } from '../../api.ts'
import type { Kept } from '../charts/series.ts'
import type { Contact } from './contact.ts'

const CHECK_MS = 100

export interface StreamHandlers {
  onState(state: LiveState): void
  /** The states that follow are of another lab. */
  onOtherLab(): void
  /** What the server kept: at first, and after a loss. */
  onHistory(kept: Kept): void
  /** Ten times a second, and at each state. */
  onContact(contact: Contact): void
}

/** Listens until the page ends. `start` is the server's start that the page belongs to: with another one it reloads. */
export function listen(start: string, handlers: StreamHandlers): void {
  let lastMs = performance.now()
  let seen = false
  let loss: Loss | undefined
  let last: LiveState | undefined
  let source: EventSource | undefined

  const open = (): void => {
    source?.close()
    source = new EventSource('/events')
    source.addEventListener('open', () => void restore())
    source.addEventListener('state', ({ data }) => hear(JSON.parse(data)))
  }
  const hear = (event: StreamEvent): void => {
    if (event.start !== start) {
      location.reload()
      return
    }
    loss = event.loss
    const { state } = event
    // With a loss comes the last state there was, for a page that has none.
    if (state !== undefined && (loss === undefined || !seen)) {
      const other = seen && state.lab !== last?.lab
      // A state that is told again, for the sake of its experiment, is as old as before; one that stands still says so.
      const isNews = state.timeMs !== last?.timeMs || state.experiment?.still !== undefined
      if (loss === undefined && isNews) lastMs = performance.now()
      seen = true
      last = state
      if (other) handlers.onOtherLab()
      handlers.onState(state)
      if (other) void restore()
    }
    tell()
  }
  const restore = async (): Promise<void> => {
    const kept = await history()
    if (kept !== undefined && (last === undefined || kept.lab === last.lab)) handlers.onHistory(kept)
  }
  const tell = (): void =>
    handlers.onContact({
      connected: source?.readyState === EventSource.OPEN,
      seen,
      loss,
      sinceMs: performance.now() - lastMs,
    })

  open()
  setInterval(() => {
    // A browser that was refused gives up for good; one that lost its server reconnects on its own.
    if (source?.readyState === EventSource.CLOSED) open()
    tell()
  }, CHECK_MS)
}

/** What the server kept. None if it has gone away again: the next connection asks once more. */
async function history(): Promise<Kept | undefined> {
  try {
    const answer = await fetch('/history')
    return answer.ok ? await answer.json() : undefined
  } catch {
    return undefined
  }
}
