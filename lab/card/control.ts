/** The same clients while nothing is done to the server: what they already suffer is the machine's doing, or the server's own. */
import { duration, number } from '#common/quantities.ts'
import type { LoadReport } from '#load/agent/api.ts'
import type { Load } from '../clients.ts'
import { NotAsked } from './card.ts'
import type { CardLab } from './card-lab.ts'
import { losses, lost } from './losses.ts'

/** Throws a NotAsked unless all clients of a load are served within the time that they have. */
export async function servesInCalm(lab: CardLab, load: Load, withinMs: number): Promise<void> {
  const report = await lab.done(load)
  if (lost(report) > 0) throw new NotAsked(inCalm(report, withinMs))
}

/** What clients suffer although nothing is done to the server, and why nothing follows from more of it. */
export function inCalm(report: LoadReport, withinMs: number): string {
  const { started, outcomes } = report
  const served = `with nothing in its way ${number(outcomes.ok)} of ${number(started)} clients`
  return outcomes.timedOut === lost(report)
    ? `${served} had an answer within ${duration(withinMs)}: the machine was too busy, or the server is that slow`
    : `${served} were served, and of the others ${losses(report)}: it turns clients away by itself, so what else costs them cannot be told`
}
