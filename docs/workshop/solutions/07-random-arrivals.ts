import { atLeast, between, comparison, equals, that } from '#experiments/vocabulary.ts'

/** 400 a second over two shards, for half a second: 100 on average, √100 = 10, and three deviations more are 130. */
const MEAN = 100
const ENOUGH = 130

export default comparison({
  name: 'solution-random-arrivals',
  teaches:
    'For random arrivals the backlog is the mean of what arrives during the stall, and about three of its square roots.',
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
      that('about a hundred come to the stalled shard', enough.listener(1).peak, between(MEAN - 40, ENOUGH)),
      that('all of them fit', enough.counters.ListenDrops.total, equals(0)),
      that('half the backlog drops', half.counters.ListenDrops.during('load'), atLeast(1)),
    ],
    userspace: [
      that('nobody sends a SYN again', enough.clients.synRetransmits, equals(0)),
      that('with half of it somebody pays a second', half.clients.connectMs.number({ above: 900 }), atLeast(1)),
    ],
  }),
})
