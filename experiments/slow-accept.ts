import { between, equals, experiment, that } from './vocabulary.ts'

const BACKLOG = 16
/** The backend stands still this long after each accept(). */
const ACCEPT_MS = 20
/** So it takes no more than this a second. */
const CAPACITY = 1000 / ACCEPT_MS
const ARRIVALS_PER_SECOND = 100
const LOAD_MS = 2000

export default experiment({
  name: 'slow-accept',
  teaches:
    'A backend that accepts more slowly than clients arrive keeps its queue full. Every SYN that meets a full queue is dropped without a word and comes again after one second: the median client waits for the queue, the unlucky ones wait for the timer.',
  sources: [
    'deck: problems with accepting: the backend accepts too slowly',
    'facts 0, row 1; facts 10: SYN retransmits of the client',
    'tcp_conn_request(), sk_acceptq_is_full()',
    'gwsystems/sledge-serverless-framework#395: the sharp latency spike at 1 s',
  ],
  lab: { backends: [{ backlog: BACKLOG }] },
  phases: {
    slow: ({ backend }) => backend(1).set({ acceptDelayMs: ACCEPT_MS }),
    overload: async ({ clients }) => {
      await clients.connections({ ratePerSecond: ARRIVALS_PER_SECOND, forMs: LOAD_MS })
    },
    mend: ({ backend }) => backend(1).set({ acceptDelayMs: 0 }),
  },
  expect: ({ listener, backend, counters, clientCounters, clients, durationMs }) => {
    // A dropped SYN counts against the listener once, a dropped last ACK twice.
    const lastAcksDropped = listener(1).drops.total - counters.ListenDrops.total
    return {
      kernel: [
        that('the queue fills to one more than the backlog', listener(1).peak, between(BACKLOG + 1, BACKLOG + 2)),
        that('and stays near it', listener(1).length.during('overload').mean, between(10, BACKLOG + 1)),
        that('a large part of the SYNs is dropped', counters.ListenDrops.during('overload'), between(60, 300)),
        that('each for an overflow', counters.ListenOverflows.total, equals(counters.ListenDrops.total)),
      ],
      userspace: [
        that(
          'the backend accepts at its own pace, whatever arrives',
          (backend(1).accepts.during('overload') / durationMs('overload')) * 1000,
          between(0.6 * CAPACITY, CAPACITY),
        ),
        that(
          'nobody connects between the first SYN and the second',
          clients.connectMs.number({ above: 500, below: 950 }),
          equals(0),
        ),
        that('many pay a second or more', clients.connectMs.share({ above: 950 }), between(0.3, 0.75, 'share')),
        that('all are served in the end', clients.outcomes.ok, equals((ARRIVALS_PER_SECOND * LOAD_MS) / 1000)),
      ],
      both: [
        that(
          'each drop is a SYN that is sent again, or the last ACK of a handshake that was overtaken',
          counters.ListenDrops.total,
          equals(clientCounters.TCPSynRetrans.total + lastAcksDropped),
        ),
        that(
          'who connects late is who sent a SYN again',
          clients.connectMs.number({ above: 950 }),
          equals(clients.count - clients.connectMs.number({ below: 500 })),
        ),
      ],
    }
  },
})
