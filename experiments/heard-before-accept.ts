import { deck, equals, experiment, fact, that } from './vocabulary.ts'

const CLIENTS = 4
const SILENCE_MS = 300

export default experiment({
  name: 'heard-before-accept',
  teaches:
    'The kernel takes and acknowledges what clients send while they wait in the accept queue: to them a server that accepts nothing looks like one that thinks. Nothing is sent again, nothing is dropped, and the bytes lie ready when the connection is accepted at last.',
  sources: [
    deck('connected before anybody accepts'),
    fact('connected-is-not-accepted'),
    fact('receive-and-send-queues'),
    'tcp_rcv_established(), inet_csk_accept()',
  ],
  needs: { server: ['one socket', 'http'] },
  lab: { backends: [{ backlog: 16 }] },
  phases: {
    ask: async ({ backend, clients, places, until }) => {
      await places({ least: CLIENTS, most: Number.POSITIVE_INFINITY })
      await backend(1).stall()
      const load = await clients.burst({ connections: CLIENTS, timeoutMs: 60_000 })
      await until(
        'all wait, and have been heard',
        ({ waiting, receiveBytes }) => waiting === CLIENTS && receiveBytes > 0,
      )
      const { bytesWritten } = await load.report()
      await until('all that they sent has arrived', ({ receiveBytes }) => receiveBytes === bytesWritten)
      return { bytesWritten }
    },
    silence: async ({ load, pass, now }) => {
      await pass(SILENCE_MS)
      const { outcomes, bytesRead } = await load('ask').report()
      const { receiveBytes, waiting } = await now()
      return { answered: outcomes.ok, bytesRead, receiveBytes, waiting }
    },
    accept: async ({ backend, load, until }) => {
      await backend(1).release()
      await load('ask').done()
      await until('nothing is left unread', ({ receiveBytes }) => receiveBytes === 0)
    },
  },
  expect: ({ result, port, counters, clientCounters, clients }) => ({
    kernel: [
      that('all of them wait', result.silence.waiting, equals(CLIENTS), { bears: 'any lateness' }),
      that(
        'what they sent lies in the kernel of the server',
        result.silence.receiveBytes,
        equals(result.ask.bytesWritten, 'B'),
        {
          bears: 'any lateness',
        },
      ),
      that('nothing of it is dropped', counters.ListenDrops.total, equals(0), { bears: 'any lateness' }),
      that('in the end nothing lies there', port.receiveBytes.last, equals(0, 'B')),
    ],
    userspace: [
      that('every client is connected', clients.connected, equals(CLIENTS), { bears: 'any lateness' }),
      that('no client is answered while nobody accepts', result.silence.answered, equals(0), { bears: 'any lateness' }),
      that('no byte of an answer comes', result.silence.bytesRead, equals(0, 'B'), { bears: 'any lateness' }),
      that('every client is served in the end', clients.outcomes.ok, equals(CLIENTS)),
    ],
    both: [
      that('what was acknowledged is not sent again', clientCounters.RetransSegs.total, equals(clients.synRetransmits)),
    ],
  }),
})
