import { atLeast, atMost, between, comparison, deck, equals, fact, that } from './vocabulary.ts'

const BACKLOG = 16
/** One more than the backlog, and occasionally one more if two CPUs check at the same time (docs/kernel-facts.md#accept-queue-overshoot). */
const ROOM = BACKLOG + 1
const WORKERS = 4
/** Enough for the retries of all clients. */
const WIDE_BACKLOG = 1024

const CLIENTS = 400
const FLOOD = 160

/** A fair spread exceeds this once in a thousand runs: chi-square for 3 degrees of freedom, one fewer than the shards. */
const CHI_SQUARE_LIMIT = 16.27

/** On a busy machine handshakes overlap, and occasionally a final ACK finds the queue full (docs/kernel-facts.md#final-ack-overflow). */
const LAST_ACKS = 3

/** Backends of each case: a socket each, or one socket that four processes share. */
const backends: Record<string, number[]> = { sharded: [1, 2, 3, 4], shared: [1] }

export default comparison({
  name: 'sharding',
  teaches:
    'With SO_REUSEPORT every backend has its own socket on the one port, with its own queue, limit and drops. The kernel spreads new connections by a hash of their addresses and ports, as evenly as dice. A socket that processes share has one queue, whichever process accepts from it.',
  sources: [
    deck('several sockets on one port'),
    fact('choosing-a-member'),
    fact('one-socket-one-queue'),
    'reuseport_select_sock()',
  ],
  needs: { server: ['backends'] },
  cases: {
    sharded: { backends: Array.from({ length: WORKERS }, () => ({ backlog: BACKLOG })) },
    shared: { mode: 'shared', backends: [{ backlog: BACKLOG, workers: WORKERS }] },
  },
  phases: {
    look: async ({ until, case: mode }) => {
      // The other processes may still be starting when the first is up.
      const owners = mode === 'shared' ? WORKERS : 1
      const { listener } = await until('every socket has its owners', ({ listener }) =>
        backends[mode]!.every((number) => listener(number).owners >= owners),
      )
      return backends[mode]!.map((number) => listener(number).owners)
    },
    spread: async ({ clients }) => {
      const load = await clients.connections({ ratePerSecond: CLIENTS, forMs: 1000 })
      await load.done()
    },
    stall: async ({ backend, case: mode }) => {
      for (const number of backends[mode]!) await backend(number).stall()
    },
    flood: ({ clients }) => clients.burst({ connections: FLOOD }),
    release: async ({ backend, case: mode }) => {
      for (const number of backends[mode]!) {
        await backend(number).relisten(WIDE_BACKLOG)
        await backend(number).release()
      }
    },
  },
  expect: ({ sharded, shared }) => {
    const shards = backends.sharded!
    const accepted = shards.map((shard) => sharded.backend(shard).accepts.during('spread'))
    const held = shards.map((shard) => sharded.listener(shard).length.during('flood').max)
    const dropped = shards.map((shard) => sharded.listener(shard).drops.during('flood'))
    const portDrops = sharded.counters.ListenDrops.during('flood')
    const unheld = sharded.clients.synsSent.during('flood') - sum(held)
    const sharedHeld = shared.listener(1).length.during('flood').max
    const sharedUnheld = shared.clients.synsSent.during('flood') - sharedHeld
    return {
      kernel: [
        that('sharded: each socket has one owner', Math.max(...sharded.result.look), equals(1), {
          bears: 'any lateness',
        }),
        that('shared: one socket has four owners', sum(shared.result.look), equals(WORKERS), { bears: 'any lateness' }),
        that(
          'sharded: four queues fill, each to its own limit',
          sum(held),
          between(WORKERS * ROOM, WORKERS * (ROOM + 1)),
        ),
        that('shared: one queue fills, however many processes accept from it', sharedHeld, between(ROOM, ROOM + 1)),
        that('sharded: each full shard counts its own drops', Math.min(...dropped), atLeast(1)),
        that(
          'sharded: the drops of all shards add up to those of the port',
          sum(dropped),
          between(portDrops, portDrops + LAST_ACKS),
        ),
      ],
      userspace: [
        that(
          'sharded: the hash spreads clients as evenly as fair dice (chi-square)',
          chiSquare(accepted),
          atMost(CHI_SQUARE_LIMIT),
        ),
        that('sharded: every connection goes to exactly one shard', sum(accepted), equals(CLIENTS)),
        that(
          'shared: all four processes accept from the one queue',
          shared.backend(1).acceptsByProcess.filter((accepts) => accepts > 0).length,
          equals(WORKERS),
        ),
        that('sharded: every client is served in the end', sharded.clients.outcomes.ok, equals(CLIENTS + FLOOD)),
        that('shared: every client is served in the end', shared.clients.outcomes.ok, equals(CLIENTS + FLOOD)),
      ],
      both: [
        that(
          'sharded: every SYN that is in none of the four queues was dropped',
          portDrops,
          between(unheld, unheld + LAST_ACKS),
        ),
        that(
          'shared: every SYN that is not in the one queue was dropped',
          shared.counters.ListenDrops.during('flood'),
          between(sharedUnheld, sharedUnheld + LAST_ACKS),
        ),
        that(
          'sharded: the backends accept every connection that the kernel opened',
          sum(accepted),
          equals(sharded.counters.PassiveOpens.during('spread')),
        ),
      ],
    }
  },
})

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/** How far these counts are from an even spread. */
function chiSquare(counts: readonly number[]): number {
  const equal = sum(counts) / counts.length
  return sum(counts.map((count) => (count - equal) ** 2 / equal))
}
