/** The board over HTTP: what the page asks for, is told once, and then hears. What is shown and ordered belongs to live/. */
import { Type } from 'typebox'
import type { Switches } from '#live/orders.ts'
import type { LiveState } from '#live/state.ts'

const closed = { additionalProperties: false } as const

/** The query of GET /plan. */
export const PlanQuery = Type.Object(
  {
    stallMs: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: 60_000,
        description:
          'How long a backend stands still; if left out, as long as the longest accept wait of the last minute',
      }),
    ),
  },
  closed,
)

/** What the page is told once, inside of it. */
export interface PageConfig {
  /** Of this start of the server: a page that outlives it loads itself again. */
  start: string
  /** Goes with every order, in a header that no foreign page can send. */
  token: string
  experiments: Switches['experiments']
  unavailable: Switches['unavailable']
  /** The workshop's chapters that are installed. */
  chapters: string[]
  /** The command that starts a lab with a board like this one. */
  startAgain: string
}

/** Why no new states come, in words for whoever looks at the page. */
export interface Loss {
  problem: string
  remedy: string
  /** Whether it is for good: this server shows nothing any more. */
  over: boolean
}

/** What travels on the stream: each event says all that there is to say. */
export interface StreamEvent {
  start: string
  /** The last one; missing until the first has come. */
  state?: LiveState
  /** Missing while states come, or are about to. */
  loss?: Loss
}
