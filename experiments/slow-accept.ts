import { atLeast, between, deck, equals, experiment, fact, that } from './vocabulary.ts'

const BACKLOG = 16
/** The backend stands still this long after each accept(). */
const ACCEPT_MS = 20
/** So it takes no more than this a second. */
const CAPACITY = 1000 / ACCEPT_MS
const ARRIVALS_PER_SECOND = 100
/** Short enough that no dropped SYN comes again meanwhile: the queue takes a third of a second to fill. */
const OVERLOAD_MS = 700
const FIRST_ARRIVALS = (ARRIVALS_PER_SECOND * OVERLOAD_MS) / 1000

export default experiment({
  name: 'slow-accept',
  teaches:
    'A backend that accepts more slowly than clients arrive keeps its queue full. Each SYN that meets the full queue is dropped without a word and comes again after a second: some clients wait for the queue, the unlucky ones for a timer.',
  sources: [
    deck('a backend that accepts too slowly'),
    fact('syn-drop'),
    fact('syn-retransmissions'),
    'tcp_conn_request(), sk_acceptq_is_full()',
    'sledge pull request 395: latency that jumps to a second when the accept queue overflows <https://github.com/gwsystems/sledge-serverless-framework/pull/395>',
  ],
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
        'what is neither accepted nor queued is dropped',
        counters.ListenDrops.during('overload'),
        between(FIRST_ARRIVALS - BACKLOG - 1 - OVERLOAD_MS / ACCEPT_MS - 1, FIRST_ARRIVALS - BACKLOG - 1),
      ),
      that(
        'each drop is an overflow of the accept queue',
        counters.ListenOverflows.during('overload'),
        equals(counters.ListenDrops.during('overload')),
      ),
      that(
        'SYNs that come again meet new ones: the time after drops more',
        counters.ListenDrops.during('retries') / counters.ListenDrops.during('overload'),
        atLeast(1.3),
      ),
    ],
    userspace: [
      that(
        'the backend accepts at its own pace, however many arrive',
        (backend(1).accepts.during('overload') / durationMs('overload')) * 1000,
        between(5, CAPACITY),
      ),
      that(
        'nobody connects between the first SYN and the second',
        clients.connectMs.number({ above: 500, below: 950 }),
        equals(0),
      ),
      that('all are served in the end', clients.outcomes.ok, equals(clients.count)),
    ],
    both: [
      that(
        'whoever is dropped, and nobody else, pays a second or more to connect',
        clients.startedIn('overload').connectMs.number({ above: 950 }),
        equals(counters.ListenDrops.during('overload')),
      ),
    ],
  }),
})
