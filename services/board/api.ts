/** The board over HTTP: what the page asks for, what is embedded in it, and what it is sent. What is shown and ordered belongs to live/. */
import { Type } from 'typebox'
import type { HostState } from '#live/host/host-state.ts'
import type { Switches } from '#live/orders.ts'
import type { SampleWindow } from '#live/sample-window.ts'
import type { LiveState } from '#live/state.ts'

const closed = { additionalProperties: false } as const

/** The query of GET /plan. */
export const PlanQuery = Type.Object(
  {
    stallMs: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: 60_000,
        description: 'How long a backend is stalled; by default the longest accept wait of the last minute',
      }),
    ),
  },
  closed,
)

/** The query of GET /waiting. */
export const WaitingQuery = Type.Object(
  { cookie: Type.String({ pattern: '^[1-9]\\d{0,19}$', description: 'Of the listener, as states show it' }) },
  closed,
)

const Queue = Type.String({ maxLength: 1000, description: 'The key of a place; by default the worst one' })

/** The query of GET /plan of a host's board. */
export const HostPlanQuery = Type.Object({ ...PlanQuery.properties, queue: Type.Optional(Queue) }, closed)

/** The query of GET /history of a host's board. */
export const HostHistoryQuery = Type.Object({ queue: Type.Optional(Queue) }, closed)

/** The query of GET /events of a host's board: what its reader looks at. */
export const HostEventsQuery = Type.Object(
  {
    queue: Type.Optional(Queue),
    filter: Type.Optional(
      Type.String({ maxLength: 200, description: 'Only places in which all of these words occur' }),
    ),
  },
  closed,
)

/** The path of GET /runs/:run/report. */
export const RunParams = Type.Object(
  { run: Type.Integer({ minimum: 1, description: 'Counts the experiments of this board' }) },
  closed,
)

/** What is embedded in the page. */
export interface PageConfig {
  /** Identifies this run of the server: a page that outlives it reloads. */
  start: string
  /** Goes with every order, in a header that another site's page cannot send. */
  token: string
  experiments: Switches['experiments']
  unavailable: Switches['unavailable']
  /** The workshop's chapters that are installed. */
  chapters: string[]
  /** The command that starts a lab with a board like this one. */
  startAgain: string
}

/** What is embedded in a page of the workshop. */
export interface WorkshopConfig extends Pick<PageConfig, 'start' | 'token' | 'startAgain'> {
  /** The one that is shown. */
  chapter: string
  chapters: { name: string; title: string; steps: string[] }[]
  /** Whether a participant's file can be checked here. */
  checks: boolean
}

/** Why no states come any more, in words for the page. */
export interface Loss {
  problem: string
  remedy: string
}

/** What travels on the stream: each event is complete in itself. */
export interface StreamEvent {
  start: string
  /** The last one; missing until the first has come. */
  state?: LiveState
  /** Missing until the last state has come. */
  loss?: Loss
}

/** What is embedded in the page of a host's board. */
export interface HostPageConfig extends Pick<PageConfig, 'start' | 'startAgain'> {
  /** From one state to the next. */
  everyMs: number
}

/** What travels on the stream of a host's board. */
export interface HostEvent {
  start: string
  /** The last one; missing until the first has come. */
  state?: HostState
  /** How long ago it was taken, in milliseconds. */
  ageMs: number
  /** Why no new ones come for now. */
  gap?: string
  /** Why none will come any more. */
  loss?: Loss
}

/** What GET /replay answers: the last half minute of the lab that is shown. */
export interface Replay {
  /** Ten a second or so, oldest first. */
  states: readonly LiveState[]
  /** Every sample in between; missing where none are kept. */
  samples?: SampleWindow
}
