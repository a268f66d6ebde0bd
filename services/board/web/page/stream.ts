/** States as they come, and whether they still do. */

import type { LiveState } from '#live/state.ts'
import type { StreamEvent } from '../../api.ts'
import type { Kept } from '../charts/series.ts'

/** Ten states a second are due; after this time without one the picture is old. */
const STALE_MS = 700
const CHECK_MS = 100

export interface StreamHandlers {
  onState(state: LiveState): void
  /** What the server kept: at first, and after a loss. */
  onHistory(kept: Kept): void
  /** How long nothing has come, once that is too long; undefined when it comes again. */
  onStale(sinceMs: number | undefined): void
}

/** Listens until the page ends. `start` is the server's start that the page belongs to: with another it loads itself again. */
export function listen(start: string, handlers: StreamHandlers): void {
  let lastMs = performance.now()
  let stale = false
  let source: EventSource | undefined

  const open = (): void => {
    source?.close()
    source = new EventSource('/events')
    source.addEventListener('open', () => void restore())
    source.addEventListener('state', ({ data }) => {
      const event: StreamEvent = JSON.parse(data)
      if (event.start !== start) {
        location.reload()
        return
      }
      lastMs = performance.now()
      if (stale) handlers.onStale(undefined)
      stale = false
      handlers.onState(event.state)
    })
  }
  const restore = async (): Promise<void> => {
    const answer = await fetch('/history')
    if (answer.ok) handlers.onHistory(await answer.json())
  }

  open()
  setInterval(() => {
    // A browser that was refused gives up for good; one that lost its server tries again by itself.
    if (source?.readyState === EventSource.CLOSED) open()
    const sinceMs = performance.now() - lastMs
    if (sinceMs < STALE_MS) return
    stale = true
    handlers.onStale(sinceMs)
  }, CHECK_MS)
}
