import { atMost, deck, equals, experiment, fact, type Phase, that } from './vocabulary.ts'

const CLIENTS = 120
const BACKLOG = CLIENTS - 1
const BURSTS = 3
/** Long enough for whoever was accepted to be gone. Not alike: bursts that come once a second might all meet a sample. */
const AFTER_FIRST_MS = 700
const AFTER_SECOND_MS = 1100

/** How many connections have come through the queue by now, and how often it was full. */
const events: Phase<{ joined: number; timesFull: number }> = async ({ now }) => {
  const { joined, timesFull } = (await now()).listener(1)
  return { joined: joined ?? Number.NaN, timesFull: timesFull ?? Number.NaN }
}

/** On a machine with CPU time to spare a burst is over long before. */
const SHORT_MS = 500

/** As many as fit, at a backend that stands still only until they have come. */
const burst =
  (afterMs: number): Phase<void> =>
  async ({ backend, clients, late, pass }) => {
    const beganMs = performance.now()
    await backend(1).stall()
    const load = await clients.burst({ connections: CLIENTS })
    await backend(1).release()
    await load.done()
    // One that lasts as long as a sampling interval is no short one, and each of its samples may be on time.
    late(Math.max(0, performance.now() - beganMs - SHORT_MS))
    await pass(afterMs)
  }

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
  needs: { bpf: 'peaks', server: ['one socket'], namespaces: 'a program of ours reads the sockets of this kernel' },
  lab: { backends: [{ backlog: BACKLOG }], sampleIntervalMs: 1000, exact: 'auto' },
  phases: {
    // A server of somebody's has another limit, and has been asked before how it answers.
    small: async (stage) => {
      await stage.backend(1).relisten(BACKLOG)
      return await events(stage)
    },
    first: burst(AFTER_FIRST_MS),
    second: burst(AFTER_SECOND_MS),
    third: async (stage) => {
      await burst(AFTER_FIRST_MS)(stage)
      return await events(stage)
    },
  },
  expect: ({ result, listener, counters, clients }) => {
    const { length } = listener(1)
    const { small: before, third: after } = result
    // A sample may happen to fall into one burst, hardly into all three.
    const seen = Math.min(length.during('first').max, length.during('second').max, length.during('third').max)
    return {
      kernel: [
        that('the queue was full in each burst', after.timesFull - before.timesFull, equals(BURSTS), { bears }),
        that('every connection came through it', after.joined - before.joined, equals(BURSTS * CLIENTS), { bears }),
        that('of a burst a sampler that reads once a second may see nothing', seen, atMost(CLIENTS / 2), { bears }),
        that('nothing was dropped', counters.ListenDrops.total, equals(0), { bears }),
      ],
      userspace: [that('every client was answered', clients.outcomes.ok, equals(BURSTS * CLIENTS), { bears })],
    }
  },
})
