import { atLeast, atMost, between, deck, equals, experiment, fact, that } from './vocabulary.ts'

const SLOW = 4
const RESPONSE_BYTES = 16_000_000
const OTHERS = 20
/** What the streams of one connection hold, and its client's receive queue. */
const IN_HAND_BYTES = 512 * 1024

export default experiment({
  name: 'slow-client',
  teaches:
    "A client that does not read closes its window: the answer stays in the backend's send queue, and when that is full the backend has to hold the rest. Fastify then produces no more of a streamed answer than the queues take (backpressure), and the other clients are served as usual.",
  sources: [
    deck('a send queue and a receive queue for each connection'),
    fact('receive-and-send-queues'),
    fact('a-reader-that-stops'),
    "tcp_sendmsg(), sk_stream_memory_free(); Node's stream.pipe() and writableHighWaterMark",
  ],
  needs: { server: ['counts'] },
  lab: { backends: 1 },
  phases: {
    fill: async ({ clients, until, pass }) => {
      await clients.readSlowly({ connections: SLOW, bytesPerSecond: 0, responseBytes: RESPONSE_BYTES })
      await until('every client has closed its window', ({ zeroWindows }) => zeroWindows === SLOW)
      await pass(500)
    },
    stand: async ({ backend, pass }) => {
      await pass(1000)
      const { open, bodyBytes } = await backend(1).status()
      return { open, bodyBytes }
    },
    others: async ({ clients }) => {
      const load = await clients.burst({ connections: OTHERS })
      await load.done()
    },
    leave: async ({ load, until, backend }) => {
      await load('fill').stop()
      await until('the backend has closed the connections', async () => (await backend(1).status()).open === 0)
      const { bodyBytes } = await backend(1).status()
      return { bodyBytes }
    },
  },
  expect: ({ result, port, clientCounters, backend, clients }) => {
    const unsent = port.sendBytes.during('stand')
    return {
      kernel: [
        that('every slow client has closed its window', port.zeroWindows.during('stand').min, equals(SLOW)),
        that('each slow client closes its window once', clientCounters.TCPToZeroWindowAdv.during('fill'), equals(SLOW)),
        that('the send queues are full', unsent.min, atLeast(SLOW * 65_536, 'B')),
        that('the send queues stay full', unsent.max, equals(unsent.min, 'B')),
        that('the send queues are empty once the clients have left', port.sendBytes.last, equals(0, 'B')),
      ],
      userspace: [
        that('the backend holds a connection for each slow client', result.stand.open, equals(SLOW)),
        that('the backend has finished none of their answers', backend(1).responses.during('stand'), equals(0), {
          bears: 'any lateness',
        }),
        that(
          'the backend has produced only part of what they asked for',
          result.stand.bodyBytes / (SLOW * RESPONSE_BYTES),
          atMost(0.3, 'share'),
        ),
        that('all other clients are served', clients.startedIn('others').outcomes.ok, equals(OTHERS)),
        that('the other clients do not have to wait', clients.startedIn('others').totalMs.max, atMost(900, 'ms')),
        that('answers that no client reads are never finished', backend(1).responses.total, equals(OTHERS)),
        that(
          'the backend produces no more of these answers',
          result.leave.bodyBytes - result.stand.bodyBytes,
          between(0, OTHERS * 1000, 'B'),
        ),
      ],
      both: [
        that(
          'what the backend has produced is in its send queues, except for a little that it or the clients hold',
          (result.stand.bodyBytes - unsent.last) / SLOW,
          between(0, IN_HAND_BYTES, 'B'),
        ),
      ],
    }
  },
})
