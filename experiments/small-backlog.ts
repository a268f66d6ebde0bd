import { between, deck, equals, experiment, fact, that } from './vocabulary.ts'

/** Five times as many as the eight that were planned do not fit. */
const MORE = 41

export default experiment({
  name: 'small-backlog',
  teaches:
    'A queue with backlog N holds N + 1 connections. The next SYN is dropped, even if the backend is idle for the rest of the day.',
  sources: [deck('a backlog that is too small'), fact('accept-queue-limit'), fact('syn-drop'), 'tcp_conn_request()'],
  needs: { server: ['one socket'] },
  lab: { backends: [{ backlog: 8 }] },
  phases: {
    stall: ({ backend }) => backend(1).stall(),
    burst: async ({ clients, places }) => {
      await clients.burst({ connections: (await places()) + MORE, timeoutMs: 60_000 })
    },
    release: ({ backend }) => backend(1).release(),
  },
  expect: ({ listener, counters, clients }) => {
    const places = listener(1).limit.max + 1
    const share = MORE / (places + MORE)
    return {
      kernel: [
        that('the queue holds one more than the backlog', listener(1).peak, equals(places), { bears: 'any lateness' }),
        that('each overflow is also a drop', counters.ListenOverflows.total, equals(counters.ListenDrops.total), {
          bears: 'any lateness',
        }),
      ],
      userspace: [
        that(
          'dropped clients take a second or more to connect',
          clients.connectMs.share({ above: 900 }),
          between(share - 0.02, share + 0.03, 'share'),
        ),
        that('every client is served in the end', clients.outcomes.ok, equals(places + MORE)),
      ],
      both: [
        that(
          'every SYN beyond those that fit is dropped and counted',
          counters.ListenDrops.during('burst'),
          equals(clients.synsSent.during('burst') - places),
        ),
      ],
    }
  },
})
