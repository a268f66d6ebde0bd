import { deck, equals, experiment, fact, that } from './vocabulary.ts'

/** So many SYNs that nobody completes go to shard 1, 2 and 3. */
const SYNS = [5, 40, 100] as const
const ALL = SYNS[0] + SYNS[1] + SYNS[2]
const BACKLOG = 256

/** SYN-ACKs are repeated for a minute: until then a request stays where it is. */
const bears = 10_000

export default experiment({
  name: 'syn-queue-per-shard',
  teaches:
    'Each socket of a SO_REUSEPORT group has a SYN queue of its own, and it can be full while those of its siblings are empty. The kernel shows half-open requests by port alone; which shard holds them only BPF tells.',
  sources: [
    deck('several sockets on one port'),
    fact('what-only-bpf-shows'),
    fact('syn-queue-limit'),
    'struct inet_connection_sock, icsk_accept_queue.qlen',
  ],
  needs: { bpf: 'shards', server: ['backends'], namespaces: 'a program of ours reads the sockets of this kernel' },
  lab: { backends: SYNS.map(() => ({ backlog: BACKLOG })), exact: 'auto' },
  phases: {
    first: async ({ steer, clients }) => {
      await steer({ by: 'member', member: 0 })
      await clients.halfOpen({ syns: SYNS[0] })
    },
    second: async ({ steer, clients }) => {
      await steer({ by: 'member', member: 1 })
      await clients.halfOpen({ syns: SYNS[1] })
    },
    third: async ({ steer, clients }) => {
      await steer({ by: 'member', member: 2 })
      await clients.halfOpen({ syns: SYNS[2] })
    },
    look: async ({ until }) => {
      const { listener, synQueue } = await until('all are half-open', (now) => now.synQueue.length === ALL, { bears })
      return { port: synQueue.length, shards: SYNS.map((_, index) => listener(index + 1).halfOpen ?? Number.NaN) }
    },
  },
  expect: ({ result, clients }) => {
    const { port, shards } = result.look
    return {
      kernel: [
        that('the first shard holds the first few', shards[0] ?? Number.NaN, equals(SYNS[0]), { bears }),
        that('the second holds its own', shards[1] ?? Number.NaN, equals(SYNS[1]), { bears }),
        that('the third holds most', shards[2] ?? Number.NaN, equals(SYNS[2]), { bears }),
      ],
      userspace: [that('so many SYNs were sent', clients.halfOpenSyns.total, equals(ALL), { bears: 'any lateness' })],
      both: [that('what the shards hold adds up to what the port holds', sumOf(shards), equals(port), { bears })],
    }
  },
})

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
