import { bytes, duration, number, percent, rate } from '#common/quantities.ts'
import { type Answer, answerOf, backlogSettings, comparisonTable, grantedWords } from '../answer.ts'
import { assumptionsOf } from '../assumptions.ts'
import { lifeMs, roomForRequests, synQueueLoad } from '../closed/half-open.ts'
import { bytesOf } from '../memory.ts'
import { type Outcome, within } from '../outcome.ts'
import { simulated } from '../replicate.ts'
import { ratePerSecond, type Situation, socketsOf } from '../situation.ts'
import { spanMs } from '../system-of.ts'

/** The SYN queue under clients that never answer: does it overflow, and what do good clients feel? */
export function synQueueQuestion(situation: Situation & { backlog: number }): Answer {
  const { kernel, halfOpenPerSecond } = situation
  const backlog = Math.min(situation.backlog, situation.somaxconn)
  const { sockets } = socketsOf(situation)
  const setting = { backlog, ...kernel }
  const goodRate = ratePerSecond(situation)
  const answered = (goodRate * situation.client.rttMs) / 1000
  const load = synQueueLoad(halfOpenPerSecond / sockets, setting, answered / sockets)
  // In a short time the queue is still growing.
  const grown = answered + (halfOpenPerSecond * spanMs(situation)) / 1000
  const peak = Math.min(load.length * sockets, grown)
  // Where few come to a socket their number varies, and old requests stay while more are young than usual.
  const each = halfOpenPerSecond / sockets
  const crowded = Math.min((each * lifeMs(kernel.synAckRetries)) / 1000, 8 * (each + 2 * Math.sqrt(each)), load.room)
  const usual = within(peak, 0.15, 4 + 3 * Math.sqrt(peak))
  const { numbers, ...simulation } = simulated(situation, backlog)
  const closed: Outcome = {
    method: 'closed form',
    basis: 'Little’s law over the life of a request',
    estimates: {
      // Whatever is not known of it: no more stand in it than fit.
      synQueuePeak: {
        ...usual,
        high: Math.min(load.room * sockets, Math.max(usual.high, Math.min(crowded * sockets + answered, grown))),
      },
    },
  }
  const full = load.regime === 'full'
  const needed = Math.ceil(((halfOpenPerSecond + answered) / sockets) * 8 * 1.15)
  const delayed = simulation.estimates.delayedShare!.value
  return answerOf({
    question: `What do ${rate(halfOpenPerSecond)} half-open clients do?`,
    answer: [
      kernel.syncookies === 2
        ? 'With tcp_syncookies=2 nothing is stored: the SYN queue stays empty, and every client gets a cookie.'
        : full
          ? `The SYN queue of ${sockets === 1 ? 'the socket' : 'each socket'} overflows after ${duration(load.fullAfterSeconds * 1000)}: ${number(load.room)} fit, ${number(load.length)} stand in it.`
          : `It does not overflow: ${number(Math.round(load.length))} of ${number(load.room)} places of each socket are taken.`,
      full && kernel.syncookies === 0
        ? `Without cookies some ${percent(load.fullShare)} of all SYNs are dropped, those of good clients too: ${percent(delayed)} of ${rate(goodRate)} lose a SYN.`
        : full
          ? `With cookies good clients get in all the same (${percent(simulation.estimates.lostShare!.value)} lost). ListenDrops does not move: watch TCPReqQFullDoCookies and SyncookiesSent.`
          : delayed === 0
            ? 'Good clients feel nothing of it.'
            : `Good clients feel nothing of that; ${percent(delayed)} of them lose a SYN for another reason: their own load, a stall, or a full accept queue.`,
      ...grantedWords(situation),
    ],
    settings: [
      {
        where: 'sysctl',
        text: 'sysctl -w net.ipv4.tcp_syncookies=1   # the default; 0 drops good clients under a flood',
      },
      // Cookies let good clients in at any backlog: only without them a larger one is the cure.
      ...(full && kernel.syncookies === 0 ? backlogSettings(needed, situation) : []),
      ...(full && kernel.syncookies === 0 && needed > roomForRequests({ ...setting, backlog: needed })
        ? [
            {
              where: 'sysctl',
              text: `sysctl -w net.ipv4.tcp_max_syn_backlog=${Math.ceil((needed * 4) / 3)}   # is ${kernel.maxSynBacklog}; without cookies three quarters of it bound the queue too`,
            } as const,
          ]
        : []),
    ],
    table: comparisonTable([closed, simulation]),
    why: [
      `An answered request lives one round trip (${duration(situation.client.rttMs)}): ${rate(goodRate)} × ${duration(situation.client.rttMs)} = ${number(answered)} in the queue.`,
      `An unanswered one lives ${duration(lifeMs(kernel.synAckRetries))} (tcp_synack_retries ${kernel.synAckRetries}): ${rate(halfOpenPerSecond / sockets)} × ${duration(lifeMs(kernel.synAckRetries))} = ${number(((halfOpenPerSecond / sockets) * lifeMs(kernel.synAckRetries)) / 1000)} would stand in it.`,
      'Above half of the backlog old requests are given up after 7 s, as long as the queue holds eight times what came in the last second: it settles at 8 s of arrivals (reqsk_timer_handler).',
      ...(full
        ? [
            `${number(needed)} places would hold that, ${bytes(bytesOf.halfOpen)} for each request${kernel.syncookies === 0 ? '' : '; with cookies nobody needs them'}.`,
          ]
        : []),
    ],
    howSure: [
      'The SYN queue’s limit is the listener’s backlog, not tcp_max_syn_backlog, which only counts without cookies.',
      ...assumptionsOf(situation),
    ],
    outcomes: [closed, simulation],
    data: { ...load, neededBacklog: needed, runs: numbers.length, estimates: simulation.estimates },
  })
}
