/** Two ways to set the same backends up, side by side. */

import { duration, number, percent, plural } from '#common/quantities.ts'
import { type Answer, answerOf, backlogSettings, estimateInWords, grantedWords } from '../answer.ts'
import { assumptionsOf } from '../assumptions.ts'
import { closedForm } from '../closed/forecast.ts'
import { type Outcome, type Quantity, quantities } from '../outcome.ts'
import { BUDGET, runsFor, simulated } from '../replicate.ts'
import { type Situation, socketsOf } from '../situation.ts'
import { restartWays, sharedWays, slowWays, together, type Way } from './ways.ts'

/** The simulation of each way; where a closed form applies too, it must not contradict. */
function weigh(ways: readonly Way[]) {
  return ways.map(({ name, situation, backlog: asked }) => {
    const backlog = Math.min(asked, situation.somaxconn)
    const { numbers: _, ...simulation } = simulated(
      situation,
      backlog,
      runsFor(situation, true, { budget: BUDGET / 2 }),
    )
    const closed = closedForm(situation, backlog)
    return { name, simulation, closed, outcomes: closed === undefined ? [simulation] : [closed.result, simulation] }
  })
}

const shown: Quantity[] = [
  'delayedShare',
  'falseShare',
  'lostShare',
  'resets',
  'drops',
  'connectP99Ms',
  'acceptWaitP99Ms',
  'queuePeak',
]

const tableOf = (weighed: readonly { name: string; simulation: Outcome }[]) => ({
  columns: ['', ...weighed.map(({ name }) => name)],
  rows: shown.map((quantity) => [
    quantities[quantity],
    ...weighed.map(({ simulation }) => {
      const estimate = simulation.estimates[quantity]
      return estimate === undefined ? '–' : estimateInWords(quantity, estimate)
    }),
  ]),
})

const compared = (parts: Parameters<typeof answerOf>[0], weighed: ReturnType<typeof weigh>): Answer => {
  const answers = weighed.map(({ outcomes }) => answerOf({ ...parts, outcomes }))
  return {
    ...answerOf({ ...parts, table: tableOf(weighed), outcomes: weighed.flatMap(({ simulation }) => [simulation]) }),
    // Ways are not compared with each other here, only the methods within one way.
    disagreements: answers.flatMap((answer) => answer.disagreements),
    why: [
      ...(parts.why ?? []),
      ...weighed.flatMap(({ name, closed }) => (closed?.why ?? []).map((why) => `${name}: ${why}`)),
    ],
    data: {
      ...parts.data,
      ways: weighed.map(({ name, outcomes }) => ({ name, outcomes })),
    },
  }
}

/** One socket for all, against a socket for each, with room for as many connections in all. */
export function sharedQuestion(situation: Situation & { backlog: number }): Answer {
  const { backlog } = situation
  const weighed = weigh(sharedWays(situation))
  const [sharded, shared] = weighed.map(({ simulation }) => simulation.estimates)
  const [each, one] = [sharded!.delayedShare!, shared!.delayedShare!]
  // Chance alone makes two simulated shares differ a little.
  const clear = one.high < each.low || each.high < one.low
  const oneIsBetter = clear && one.value < each.value
  return compared(
    {
      question: 'A socket each, or one for all?',
      answer: [
        !clear
          ? `Neither ${one.value === each.value ? '' : 'clearly '}drops more: compare the waits, ${duration(sharded!.acceptWaitP99Ms!.value)} (99 %) with a socket each and ${duration(shared!.acceptWaitP99Ms!.value)} with one.`
          : `${oneIsBetter ? 'One shared socket' : 'A socket each'} drops less here: ${percent(sharded!.delayedShare!.value)} lose a SYN with a socket each (backlog ${number(backlog)}), ${percent(shared!.delayedShare!.value)} with one for all (backlog ${number(together(situation))}, the same room).`,
        'In one queue nobody waits behind a stalled process while another one idles; a socket each scales over cores, and keeps a bad backend’s trouble to its share of the clients.',
        ...grantedWords({ ...situation, backlog: together(situation) }, 'one socket for all'),
      ],
      settings: backlogSettings(oneIsBetter ? together(situation) : backlog, {
        ...situation,
        mode: oneIsBetter ? 'shared' : 'sharded',
      }),
      why: [
        'One queue with c loops is never worse than c queues with a loop each: a loop idles only if nobody waits at all.',
      ],
      howSure: [
        ...assumptionsOf(situation),
        'Locks of one socket that many cores accept from are not counted, nor which process wakes first.',
      ],
    },
    weighed,
  )
}

