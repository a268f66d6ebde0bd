import { atMost, between, deck, equals, experiment, fact, that } from './vocabulary.ts'

const ARRIVALS_PER_SECOND = 100
const STALL_MS = 2000
/** What arrives while the loop is stalled. */
const VICTIMS = (ARRIVALS_PER_SECOND * STALL_MS) / 1000

export default experiment({
  name: 'stalled-loop',
  teaches:
    'While an event loop is stalled, the kernel continues to connect clients: the queue grows by rate times stall. If the backlog holds them all, no client is dropped, and each waits for what was left of the stall when it arrived.',
  sources: [
    deck('a backend that accepts too slowly'),
    fact('who-waits-in-the-accept-queue'),
    'inet_csk_reqsk_queue_add(), tcp_create_openreq_child()',
  ],
  needs: { server: ['one socket', 'http'] },
  lab: { backends: [{ backlog: 1000 }] },
  phases: {
    calm: async ({ clients, places }) => {
      await places({ least: VICTIMS, most: Number.POSITIVE_INFINITY })
      await clients.connections({ ratePerSecond: ARRIVALS_PER_SECOND, forMs: 500 })
    },
    stalled: async ({ backend, clients, until }) => {
      await backend(1).stall()
      const load = await clients.connections({ ratePerSecond: ARRIVALS_PER_SECOND, forMs: STALL_MS })
      await until('all of them wait', (now) => now.waiting === VICTIMS)
      const { connected, outcomes } = await load.report()
      return { connected, answered: outcomes.ok }
    },
    release: async ({ backend, until }) => {
      await backend(1).release()
      await until('the queue is empty', (now) => now.waiting === 0)
    },
  },
  expect: ({ result, listener, port, counters, clients, durationMs }) => {
    const victims = clients.startedIn('stalled')
    // The stall lasts a little longer than the load, and the loop then serves the clients one after the other.
    const longerMs = durationMs('stalled') + durationMs('release') - STALL_MS
    return {
      kernel: [
        that('the queue grows to rate times stall', listener(1).peak, equals(VICTIMS)),
        that('nothing is dropped while the backlog holds them all', counters.ListenDrops.total, equals(0), {
          bears: 'any lateness',
        }),
        that(
          'the oldest connection in the queue has waited for the whole stall',
          port.oldestWaitMs.during('stalled').max,
          between(STALL_MS - 50, durationMs('stalled'), 'ms'),
          { bears: 150 },
        ),
        that('without a stall the queue stays short', listener(1).length.during('calm').mean, atMost(1)),
      ],
      userspace: [
        that('every client sees itself as connected', result.stalled.connected, equals(VICTIMS)),
        that('none of these clients is answered during the stall', result.stalled.answered, equals(0), {
          bears: 'any lateness',
        }),
        that('no SYN is retransmitted', clients.synRetransmits, equals(0)),
        that(
          'the median client waits for half the stall',
          victims.firstByteMs.quantile(0.5),
          between(990, 1000 + longerMs, 'ms'),
          { bears: 150 },
        ),
        that(
          'the first tenth waits for nearly all of it',
          victims.firstByteMs.quantile(0.9),
          between(1790, 1800 + longerMs, 'ms'),
          { bears: 150 },
        ),
        that('the last tenth hardly waits', victims.firstByteMs.quantile(0.1), between(190, 200 + longerMs, 'ms'), {
          bears: 150,
        }),
        that('every client is served in the end', clients.outcomes.ok, equals(clients.count)),
      ],
      both: [
        that(
          'kernel and clients agree on the longest wait',
          victims.firstByteMs.max - victims.acceptWaitMs.max,
          between(-10, 100, 'ms'),
          { bears: 150 },
        ),
      ],
    }
  },
})
