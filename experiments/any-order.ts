import type { Stage } from './vocabulary/stage.ts'
import { deck, equals, experiment, fact, is, that } from './vocabulary.ts'

/** Completes one of the three handshakes with a request and waits for the answer. Returns the state of each then. */
const finish =
  (connection: number) =>
  async ({ load, until }: Stage) => {
    const handshakes = load('syns')
    const states = async () => (await handshakes.handshakes()).map(({ state }) => state)
    await handshakes.step(connection, 'request')
    await until(`connection ${connection} is answered`, async () => (await states())[connection - 1] === 'over')
    return { states: (await states()).join(', ') }
  }

export default experiment({
  name: 'any-order',
  teaches:
    'The SYN queue is not a queue: half-open requests are in the hash table of all connections and are found by address and port. The client that acknowledges first is accepted first, however late its SYN arrived.',
  sources: [
    deck('half-open requests lie in a hash table'),
    fact('where-half-open-requests-live'),
    'inet_csk_reqsk_queue_hash_add(), __inet_lookup_established()',
  ],
  needs: { server: ['one socket', 'http'] },
  lab: { backends: 1 },
  phases: {
    syns: async ({ clients, until }) => {
      const load = await clients.handshake({ connections: 3 })
      await until('all three are half-open', ({ synQueue }) => synQueue.length === 3)
      return load
    },
    third: finish(3),
    first: finish(1),
    second: finish(2),
    order: async ({ load }) => {
      const handshakes = await load('syns').handshakes()
      const by = (moment: 'startedMs' | 'acceptedMs') =>
        handshakes.every((one) => one[moment] !== undefined)
          ? handshakes.toSorted((a, b) => (a[moment] ?? 0) - (b[moment] ?? 0)).map(({ connection }) => connection)
          : undefined
      return { ofSyns: by('startedMs')?.join(', '), ofAccepts: by('acceptedMs')?.join(', ') }
    },
  },
  expect: ({ result, port, counters, backend, clients }) => ({
    kernel: [
      that('three SYNs create three half-open requests', port.synQueue.during('syns').last, equals(3), {
        bears: 'any lateness',
      }),
      that(
        'when the third handshake is complete, the two before it remain',
        port.synQueue.during('third').last,
        equals(2),
        { bears: 'any lateness' },
      ),
      that('when the first is complete, one remains', port.synQueue.during('first').last, equals(1), {
        bears: 'any lateness',
      }),
      that('when the second is complete, none remains', port.synQueue.during('second').last, equals(0), {
        bears: 'any lateness',
      }),
      that('nothing is dropped for arriving out of order', counters.ListenDrops.total, equals(0), {
        bears: 'any lateness',
      }),
    ],
    userspace: [
      that('the SYNs are sent in order', result.order.ofSyns, is('1, 2, 3'), { bears: 'any lateness' }),
      that('the connections are accepted in the order of their final ACKs', result.order.ofAccepts, is('3, 1, 2'), {
        bears: 'any lateness',
      }),
      that(
        'the third is answered while the first and the second are half-open',
        result.third.states,
        is('half-open, half-open, over'),
        { bears: 'any lateness' },
      ),
      that('every client is served in the end', clients.outcomes.ok, equals(3)),
    ],
    both: [
      that(
        'each request that leaves the SYN queue is accepted by the backend',
        port.synQueue.during('syns').last - port.synQueue.during('third').last,
        equals(backend(1).accepts.during('third')),
        { bears: 'any lateness' },
      ),
      that(
        'the kernel opens as many connections as the backend accepts',
        counters.PassiveOpens.total,
        equals(backend(1).accepts.total),
        { bears: 'any lateness' },
      ),
    ],
  }),
})
