import type { Stage } from './vocabulary/stage.ts'
import { atLeast, between, deck, equals, experiment, fact, is, that } from './vocabulary.ts'

const BACKLOG = 8
/** The backend stands still this long after each accept(). */
const ACCEPT_MS = 40
/** So it takes no more than this a second; what it does besides costs it some more. */
const CAPACITY = 1000 / ACCEPT_MS

/** Offers so many connections for a second, and waits until the queue is empty again. */
const offer =
  (ratePerSecond: number) =>
  async ({ clients, until }: Stage): Promise<void> => {
    // Clients give up before they would send a second SYN: what is dropped stays dropped.
    await clients.connections({ ratePerSecond, forMs: 1000, timeoutMs: 900 })
    await until('the queue is empty', (now) => now.waiting === 0)
  }

export default experiment({
  name: 'knee',
  teaches:
    'Below its capacity a backend drops nothing and its queue is almost empty. Where the rate passes the capacity there is a knee: the queue fills and stays full, throughput grows no more, and what arrives beyond it is dropped. A larger backlog moves the first drop, not the knee.',
  sources: [
    deck('a backend that accepts too slowly'),
    fact('syn-drop'),
    fact('accept-queue-limit'),
    'tcp_conn_request(), sk_acceptq_is_full()',
  ],
  lab: { backends: [{ backlog: BACKLOG }] },
  phases: {
    slow: ({ backend }) => backend(1).set({ acceptDelayMs: ACCEPT_MS }),
    at6: offer(6),
    at12: offer(12),
    at40: offer(40),
    at55: offer(55),
    at70: offer(70),
    mend: ({ backend }) => backend(1).set({ acceptDelayMs: 0 }),
  },
  expect: ({ listener, backend, counters, clients, durationMs }) => {
    const { ListenDrops } = counters
    const beyond = ['at40', 'at55', 'at70'] as const
    const [at40, at55, at70] = [ListenDrops.during('at40'), ListenDrops.during('at55'), ListenDrops.during('at70')]
    const fullest = beyond.map((phase) => listener(1).length.during(phase).max)
    return {
      kernel: [
        that(
          'below the capacity nothing is dropped',
          ListenDrops.during('at6') + ListenDrops.during('at12'),
          equals(0),
        ),
        that(
          'right beyond it drops begin: at least the rate less the capacity less what the queue takes',
          at40,
          atLeast(40 - CAPACITY - BACKLOG - 1),
        ),
        that('each faster rate drops more', at40 < at55 && at55 < at70, is(true)),
        that('beyond the knee the queue is full', Math.min(...fullest), equals(BACKLOG + 1)),
      ],
      userspace: [
        that(
          'beyond the knee throughput grows no more: the backend takes its capacity at most, whatever the rate',
          (backend(1).accepts.during('at70') / durationMs('at70')) * 1000,
          between(5, CAPACITY),
        ),
        that(
          'and an answer takes as long as a full queue',
          clients.startedIn('at70').firstByteMs.quantile(0.5),
          atLeast(BACKLOG * ACCEPT_MS, 'ms'),
        ),
        that(
          'which is longer than it takes below',
          clients.startedIn('at70').firstByteMs.quantile(0.5) / clients.startedIn('at6').firstByteMs.quantile(0.5),
          atLeast(1.4),
        ),
      ],
      both: [
        that(
          'each SYN is either dropped or becomes a connection that the backend accepts',
          ListenDrops.total + backend(1).accepts.total,
          equals(clients.synsSent.total),
        ),
      ],
    }
  },
})
