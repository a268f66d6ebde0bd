import { atLeast, between, comparison, equals, that } from 'spillway/vocabulary'

/** 400 a second over two shards, for half a second: 100 on average, √100 = 10, plus three deviations is 130. */
const MEAN = 100
const ENOUGH = 130

export default comparison({
  name: 'solution-random-arrivals',
  teaches:
    'For random arrivals the backlog is the mean number of arrivals during the stall plus about three times its square root.',
  sources: ['docs/workshop/07-planning.md'],
  cases: {
    enough: { backends: [{ backlog: ENOUGH }, { backlog: ENOUGH }] },
    half: { backends: [{ backlog: Math.round(ENOUGH / 2) }, { backlog: Math.round(ENOUGH / 2) }] },
  },
  phases: {
    stall: ({ backend }) => backend(1).stall(),
    load: ({ clients }) => clients.connections({ ratePerSecond: 400, forMs: 500, arrivals: 'poisson', seed: 7 }),
    release: ({ backend }) => backend(1).release(),
  },
  expect: ({ enough, half }) => ({
    kernel: [
      that('about a hundred connections reach the stalled shard', enough.listener(1).peak, between(MEAN - 40, ENOUGH)),
      that('all of them fit', enough.counters.ListenDrops.total, equals(0)),
      that('half the backlog drops SYNs', half.counters.ListenDrops.during('load'), atLeast(1)),
    ],
    userspace: [
      that('no SYN is retransmitted', enough.clients.synRetransmits, equals(0)),
      that(
        'with half the backlog at least one client takes a second to connect',
        half.clients.connectMs.number({ above: 900 }),
        atLeast(1),
      ),
    ],
  }),
})
