import { between, equals, experiment, fact, that } from 'spillway/vocabulary'

export default experiment({
  name: 'solution-backlog-zero',
  teaches:
    'A backlog of 0 holds one connection. Raising it on the live socket evicts no client and admits none: a dropped client gets in with the next retransmit of its SYN.',
  sources: ['docs/workshop/01-handshake.md', fact('accept-queue-limit'), fact('calling-listen-again')],
  lab: { backends: [{ backlog: 0 }] },
  phases: {
    stall: ({ backend }) => backend(1).stall(),
    burst: ({ clients }) => clients.hold({ connections: 4 }),
    raise: async ({ backend, now }) => {
      await backend(1).relisten(3)
      return { waiting: (await now()).listener(1).length }
    },
    retry: ({ until }) => until('all four wait', (now) => now.listener(1).length === 4),
    release: ({ backend }) => backend(1).release(),
  },
  expect: ({ listener, result, clients }) => ({
    kernel: [
      that('a backlog of 0 holds one connection', listener(1).length.during('burst').max, equals(1)),
      that('raising it lets no client in at once', result.raise.waiting, equals(1)),
      that('with the retransmits all four fit', listener(1).peak, equals(4)),
    ],
    userspace: [
      that('three clients connect with their second SYN', clients.connectMs.number({ above: 900 }), equals(3)),
      that('the slowest connects about a second after its first SYN', clients.connectMs.max, between(950, 1200, 'ms')),
    ],
  }),
})
