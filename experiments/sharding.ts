import { atLeast, atMost, comparison, equals, that } from './vocabulary.ts'

const BACKLOG = 16
const ROOM = BACKLOG + 1
const WORKERS = 4
const CLIENTS = 400
const FLOOD = 160

/** Fair dice exceed this once in a thousand throws: chi-square for 3 degrees of freedom, one less than there are shards. */
const CHI_SQUARE_LIMIT = 16.27

/** Backends of each case: a socket each, or one socket that four processes share. */
const backends: Record<string, number[]> = { sharded: [1, 2, 3, 4], shared: [1] }

export default comparison({
  name: 'sharding',
  teaches:
    'With SO_REUSEPORT every backend has a socket of its own on the one port, each with its own queue, limit and drops. The kernel deals new connections by a hash of their addresses and ports, as even as dice. A socket that processes share is one queue, whoever accepts from it.',
  sources: ['deck: "Sharding"', 'facts 4: choice', 'facts 5', 'reuseport_select_sock()'],
  cases: {
    sharded: { backends: Array.from({ length: WORKERS }, () => ({ backlog: BACKLOG })) },
    shared: { mode: 'shared', backends: [{ backlog: BACKLOG, workers: WORKERS }] },
  },
  phases: {
    look: async ({ now, case: mode }) => {
      const { listener } = await now()
      return backends[mode]!.map((number) => listener(number).owners)
    },
    spread: async ({ clients }) => {
      const load = await clients.connections({ ratePerSecond: 200, forMs: (CLIENTS / 200) * 1000 })
      await load.done()
    },
    stall: async ({ backend, case: mode }) => {
      for (const number of backends[mode]!) await backend(number).stall()
    },
    flood: ({ clients }) => clients.burst({ connections: FLOOD }),
    release: async ({ backend, case: mode }) => {
      for (const number of backends[mode]!) await backend(number).release()
    },
  },
  expect: ({ sharded, shared }) => {
    const shards = backends.sharded!
    const accepted = shards.map((shard) => sharded.backend(shard).accepts.during('spread'))
    const held = shards.map((shard) => sharded.listener(shard).length.during('flood').max)
    const dropped = shards.map((shard) => sharded.listener(shard).drops.during('flood'))
    return {
      kernel: [
        that('sharded: each socket has one owner', Math.max(...sharded.result.look), equals(1)),
        that('shared: one socket has four owners', sum(shared.result.look), equals(WORKERS)),
        that('sharded: four queues fill, each to its own limit', sum(held), equals(WORKERS * ROOM)),
        that('shared: one queue fills, however many accept from it', shared.listener(1).peak, equals(ROOM)),
        that('sharded: each full shard drops on its own account', Math.min(...dropped), atLeast(1)),
        that(
          'sharded: the drops of all shards together are those of the port',
          sum(dropped),
          equals(sharded.counters.ListenDrops.during('flood')),
        ),
      ],
      userspace: [
        that('sharded: the hash deals like fair dice (chi-square)', chiSquare(accepted), atMost(CHI_SQUARE_LIMIT)),
        that('sharded: every connection goes to exactly one shard', sum(accepted), equals(CLIENTS)),
        that(
          'shared: it takes several processes to accept from one queue',
          shared.backend(1).acceptsByProcess.filter((accepts) => accepts > 0).length,
          equals(WORKERS),
        ),
        that('sharded: all clients are served in the end', sharded.clients.outcomes.ok, equals(CLIENTS + FLOOD)),
        that('shared: so are these', shared.clients.outcomes.ok, equals(CLIENTS + FLOOD)),
      ],
      both: [
        that(
          'sharded: the kernel held four queues of clients and dropped every other SYN',
          sum(dropped),
          equals(sharded.clients.synsSent.during('flood') - WORKERS * ROOM),
        ),
        that(
          'shared: the kernel held one and dropped every other SYN',
          shared.counters.ListenDrops.during('flood'),
          equals(shared.clients.synsSent.during('flood') - ROOM),
        ),
        that(
          'what the backends accept are the connections that the kernel made',
          sum(accepted),
          equals(sharded.counters.PassiveOpens.during('spread')),
        ),
      ],
    }
  },
})

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/** How far these counts are from equal ones. */
function chiSquare(counts: readonly number[]): number {
  const equal = sum(counts) / counts.length
  return sum(counts.map((count) => (count - equal) ** 2 / equal))
}
