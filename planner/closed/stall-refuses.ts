/** Who is refused while a loop stands still: from how many come on average, or from a recording, one by one. */
import { busiest } from '../busiest.ts'
import { type Situation, socketsOf } from '../situation.ts'
import { binomial, meanExcess } from './count-distribution.ts'
import { type Refused, refusedIn } from './stall.ts'
import { arrivalsDuring, waitingBefore } from './stall-meets.ts'

/** What a stall of `ms` refuses with a backlog, while `underWay` are between their SYN and their final ACK; on average. */
export type Refusing = (ms: number, backlog: number, underWay: number) => Refused

/** Of one of the sockets that stand still. */
export function refusing(situation: Situation): Refusing {
  const { arrivals, stall } = situation
  const one: Situation = { ...situation, stall: { ...stall!, whom: 'one' } }
  if (arrivals.shape === 'recorded') return ofRecording(one, arrivals.atMs)
  const before = waitingBefore(one)
  return (ms, backlog, underWay) => refusedIn({ come: arrivalsDuring(one, ms), before }, backlog, underWay)
}

/**
 * A recording says who comes when: as long as the final ACK of the one who takes the last place is under way, SYNs are let in
 * that find no place later. Those who come in one instant lose no SYN at all, and their final ACKs instead.
 */
function ofRecording(situation: Situation, atMs: Float64Array): Refusing {
  const { client, stall } = situation
  const { sockets } = socketsOf(situation)
  const { rttMs } = client
  const { fromMs } = busiest(atMs, stall!.ms)
  const first = atMs.findIndex((moment) => moment >= fromMs)
  return (ms, backlog) => {
    const places = backlog + 1
    const lastPlace = first + Math.ceil(places * sockets) - 1
    // Counted from when the first SYN is sent: final ACKs arrive one and a half round trips after their SYN left.
    const fullMs = (atMs[lastPlace] ?? Number.POSITIVE_INFINITY) + rttMs
    let [syns, finalAcks, come] = [0, 0, 0]
    for (let i = first; i < atMs.length && atMs[i]! < fromMs + ms + rttMs; i++) {
      if (i > lastPlace && atMs[i]! >= fullMs) syns++
      else if (atMs[i]! >= fromMs + ms) continue
      else if (i > lastPlace) finalAcks++
      come++
    }
    if (sockets === 1) return { syns, finalAcks }
    // By chance more come to one of several sockets than to another.
    const refused = meanExcess(binomial(come, 1 / sockets), places)
    const falsely = syns + finalAcks === 0 ? 0 : finalAcks / (syns + finalAcks)
    return { syns: refused * (1 - falsely), finalAcks: refused * falsely }
  }
}
