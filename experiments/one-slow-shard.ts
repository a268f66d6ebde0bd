import { atLeast, atMost, between, comparison, deck, equals, fact, that } from './vocabulary.ts'

const SHARDS = 4
const BACKLOG = 16

/** One queue that holds as much as the four together. */
const COMMON_BACKLOG = SHARDS * (BACKLOG + 1) - 1

const siblings = [2, 3, 4]

/** A client waits this long only for the stalled loop or for a retransmitted SYN. */
const LONG_MS = 900

export default comparison({
  name: 'one-slow-shard',
  teaches:
    'The kernel chooses a shard for a new connection without looking at its queue. If one of N shards stalls, 1/N of the clients wait behind it or are dropped while its siblings are idle. A shared queue does not have this problem: whichever process is free takes the next connection.',
  sources: [
    deck('several sockets on one port'),
    fact('choosing-a-member'),
    'reuseport_select_sock()',
    'Cloudflare: Why does one NGINX worker take all the load? With split queues most clients see no difference, and the deviation is gigantic <https://blog.cloudflare.com/the-sad-state-of-linux-socket-balancing/>',
  ],
  needs: { server: ['backends'] },
  cases: {
    sharded: { backends: Array.from({ length: SHARDS }, () => ({ backlog: BACKLOG })) },
    shared: { mode: 'shared', backends: [{ backlog: COMMON_BACKLOG, workers: SHARDS }] },
  },
  phases: {
    stall: ({ backend, case: mode }) => (mode === 'sharded' ? backend(1).stall() : backend(1).stall(1)),
    load: ({ clients }) => clients.connections({ ratePerSecond: 75, forMs: 2400 }),
    release: ({ backend }) => backend(1).release(),
  },
  expect: ({ sharded, shared }) => {
    const victims = sharded.clients.answeredBy(1)
    const [split, common] = [sharded.clients.acceptedAfterMs, shared.clients.acceptedAfterMs]
    // A dropped SYN counts once in both; a dropped final ACK, seen on busy machines, twice against its socket
    // (docs/kernel-facts.md#final-ack-overflow).
    const { ListenDrops } = sharded.counters
    const droppedSyns = 2 * ListenDrops.total - sharded.listener(1).drops.total
    return {
      kernel: [
        that(
          'sharded: the queue of the stalled shard fills to its limit',
          sharded.listener(1).peak,
          between(BACKLOG + 1, BACKLOG + 2),
        ),
        that(
          'sharded: meanwhile the queues of its siblings are almost empty',
          Math.max(...siblings.map((shard) => sharded.listener(shard).length.during('load').mean)),
          between(0, 0.2),
        ),
        that('sharded: the stalled shard counts drops', sharded.listener(1).drops.total, atLeast(5)),
        that(
          'sharded: its siblings drop nothing',
          siblings.reduce((drops, shard) => drops + sharded.listener(shard).drops.total, 0),
          equals(0),
        ),
        that('shared: nothing is dropped', shared.counters.ListenDrops.total, equals(0)),
      ],
      userspace: [
        that('sharded: one client in four waits', split.share({ above: LONG_MS }), between(0.12, 0.38, 'share')),
        that(
          'sharded: the clients that wait are those sent to the stalled shard',
          split.number({ above: LONG_MS }),
          equals(victims.count),
        ),
        that('shared: no client waits for the stalled process', common.share({ above: LONG_MS }), equals(0, 'share')),
        that('shared: the stalled process accepts nothing', shared.backend(1).acceptsByProcess[0] ?? 0, equals(0)),
        that(
          'the median client notices no difference',
          Math.abs(split.quantile(0.5) - common.quantile(0.5)),
          atMost(10, 'ms'),
        ),
        that(
          'the standard deviation is many times larger if the queue is split',
          split.stdev / common.stdev,
          atLeast(50),
        ),
      ],
      both: [
        that(
          'sharded: every dropped SYN is retransmitted by a client of the stalled shard',
          droppedSyns,
          equals(victims.synRetransmits),
        ),
      ],
    }
  },
})
