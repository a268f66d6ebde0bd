/** The questions of a card, in the order in which they are put: those that do no harm first. */
import type { Lab } from '../lab.ts'
import type { Question } from './card.ts'
import { killAndRestart, leaves, reloadAndStop } from './ends.ts'
import { silentClients } from './slow-clients.ts'
import { holds, listens, oneWorkerStops } from './standing-still.ts'
import { flood, takes, twiceItsCapacity } from './under-load.ts'
import { unixEnds, unixFlood, unixHolds, unixKill, unixLeaves, unixTwice } from './unix.ts'

/** Those for the kind of socket at which the server of a lab listens. */
export const questionsOf = ({ plan }: Lab): readonly Question[] =>
  plan.socket === undefined ? questions : unixQuestions

export const questions: readonly Question[] = [
  listens,
  holds,
  oneWorkerStops,
  takes,
  silentClients,
  reloadAndStop,
  killAndRestart,
  twiceItsCapacity,
  flood,
  leaves,
]

/** The same ten, as far as a UNIX socket has what they ask about. */
const unixQuestions: readonly Question[] = [
  listens,
  unixHolds,
  oneWorkerStops,
  takes,
  silentClients,
  unixEnds,
  unixKill,
  unixTwice,
  unixFlood,
  unixLeaves,
]
