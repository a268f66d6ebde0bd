import { between, deck, equals, experiment, fact, that } from './vocabulary.ts'

export default experiment({
  name: 'small-backlog',
  teaches:
    'A queue with backlog N holds N + 1 connections. The next SYN is dropped, even if the backend is idle for the rest of the day.',
  sources: [deck('a backlog that is too small'), fact('accept-queue-limit'), fact('syn-drop'), 'tcp_conn_request()'],
  lab: { backends: [{ backlog: 8 }] },
  phases: {
    stall: ({ backend }) => backend(1).stall(),
    burst: ({ clients }) => clients.burst({ connections: 50 }),
    release: ({ backend }) => backend(1).release(),
  },
  expect: ({ listener, counters, clients }) => ({
    kernel: [
      that('the queue holds one more than the backlog', listener(1).peak, equals(9), { bears: 'any lateness' }),
      that('each overflow is also a drop', counters.ListenOverflows.total, equals(counters.ListenDrops.total), {
        bears: 'any lateness',
      }),
    ],
    userspace: [
      that(
        'dropped clients take a second or more to connect',
        clients.connectMs.share({ above: 900 }),
        between(0.8, 0.85, 'share'),
      ),
      that('every client is served in the end', clients.outcomes.ok, equals(50)),
    ],
    both: [
      that(
        'every SYN beyond the ninth is dropped and counted',
        counters.ListenDrops.during('burst'),
        equals(clients.synsSent.during('burst') - 9),
      ),
    ],
  }),
})
