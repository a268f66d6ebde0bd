import { between, deck, equals, experiment, fact, that } from './vocabulary.ts'

const BACKLOG = 8
/** How long the completed connection stays in the accept queue. */
const IN_QUEUE_MS = 500

export default experiment({
  name: 'handshake',
  teaches:
    'The kernel does the whole handshake; the backend takes no part in it. A SYN creates a half-open request in the SYN queue; the final ACK turns it into a connection in the accept queue; accept() takes it out. The client is connected before the backend has accepted.',
  sources: [
    deck('the handshake, seen from the backend'),
    fact('where-half-open-requests-live'),
    fact('connected-is-not-accepted'),
    fact('passiveopens'),
    'tcp_conn_request(), tcp_check_req(), inet_csk_accept()',
  ],
  needs: { server: ['one socket', 'http'] },
  lab: { backends: [{ backlog: BACKLOG }] },
  phases: {
    stall: ({ backend }) => backend(1).stall(),
    syn: async ({ clients, until }) => {
      const load = await clients.handshake({ connections: 1 })
      await until('the request is half-open', ({ synQueue }) => synQueue.length === 1)
      return load
    },
    ack: async ({ load, until, pass }) => {
      await load('syn').step(1, 'ack')
      await until('the connection is in the accept queue', ({ listener }) => listener(1).length === 1)
      await pass(IN_QUEUE_MS)
      const { connected } = await load('syn').report()
      return { connected }
    },
    accept: async ({ backend, until }) => {
      await backend(1).release()
      await until(
        'the backend has accepted it',
        async ({ waiting }) => waiting === 0 && ((await backend(1).accepts()) ?? 1) === 1,
      )
    },
    request: async ({ load }) => {
      await load('syn').step(1, 'request')
      await load('syn').done()
    },
  },
  expect: ({ result, listener, port, counters, backend, clients, durationMs }) => ({
    kernel: [
      that('after the SYN there is one half-open request', port.synQueue.during('syn').last, equals(1), {
        bears: 'any lateness',
      }),
      that('after the SYN the accept queue is empty', listener(1).length.during('syn').max, equals(0), {
        bears: 'any lateness',
      }),
      that('after the SYN no connection is counted as opened', counters.PassiveOpens.during('syn'), equals(0), {
        bears: 'any lateness',
      }),
      that('after the final ACK no request is half-open', port.synQueue.during('ack').last, equals(0), {
        bears: 'any lateness',
      }),
      that(
        'after the final ACK one connection is in the accept queue',
        listener(1).length.during('ack').last,
        equals(1),
        { bears: 'any lateness' },
      ),
      that(
        'after the final ACK the kernel counts one connection as opened',
        counters.PassiveOpens.during('ack'),
        equals(1),
        { bears: 'any lateness' },
      ),
      that('after accept() the accept queue is empty', listener(1).length.during('accept').last, equals(0), {
        bears: 'any lateness',
      }),
      that('after accept() the connection is still established', port.established.during('accept').last, equals(1), {
        bears: 'any lateness',
      }),
    ],
    userspace: [
      that('after the SYN the backend has accepted nothing', backend(1).accepts.during('syn'), equals(0), {
        bears: 'any lateness',
      }),
      that(
        'after the final ACK the stalled backend has accepted nothing',
        backend(1).accepts.during('ack'),
        equals(0),
        { bears: 'any lateness' },
      ),
      that('after the final ACK the client is connected all the same', result.ack.connected, equals(1), {
        bears: 'any lateness',
      }),
      that('the backend accepts the connection when it resumes', backend(1).accepts.during('accept'), equals(1), {
        bears: 'any lateness',
      }),
      that('the client is answered', clients.outcomes.ok, equals(1)),
    ],
    both: [
      that(
        'the kernel tells the backend how long the connection was in the queue',
        clients.acceptWaitMs.min,
        between(IN_QUEUE_MS, durationMs('ack') + durationMs('accept'), 'ms'),
        { bears: 'any lateness' },
      ),
    ],
  }),
})
