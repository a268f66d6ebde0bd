/** What holds with a backlog that reaches its target, in words: the end of a sentence. */

import { duration, percent } from '#common/quantities.ts'
import { type Situation, socketsOf } from './situation.ts'

/** `about` where few runs only let the certainty be guessed. */
export function promiseInWords(situation: Situation, about = false): string {
  const { target, arrivals, stall } = situation
  if (target.delayedShare > 0)
    return `at most ${percent(target.delayedShare)} of the connections lose a SYN or a final ACK`
  const sure = `${about ? 'about ' : ''}${percent(target.sureness)}`
  if (arrivals.shape !== 'recorded') {
    // Of a stall that comes once it is one stall; else the longer a load lasts, the longer is its longest queue.
    const lasting =
      stall !== undefined && stall.everyMs === undefined ? '' : ` within ${lengthInWords(situation.forMs)}`
    return `nothing is dropped${lasting}, with ${sure} certainty`
  }
  // What came once says nothing of how certain it is to come again.
  const lastMs = arrivals.atMs.at(-1) ?? 0
  const short =
    stall !== undefined && stall.ms > lastMs
      ? `; it lasts ${duration(lastMs)}, less than the stall, and what comes in the rest of one is not known`
      : ''
  return `nothing of this recording is dropped${byChance(situation) ? `, in ${sure} of the ways that chance can play it` : ''}${short}`
}

/** To two digits: how long a load is played is no matter of milliseconds. */
const lengthInWords = (ms: number): string => duration(Number(ms.toPrecision(2)))

/** Whether two runs of the same recording can differ: who gets which connection, when a loop stands still, what an accept takes. */
const byChance = (situation: Situation): boolean =>
  socketsOf(situation).sockets > 1 || situation.accept.cv > 0 || situation.stall?.everyMs !== undefined
