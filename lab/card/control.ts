/** The same clients while nothing is done to the server: what they already suffer is the machine's doing. */
import { duration, number } from '#common/quantities.ts'
import type { LoadReport } from '#load/agent/api.ts'
import { NotAsked } from './card.ts'
import type { CardLab } from './card-lab.ts'

/** Throws a NotAsked unless all of so many clients are served within the time that they will have. */
export async function servesInCalm(lab: CardLab, clients: number, withinMs: number): Promise<void> {
  refuseBusy(await lab.done(await lab.burst(clients, withinMs)), withinMs)
}

/** Throws a NotAsked if clients were without an answer although nothing was done to the server. */
export function refuseBusy({ started, outcomes: { timedOut } }: LoadReport, withinMs: number): void {
  if (timedOut > 0)
    throw new NotAsked(
      `with nothing in its way ${number(started - timedOut)} of ${number(started)} clients had an answer within ${duration(withinMs)}: the machine was too busy, or the server is that slow`,
    )
}
