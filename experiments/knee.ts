import type { Stage } from './vocabulary/stage.ts'
import { atLeast, between, deck, equals, experiment, fact, is, that } from './vocabulary.ts'

const BACKLOG = 8
/** The backend stalls this long after each accept(). */
const ACCEPT_MS = 40
/** So it accepts at most this many a second; its other work makes it somewhat fewer. */
const CAPACITY = 1000 / ACCEPT_MS

/** Offers connections at this rate for a second, and waits until the queue is empty again. */
const offer =
  (ratePerSecond: number) =>
  async ({ clients, until }: Stage): Promise<void> => {
    // Clients give up before they would retransmit a SYN: what is dropped stays dropped.
    await clients.connections({ ratePerSecond, forMs: 1000, timeoutMs: 900 })
    await until('the queue is empty', (now) => now.waiting === 0)
  }

export default experiment({
  name: 'knee',
  teaches:
    'Below its capacity a backend drops nothing and its queue is almost empty. Where the rate exceeds the capacity there is a knee: the queue fills and stays full, throughput stops growing, and the excess is dropped. A larger backlog delays the first drop but does not move the knee.',
  sources: [
    deck('a backend that accepts too slowly'),
    fact('syn-drop'),
    fact('accept-queue-limit'),
    'tcp_conn_request(), sk_acceptq_is_full()',
  ],
  needs: { server: ['slow accept'] },
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
          'just above it drops begin: at least the rate minus the capacity minus what the queue holds',
          at40,
          atLeast(40 - CAPACITY - BACKLOG - 1),
          { bears: 150, lateHelps: true },
        ),
        that('each higher rate drops more', at40 < at55 && at55 < at70, is(true)),
        that('beyond the knee the queue is full', Math.min(...fullest), equals(BACKLOG + 1)),
      ],
      userspace: [
        that(
          'beyond the knee throughput stops growing: the backend accepts at most its capacity, whatever the rate',
          (backend(1).accepts.during('at70') / durationMs('at70')) * 1000,
          between(0.6 * CAPACITY, CAPACITY),
          { bears: 150, lateHelps: true },
        ),
        that(
          'beyond the knee an answer takes at least as long as a full queue',
          clients.startedIn('at70').firstByteMs.quantile(0.5),
          atLeast(BACKLOG * ACCEPT_MS, 'ms'),
          { bears: 150 },
        ),
        that(
          'an answer takes longer beyond the knee than below it',
          clients.startedIn('at70').firstByteMs.quantile(0.5) / clients.startedIn('at6').firstByteMs.quantile(0.5),
          atLeast(4),
          { bears: 150, lateHelps: true },
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
