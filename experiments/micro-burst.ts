import { atMost, deck, equals, experiment, fact, type Phase, that } from './vocabulary.ts'

const CLIENTS = 120
const BACKLOG = CLIENTS - 1
const BURSTS = 3
/** Long enough for whoever was accepted to be gone. */
const AFTER_MS = 700

/** As many as fit, at a backend that stands still only until they have come. */
const burst: Phase<void> = async ({ backend, clients, pass }) => {
  await backend(1).stall()
  const load = await clients.burst({ connections: CLIENTS })
  await backend(1).release()
  await load.done()
  await pass(AFTER_MS)
}

/** A burst that lasts as long as a sampling interval is no short one. */
const bears = 150

export default experiment({
  name: 'micro-burst',
  teaches:
    'A queue that fills and empties between two samples leaves no trace: nothing is dropped, no counter moves, and whoever reads it once a second sees an idle server. BPF programs count each connection that comes into the queue, so they know that it was full, and how often.',
  sources: [
    deck('connected before anybody accepts'),
    fact('events-of-an-accept-queue'),
    fact('accept-queue-limit'),
    'sock_def_readable(), tracepoint sk_data_ready',
  ],
  needs: { bpf: 'peaks', server: ['backends'], namespaces: 'a program of ours reads the sockets of this kernel' },
  lab: { backends: [{ backlog: BACKLOG }], sampleIntervalMs: 1000, exact: 'auto' },
  phases: {
    first: burst,
    second: burst,
    third: async (stage) => {
      await burst(stage)
      const { joined, timesFull } = (await stage.now()).listener(1)
      return { joined: joined ?? Number.NaN, timesFull: timesFull ?? Number.NaN }
    },
  },
  expect: ({ result, listener, counters, clients }) => {
    const { length } = listener(1)
    // A sample may happen to fall into one burst, hardly into all three.
    const seen = Math.min(length.during('first').max, length.during('second').max, length.during('third').max)
    return {
      kernel: [
        that('the queue was full in each burst', result.third.timesFull, equals(BURSTS), { bears }),
        that('every connection came through it', result.third.joined, equals(BURSTS * CLIENTS), { bears }),
        that('of a burst a sampler that reads once a second may see nothing', seen, atMost(CLIENTS / 2), { bears }),
        that('nothing was dropped', counters.ListenDrops.total, equals(0), { bears }),
      ],
      userspace: [that('every client was answered', clients.outcomes.ok, equals(BURSTS * CLIENTS), { bears })],
    }
  },
})
