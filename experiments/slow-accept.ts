import { atLeast, between, deck, equals, experiment, fact, that } from './vocabulary.ts'

const BACKLOG = 16
/** The backend stalls this long after each accept(). */
const ACCEPT_MS = 20
/** So it accepts at most this many a second. */
const CAPACITY = 1000 / ACCEPT_MS
const ARRIVALS_PER_SECOND = 100
/** Too short for a dropped SYN to be retransmitted; the queue takes a third of a second to fill. */
const OVERLOAD_MS = 700
const FIRST_ARRIVALS = (ARRIVALS_PER_SECOND * OVERLOAD_MS) / 1000

export default experiment({
  name: 'slow-accept',
  teaches:
    'A backend that accepts more slowly than clients arrive keeps its queue full. Each SYN that meets the full queue is silently dropped and retransmitted after a second: some clients wait for the queue, the unlucky ones for a timer.',
  sources: [
    deck('a backend that accepts too slowly'),
    fact('syn-drop'),
    fact('syn-retransmissions'),
    'tcp_conn_request(), sk_acceptq_is_full()',
    'sledge pull request 395: latency that jumps to a second when the accept queue overflows <https://github.com/gwsystems/sledge-serverless-framework/pull/395>',
  ],
  needs: { server: ['slow accept'] },
  lab: { backends: [{ backlog: BACKLOG }] },
  phases: {
    slow: ({ backend }) => backend(1).set({ acceptDelayMs: ACCEPT_MS }),
    overload: async ({ clients }) => {
      await clients.connections({ ratePerSecond: ARRIVALS_PER_SECOND, forMs: OVERLOAD_MS })
    },
    retries: async ({ clients }) => {
      await clients.connections({ ratePerSecond: ARRIVALS_PER_SECOND, forMs: 1000 })
    },
    mend: ({ backend }) => backend(1).set({ acceptDelayMs: 0 }),
  },
  expect: ({ listener, backend, counters, clients, durationMs }) => ({
    kernel: [
      that(
        'the queue fills to one more than the backlog',
        listener(1).length.during('overload').max,
        equals(BACKLOG + 1),
      ),
      that(
        'SYNs that are neither accepted nor queued are dropped',
        counters.ListenDrops.during('overload'),
        between(FIRST_ARRIVALS - BACKLOG - 1 - OVERLOAD_MS / ACCEPT_MS - 1, FIRST_ARRIVALS - BACKLOG - 1),
      ),
      that(
        'each drop is an overflow of the accept queue',
        counters.ListenOverflows.during('overload'),
        equals(counters.ListenDrops.during('overload')),
        { bears: 'any lateness' },
      ),
      that(
        'retransmitted SYNs compete with new ones, so the next phase drops more',
        counters.ListenDrops.during('retries') / counters.ListenDrops.during('overload'),
        atLeast(2),
        { bears: 150, lateHelps: true },
      ),
    ],
    userspace: [
      that(
        'the backend accepts at its own rate, however many clients arrive',
        (backend(1).accepts.during('overload') / durationMs('overload')) * 1000,
        between(0.4 * CAPACITY, CAPACITY),
        { bears: 150, lateHelps: true },
      ),
      that(
        'no client connects between its first SYN and its second',
        clients.connectMs.number({ above: 500, below: 950 }),
        equals(0),
      ),
      that('every client is served in the end', clients.outcomes.ok, equals(clients.count)),
    ],
    both: [
      that(
        'dropped clients, and no others, take a second or more to connect',
        clients.startedIn('overload').connectMs.number({ above: 950 }),
        equals(counters.ListenDrops.during('overload')),
      ),
    ],
  }),
})
