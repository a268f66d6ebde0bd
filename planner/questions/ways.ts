/** The settings that a question compares: weighed by simulation, and played by a lab that is to confirm it. */

import { number } from '#common/quantities.ts'
import type { Situation } from '../situation.ts'

export interface Way {
  name: string
  situation: Situation
  /** As it is asked for; somaxconn may grant less. */
  backlog: number
}

/** A backlog for one socket that has the room of all. */
export const together = ({ backlog, backends }: { backlog: number; backends: number }): number =>
  (backlog + 1) * backends - 1

export const sharedWays = (situation: Situation & { backlog: number }): Way[] => [
  { name: 'a socket each', situation: { ...situation, mode: 'sharded' }, backlog: situation.backlog },
  { name: 'one socket', situation: { ...situation, mode: 'shared' }, backlog: together(situation) },
]

export function slowWays(situation: Situation & { backlog: number; slow: NonNullable<Situation['slow']> }): Way[] {
  const { backlog, slow } = situation
  const some = number(slow.backends)
  return [
    { name: 'all alike', situation: { ...situation, slow: undefined }, backlog },
    { name: `${some} slow, by hash`, situation: { ...situation, steering: 'hash' }, backlog },
    { name: `${some} slow, at random`, situation: { ...situation, steering: 'random' }, backlog },
    { name: 'one socket', situation: { ...situation, mode: 'shared' }, backlog: together(situation) },
  ]
}

export const restartWays = (situation: Situation & { backlog: number }): Way[] =>
  [false, true].map((migrateReq) => ({
    name: `tcp_migrate_req=${Number(migrateReq)}`,
    situation: { ...situation, kernel: { ...situation.kernel, migrateReq } },
    backlog: situation.backlog,
  }))
