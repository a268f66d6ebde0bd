import { equals, experiment, fact, that } from 'spillway/vocabulary'

export default experiment({
  name: 'solution-two-processes',
  teaches: 'The queue belongs to the socket, not to the process: two owners of one socket share one queue of N + 1.',
  sources: ['docs/workshop/02-sockets.md', fact('one-socket-one-queue')],
  lab: { mode: 'shared', backends: [{ backlog: 4, workers: 2 }] },
  phases: {
    stall: ({ backend }) => backend(1).stall(),
    burst: ({ clients }) => clients.burst({ connections: 12 }),
    release: ({ backend }) => backend(1).release(),
  },
  expect: ({ listener, counters, clients, backend }) => ({
    kernel: [
      that('the shared queue holds five connections', listener(1).peak, equals(5)),
      that('the other seven are dropped', counters.ListenDrops.during('burst'), equals(7)),
    ],
    userspace: [
      that('both processes are running', backend(1).acceptsByProcess.length, equals(2)),
      that('every client is served once they resume', clients.outcomes.ok, equals(12)),
    ],
  }),
})
