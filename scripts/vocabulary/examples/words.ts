/** An example of every word that an experiment imports: bands, expectations, sources and forms. */

import type { Expectation } from '#experiments/vocabulary/expectation.ts'
import type { Experiment } from '#experiments/vocabulary/experiment.ts'
import {
  about,
  atLeast,
  atMost,
  between,
  comparison,
  deck,
  equals,
  experiment,
  fact,
  is,
  NotJudged,
  that,
} from '#experiments/vocabulary.ts'

export const bands = {
  that: () => that('the queue holds five', 5, equals(5)),
  equals: () => that('all are served', 20, equals(20)),
  between: () => that('about a second', 1030, between(900, 1300, 'ms')),
  atLeast: () => that('some are dropped', 3, atLeast(1)),
  atMost: () => that('it is quick', 40, atMost(100, 'ms')),
  about: () => that('three of four', 0.74, about(0.75, 0.05, 'share')),
  is: () => that('it is the first', 'backend-1', is('backend-1')),
} satisfies Record<string, () => Expectation>

export const sources = {
  'Word.fact': () => fact('accept-queue-limit'),
  'Word.deck': () => deck('a backlog that is too small'),
} satisfies Record<string, () => string>

export const forms = {
  experiment: () =>
    experiment({
      name: 'quiet',
      teaches: 'Without clients nothing waits.',
      sources: [fact('accept-queue-limit')],
      lab: { backends: [{ backlog: 4 }] },
      phases: { wait: ({ pass }) => pass(100) },
      expect: ({ listener, clients }) => ({
        kernel: [that('nothing waits', listener(1).peak, equals(0))],
        userspace: [that('nobody connects', clients.count, equals(0))],
      }),
    }),
  comparison: () =>
    comparison({
      name: 'two-backlogs',
      teaches: 'The larger backlog holds more.',
      sources: [fact('accept-queue-limit')],
      cases: { small: { backends: [{ backlog: 2 }] }, large: { backends: [{ backlog: 30 }] } },
      phases: {
        stall: ({ backend }) => backend(1).stall(),
        burst: ({ clients }) => clients.burst({ connections: 20 }),
        release: ({ backend }) => backend(1).release(),
      },
      expect: ({ small, large }) => ({
        kernel: [that('three fit', small.listener(1).peak, equals(3))],
        userspace: [that('with room nobody waits a second', large.clients.connectMs.max, atMost(900, 'ms'))],
      }),
    }),
  NotJudged: () =>
    experiment({
      name: 'only-with-cookies',
      teaches: 'What cannot be judged is said, and is no failure.',
      sources: [fact('accept-queue-limit')],
      lab: {},
      phases: { wait: ({ pass }) => pass(100) },
      expect: ({ sysctl, listener, clients }) => {
        if (sysctl('net.ipv4.tcp_syncookies') === 0) throw new NotJudged('it needs SYN cookies')
        return {
          kernel: [that('nothing waits', listener(1).peak, equals(0))],
          userspace: [that('nobody connects', clients.count, equals(0))],
        }
      },
    }),
} satisfies Record<string, () => Experiment>
