/** Whether what the page shows is of now, and what it says where it is not. Pure. */
import { duration } from '#common/quantities.ts'
import type { Loss } from '../../api.ts'

/** Ten states a second are due; after this time without one the picture is old. */
const STALE_MS = 700
/** A lab that starts is there by then, on all but the busiest machine. */
const LONG_MS = 30_000

/** How things stand between the page and its server. */
export interface Contact {
  /** Whether the server is reached. */
  connected: boolean
  /** Whether a state has ever come. */
  seen: boolean
  /** How long none has. */
  sinceMs: number
  /** What the server says about it. */
  loss: Loss | undefined
}

/** What there is to say. `waiting`: nothing is shown yet; `old`: what is shown is; `over`: and no switch does anything. */
export interface Notice {
  state: 'waiting' | 'old' | 'over'
  /** In the head of the page. */
  badge: string
  problem: string
  remedy: string
}

/** Undefined while what is shown is of now. `board` is the address of the server. */
export function noticeOf(
  { connected, seen, sinceMs, loss }: Contact,
  { board, startAgain }: { board: string; startAgain: string },
): Notice | undefined {
  const badge = `no sample for ${duration(Math.floor(sinceMs / 100) * 100)}: the picture is old`
  if (loss?.over === true) return { state: 'over', badge: 'the lab has ended', ...wordsOf(loss) }
  if (connected && loss !== undefined) return { state: 'old', badge, ...wordsOf(loss) }
  if (sinceMs < STALE_MS) return undefined
  if (!connected)
    return {
      state: 'over',
      badge: seen ? badge : 'no board',
      problem: `This page has lost the board at ${board}.`,
      remedy: `It goes on by itself once a board is there again. Start one: ${startAgain}`,
    }
  if (!seen)
    return {
      state: 'waiting',
      badge: 'waiting for the lab',
      problem: 'No sample has come yet: the lab is starting.',
      remedy: sinceMs < LONG_MS ? '' : `If none is, start one: ${startAgain}`,
    }
  return {
    state: 'old',
    badge,
    problem: 'No new sample comes: what is shown is old.',
    remedy: 'The machine is overloaded, or Spillway stands still: if it was stopped by Ctrl-Z, fg lets it go on.',
  }
}

const wordsOf = ({ problem, remedy }: Loss): Pick<Notice, 'problem' | 'remedy'> => ({ problem, remedy })