/** What one slow backend of N costs, with a socket each. */
export function slowQuestion(situation: Situation & { backlog: number; slow: NonNullable<Situation['slow']> }): Answer {
  const { slow, backends } = situation
  const weighed = weigh(slowWays(situation))
  const [alike, hashed, random, shared] = weighed.map(({ simulation }) => simulation.estimates)
  return compared(
    {
      question: `What does ${plural(slow.backends, 'slow backend')} of ${number(backends)} cost?`,
      answer: [
        `${percent(hashed!.delayedShare!.value)} of all connections lose a SYN and ${percent(hashed!.lostShare!.value)} are not answered in time; without the slow one ${percent(alike!.delayedShare!.value)} and ${percent(alike!.lostShare!.value)}.`,
        `Its share of the clients is ${percent(slow.backends / backends)}, and by hash a retry meets the same backend. Steered at random ${percent(random!.lostShare!.value)} are lost, with one socket for all ${percent(shared!.lostShare!.value)}.`,
        `99 % of the accept waits are up to ${duration(hashed!.acceptWaitP99Ms!.value)}; without the slow one ${duration(alike!.acceptWaitP99Ms!.value)}.`,
        ...grantedWords({ ...situation, backlog: together(situation) }, 'one socket for all'),
      ],
      why: [
        'The kernel never looks at how full a member is: the slow one gets 1/N of the SYNs, first and repeated ones.',
      ],
      howSure: assumptionsOf(situation),
    },
    weighed,
  )
}

/** Processes that share a socket: it lives until the last of them has closed it, and nobody takes over from it. */
function restartOfGroup(
  situation: Situation & { backlog: number; restart: NonNullable<Situation['restart']> },
): Answer {
  const { restart, backends } = situation
  const weighed = weigh([{ name: 'the whole group', situation, backlog: situation.backlog }])
  const { resets, lostShare } = weighed[0]!.simulation.estimates
  return compared(
    {
      question: 'What does a restart cost?',
      answer: [
        ...(backends === 1
          ? []
          : [
              `One process after the other: nothing, as long as one of the ${number(backends)} has the socket open and accepts what the others leave.`,
            ]),
        `${backends === 1 ? 'Its' : 'When the last of them closes it, as with a pod that is replaced, the'} queue is reset: ${number(resets!.value)} connections on average. Until somebody listens again every SYN is refused: ${percent(lostShare!.value)} of all connections in this time are not answered.`,
        'What helps: let the new process listen before the old one stops (pass the socket on, or socket activation), or accept until the queue is empty before closing.',
        ...grantedWords(situation),
      ],
      why: [
        `Whoever waits in a queue that closes is reset: here what comes in the ${duration(restart.drainMs)} in which nobody accepts and the socket still listens. It is away for ${duration(restart.awayMs)}; there is no other socket to move to, so net.ipv4.tcp_migrate_req changes nothing.`,
      ],
      howSure: [
        ...assumptionsOf(situation),
        'Connections that were accepted are taken to be finished by their process before it ends.',
      ],
    },
    weighed,
  )
}

/** A rolling restart, with tcp_migrate_req and without. */
export function restartQuestion(
  situation: Situation & { backlog: number; restart: NonNullable<Situation['restart']> },
): Answer {
  const { restart, mode, backends } = situation
  if (mode === 'shared') return restartOfGroup(situation)
  const weighed = weigh(restartWays(situation))
  const [without, migrating] = weighed.map(({ simulation }) => simulation.estimates)
  const { sockets } = socketsOf(situation)
  return compared(
    {
      question: 'What does a rolling restart cost?',
      answer: [
        `${number(without!.resets!.value)} connections are reset on average in one round over ${plural(sockets, 'backend')}, ${number(migrating!.resets!.value)} with net.ipv4.tcp_migrate_req=1.`,
        backends === 1
          ? 'A single backend has nobody to hand over to: while it is away, every SYN is refused.'
          : `${percent(without!.lostShare!.value)} of all connections are not answered in time without it, ${percent(migrating!.lostShare!.value)} with it.`,
        ...grantedWords(situation),
      ],
      settings: [
        {
          where: 'sysctl',
          text: 'sysctl -w net.ipv4.tcp_migrate_req=1   # Linux 5.14 and later; all backends in one network namespace',
        },
      ],
      why: [
        `Whoever waits in a queue that closes is reset: here what comes in the ${duration(restart.drainMs)} in which a backend accepts no more and still listens. With migration they move to another member, without a look at its limit.`,
      ],
      howSure: [
        ...assumptionsOf(situation),
        'Connections that were accepted are taken to be finished by their process before it ends.',
      ],
    },
    weighed,
  )
}
