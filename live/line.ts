/** Who waits in one accept queue, in order, for a display. The page runs this file too: it imports quantities alone. */
import { bytes, duration, number } from '#common/quantities.ts'
import type { WaitingAnswer, WaitingSample } from '#services/exporter/waiting.ts'

/** Who waits, exactly; or why that is not known. */
export type Line = WaitingAnswer
/** Asks for it, of the listener of this cookie. It is read then, and at no other time. */
export type AskLine = (cookie: string) => Promise<Line>

/** One that waits, in words. */
export interface LineRow {
  /** 1 is the next that accept() takes. */
  place: string
  /** `198.18.0.3:40112`, `[::1]:40112` */
  client: string
  wait: string
  /** What it has sent and nobody has read; empty for nothing. */
  unread: string
  /** That it has hung up; empty while it lives. */
  gone: string
}

const goneWords = { connected: '', finished: 'hung up', reset: 'reset' } as const

/** As many as are told. */
export const lineRows = ({ first }: WaitingSample): LineRow[] =>
  first.map(({ address, port, waitMs, unreadBytes, client }, index) => ({
    place: number(index + 1),
    client: `${address.includes(':') ? `[${address}]` : address}:${port}`,
    wait: duration(waitMs),
    unread: unreadBytes === 0 ? '' : bytes(unreadBytes),
    gone: goneWords[client],
  }))

/** Those behind whom is told; empty if there are none. */
export function othersBehind({ length, first }: WaitingSample): string {
  const others = length - first.length
  return others <= 0 ? '' : `and ${number(others)} more behind ${first.length === 1 ? 'it' : 'them'}`
}
