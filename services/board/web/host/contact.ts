/** Whether what the page of a host shows is current, and what it says if it is not. Pure. */
import { duration } from '#common/quantities.ts'
import type { Loss } from '../../api.ts'
import { boardGone, type Contact, type Notice } from '../page/contact.ts'

/** The state of the connection between the page, its server and whoever reads the host. */
export interface HostContact extends Omit<Contact, 'loss'> {
  /** Why the server gets nothing for now. */
  gap: string | undefined
  loss: Loss | undefined
}

/** So many states may be missing before the picture is old. */
const STATES_MISSED = 5
/** From ages of a second on they are told in whole tenths: more digits would only flicker. */
const inTenths = (ms: number): string =>
  duration(ms < 10_000 ? Math.floor(ms / 100) * 100 : Math.floor(ms / 1000) * 1000)

/** Undefined while what is shown is current. `board` is the address of the server. */
export function hostNoticeOf(
  { connected, seen, sinceMs, gap, loss }: HostContact,
  { board, startAgain, everyMs }: { board: string; startAgain: string; everyMs: number },
): Notice | undefined {
  const badge = seen ? `no reading for ${inTenths(sinceMs)}: the picture is old` : 'nothing read yet'
  if (loss !== undefined)
    return { state: 'over', badge: seen ? `ended; the picture is ${inTenths(sinceMs)} old` : 'ended', ...loss }
  if (!connected && sinceMs > STATES_MISSED * everyMs) return boardGone(seen ? badge : 'no board', board, startAgain)
  if (gap !== undefined)
    return {
      state: 'old',
      badge,
      problem: `${gap}.`,
      remedy: seen
        ? `What is drawn is ${inTenths(sinceMs)} old; the board asks again until it answers.`
        : 'The board asks again until it answers.',
    }
  if (sinceMs < STATES_MISSED * everyMs) return undefined
  if (!seen)
    return { state: 'waiting', badge: 'waiting for a reading', problem: 'Nothing has been read yet.', remedy: '' }
  return {
    state: 'old',
    badge,
    problem: `No new readings are arriving: what is drawn is ${inTenths(sinceMs)} old.`,
    remedy: 'Whoever reads the host is stopped or has no time, or the way to it is broken.',
  }
}
