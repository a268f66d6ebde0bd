/** The formulas for a loop that stands still, with the numbers in them, as sentences. */

import { duration, number, percent, rate } from '#common/quantities.ts'
import { busiest } from '../busiest.ts'
import { type Situation, socketsOf, utilisation } from '../situation.ts'
import type { StallCosts } from './stall-costs.ts'
import type { NeededForNone, NeededForShare } from './stall-needed.ts'

/** So few waiting are none to a reader. */
const HARDLY_ANY = 0.05

export function shareInWords(situation: Situation, needed: NeededForShare): string[] {
  const { result, refused, of } = needed
  const { ms, everyMs } = situation.stall!
  const whom = everyMs === undefined ? 'come during it' : `come to a socket in ${duration(everyMs)}`
  return [
    `While a loop stands still ${comingInWords(situation, ms, needed.coming)}; N + 1 = ${number(result.value + 1)} of them fit.`,
    ...waitingInWords(situation, needed.waiting),
    `Beyond that ${number(refused)} are left over on average, of ${number(of)} that ${whom}: ${percent(refused / of)}.`,
  ]
}

export function noneInWords(situation: Situation, needed: NeededForNone): string[] {
  const { probability, byStall, behind, byLoad, waiting } = needed
  const { ms } = situation.stall!
  const alone = waiting < HARDLY_ANY
  const spread = spreadInWords(situation)
  return [
    `While a loop stands still ${comingInWords(situation, ms, needed.coming)}.`,
    ...waitingInWords(situation, waiting),
    spread === undefined
      ? `${number(byStall + 1)} at most ${alone ? 'come' : 'are'} together; N + 1 fit, so N = ${number(byStall)}.`
      : `In ${percent(probability)} of all stalls at most ${number(byStall + 1)} ${alone ? 'come' : 'are there'} (${spread}); N + 1 fit, so N = ${number(byStall)}.`,
    ...(behind < 1 - probability
      ? []
      : [
          `One place of it is for a SYN that comes within a round trip (${duration(situation.client.rttMs)}) of the last of them, and finds them there.`,
        ]),
    ...(byLoad === undefined ? [] : [`Between the stalls the load alone needs more: ${byLoad.why.join(' ')}`]),
  ]
}

export function costsInWords(situation: Situation, backlog: number, costs: StallCosts): string[] {
  const { coming, refused, dropsOfOne, risk } = costs
  return [
    `A loop that stands still for ${duration(situation.stall!.ms)} meets ${number(coming)} connections on average; N + 1 = ${number(backlog + 1)} fit.`,
    `The chance that more come in one stall is ${percent(risk)}; on average ${number(refused.syns)} are left over, and are dropped ${number(dropsOfOne)} times before the loop goes on.`,
    ...(refused.finalAcks < HARDLY_ANY
      ? []
      : [
          `${number(refused.finalAcks)} more had their SYN answered while there was room, and lose their final ACK a round trip of ${duration(situation.client.rttMs)} later, and the request behind it.`,
        ]),
  ]
}

function comingInWords(situation: Situation, ms: number, coming: number): string {
  const { arrivals } = situation
  const { sockets } = socketsOf(situation)
  const all =
    arrivals.shape === 'recorded'
      ? `the busiest ${duration(ms)} of the recording bring ${number(busiest(arrivals.atMs, ms).count)}`
      : `${rate(arrivals.ratePerSecond)} × ${duration(ms)} = ${number((arrivals.ratePerSecond * ms) / 1000)}`
  return sockets === 1 ? all : `${all}, ÷ ${sockets} sockets = ${number(coming)} on average`
}

const waitingInWords = (situation: Situation, waiting: number): string[] =>
  waiting < HARDLY_ANY
    ? []
    : [`Some ${number(waiting)} wait already when it begins: the load is ${percent(utilisation(situation))}.`]

/** What leaves it to chance how many come; undefined where nothing does. */
function spreadInWords(situation: Situation): string | undefined {
  if (situation.arrivals.shape === 'poisson') return 'Poisson'
  return socketsOf(situation).sockets > 1 ? 'binomial: the hash spreads them at random' : undefined
}
