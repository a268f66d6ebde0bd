/** Whether what the page shows is current, and what it says if it is not. Pure. */
import { duration } from '#common/quantities.ts'
import { worstAge } from '#live/reading.ts'
import type { LiveState } from '#live/state.ts'
import type { Loss } from '../../api.ts'

/** Ten states a second are due; after this time without one the picture is old. */
const STALE_MS = 700
/** A lab takes no longer to start, on all but the busiest machine. */
const LONG_MS = 30_000

/** The state of the connection between the page and its server. */
export interface Contact {
  /** Whether the server is reached. */
  connected: boolean
  /** Whether a state has ever come. */
  seen: boolean
  /** How long ago the last one came. */
  sinceMs: number
  /** What the server says about it. */
  loss: Loss | undefined
}

/** What there is to say. `waiting`: nothing is shown yet; `old`: what is shown is old; `over`: it is old, and no switch works. */
export interface Notice {
  state: 'waiting' | 'old' | 'over'
  /** In the head of the page. */
  badge: string
  problem: string
  remedy: string
}

/** In the head of the page while states come: `live, 10 Hz`, and how old the oldest of what is drawn is, if it is old. */
export function liveWords(state: Pick<LiveState, 'ages'> | undefined): string {
  const old = state === undefined ? undefined : worstAge(state.ages)
  return old === undefined ? 'live, 10 Hz' : `live, 10 Hz, ${old}`
}

/** The page's own server does not answer. */
export const boardGone = (badge: string, board: string, startAgain: string): Notice => ({
  state: 'over',
  badge,
  problem: `This page has lost its connection to the board at ${board}.`,
  remedy: `It reconnects as soon as a board runs there again. Start one: ${startAgain}`,
})

/** Undefined while what is shown is current. `board` is the address of the server. */
export function noticeOf(
  { connected, seen, sinceMs, loss }: Contact,
  { board, startAgain }: { board: string; startAgain: string },
): Notice | undefined {
  const badge = `no sample for ${duration(Math.floor(sinceMs / 100) * 100)}: the picture is old`
  if (loss !== undefined) return { state: 'over', badge: 'the lab has ended', ...loss }
  if (sinceMs < STALE_MS) return undefined
  if (!connected) return boardGone(seen ? badge : 'no board', board, startAgain)
  if (!seen)
    return {
      state: 'waiting',
      badge: 'waiting for the lab',
      problem: 'No sample has arrived yet: the lab is starting.',
      remedy: sinceMs < LONG_MS ? '' : `If no lab is starting, start one: ${startAgain}`,
    }
  return {
    state: 'old',
    badge,
    problem: 'No new samples are arriving: the picture is old.',
    remedy: 'The machine is overloaded, or Spillway is suspended: if it was stopped with Ctrl-Z, fg resumes it.',
  }
}
