import { atMost, equals, experiment, fact, that } from 'spillway/vocabulary'

const CLIENTS = 60

export default experiment({
  name: 'solution-hidden-burst',
  teaches:
    'A queue is full for as long as its backend stands still, and a sample is a moment. If as many come as fit, and the stall ends as soon as they are there, neither a sample nor a counter tells of it; what counts each connection does.',
  sources: ['docs/workshop/08-exact.md', fact('events-of-an-accept-queue'), fact('accept-queue-limit')],
  needs: { bpf: 'peaks', server: ['backends'], namespaces: 'a program of ours reads the sockets of this kernel' },
  lab: { backends: [{ backlog: CLIENTS - 1 }], sampleIntervalMs: 1000, exact: 'auto' },
  phases: {
    burst: async ({ backend, clients, now }) => {
      await backend(1).stall()
      const load = await clients.burst({ connections: CLIENTS })
      await backend(1).release()
      await load.done()
      const { timesFull, joined } = (await now()).listener(1)
      return { timesFull: timesFull ?? Number.NaN, joined: joined ?? Number.NaN }
    },
  },
  expect: ({ result, listener, counters, clients }) => ({
    kernel: [
      that('the queue was full', result.burst.timesFull, equals(1)),
      that('all came through it', result.burst.joined, equals(CLIENTS)),
      that('no sample saw more than half of it', listener(1).peak, atMost(CLIENTS / 2), { bears: 150 }),
      that('nothing was dropped', counters.ListenDrops.total, equals(0)),
    ],
    userspace: [that('every client was answered', clients.outcomes.ok, equals(CLIENTS))],
  }),
})
