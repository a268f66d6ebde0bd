/** The questions of a card, in the order in which they are put: those that do no harm first. */
import type { Question } from './card.ts'
import { killAndRestart, leaves, reloadAndStop } from './ends.ts'
import { silentClients } from './slow-clients.ts'
import { holds, listens, oneWorkerStops } from './standing-still.ts'
import { flood, takes, twiceItsCapacity } from './under-load.ts'

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
