import { atMost, equals, experiment, fact, type Phase, that } from 'spillway/vocabulary'

const CLIENTS = 60
const BURSTS = 3
/** A burst that lasts longer on a busy machine is no short one. */
const SHORT_MS = 500

/** Between them a little more than half a second, so that not all of them can meet a sample. */
const burst: Phase<void> = async ({ backend, clients, late, pass }) => {
  const beganMs = performance.now()
  await backend(1).stall()
  const load = await clients.burst({ connections: CLIENTS })
  await backend(1).release()
  await load.done()
  late(Math.max(0, performance.now() - beganMs - SHORT_MS))
  await pass(600)
}

export default experiment({
  name: 'solution-hidden-burst',
  teaches:
    'A queue is full for as long as its backend stands still, and a sample is a moment. If as many come as fit, and the stall ends as soon as they are there, neither a sample nor a counter tells of it; what counts each connection does.',
  sources: ['docs/workshop/08-exact.md', fact('events-of-an-accept-queue'), fact('accept-queue-limit')],
  needs: { bpf: 'peaks', server: ['backends'], namespaces: 'a program of ours reads the sockets of this kernel' },
  lab: { backends: [{ backlog: CLIENTS - 1 }], sampleIntervalMs: 1000, exact: 'auto' },
  phases: {
    first: burst,
    second: burst,
    third: async (stage) => {
      await burst(stage)
      const { timesFull, joined } = (await stage.now()).listener(1)
      return { timesFull: timesFull ?? Number.NaN, joined: joined ?? Number.NaN }
    },
  },
  expect: ({ result, listener, counters, clients }) => {
    const { length } = listener(1)
    // A sample may come just then, hardly each time.
    const seen = Math.min(length.during('first').max, length.during('second').max, length.during('third').max)
    return {
      kernel: [
        that('the queue was full each time', result.third.timesFull, equals(BURSTS)),
        that('all came through it', result.third.joined, equals(BURSTS * CLIENTS)),
        that('of a burst no sample saw more than half', seen, atMost(CLIENTS / 2), { bears: 150 }),
        that('nothing was dropped', counters.ListenDrops.total, equals(0)),
      ],
      userspace: [that('every client was answered', clients.outcomes.ok, equals(BURSTS * CLIENTS))],
    }
  },
})
