import { equals, experiment, fact, that } from 'spillway/vocabulary'

export default experiment({
  name: 'solution-drain-then-close',
  teaches:
    'First steer new connections away, let the queue drain, then close: nothing is left to reset. This needs a sibling with room, and a process that still accepts.',
  sources: ['docs/workshop/06-sharding.md', fact('closing-a-member'), fact('steering-programs')],
  lab: { backends: 2, sysctls: { 'net.ipv4.tcp_migrate_req': 0 } },
  phases: {
    load: async ({ backend, clients, pass }) => {
      await backend(1).set({ acceptDelayMs: 5 })
      await clients.flow({ ratePerSecond: 150 })
      await pass(1000)
    },
    // Members count from 0, in the order in which they joined: backend 2 is member 1.
    steer: ({ steer }) => steer({ by: 'member', member: 1 }),
    drain: ({ until }) => until('the queue of shard 1 is empty', (now) => now.listener(1).length === 0),
    close: async ({ backend, pass }) => {
      await backend(1).close()
      await pass(500)
    },
  },
  expect: ({ counters, clients, backend }) => ({
    kernel: [
      that('closing resets no connection', counters.EstabResets.during('close'), equals(0)),
      that('nothing is dropped', counters.ListenDrops.total, equals(0)),
    ],
    userspace: [
      that('no client sees a reset', clients.outcomes.reset, equals(0)),
      that('no client is refused', clients.outcomes.refused, equals(0)),
      that('shard 1 accepts no more clients', backend(1).accepts.during('close'), equals(0)),
    ],
  }),
})
