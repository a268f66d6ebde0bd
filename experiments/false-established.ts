import { atLeast, comparison, deck, equals, fact, that } from './vocabulary.ts'

const CLIENTS = 8
const ROOM_FOR_ALL = 16
/** A queue with backlog 1 holds two. */
const SMALL = 1
const LUCKY = 2
const UNLUCKY = CLIENTS - LUCKY

export default comparison({
  name: 'false-established',
  teaches:
    'A client is connected as soon as it has the SYN-ACK. If the accept queue is full by then, the kernel drops what should have finished the handshake: the client believes in a connection that the server does not have, and sends its data again and again. With tcp_abort_on_overflow it gets a reset instead.',
  sources: [
    deck('connected before anybody accepts'),
    fact('final-ack-overflow'),
    fact('connected-is-not-accepted'),
    fact('reading-the-drop-counters'),
    'tcp_check_req(), label listen_overflow',
  ],
  cases: {
    silence: { backends: [{ backlog: ROOM_FOR_ALL }], sysctls: { 'net.ipv4.tcp_abort_on_overflow': 0 } },
    reset: { backends: [{ backlog: ROOM_FOR_ALL }], sysctls: { 'net.ipv4.tcp_abort_on_overflow': 1 } },
  },
  phases: {
    // Who stays silent on a socket with TCP_DEFER_ACCEPT waits in the SYN queue: so all of them can be half open at once.
    connect: async ({ backend, clients, until }) => {
      await backend(1).deferAccept(30)
      const load = await clients.hold({ connections: CLIENTS })
      await until('all are half open', ({ synQueue }) => synQueue.length === CLIENTS)
      return load
    },
    narrow: async ({ backend }) => {
      await backend(1).stall()
      await backend(1).relisten(SMALL)
    },
    speak: async ({ load, pass, now }) => {
      await load('connect').speak()
      await pass(1000)
      const { open } = await load('connect').report()
      return { open, established: (await now()).established }
    },
    widen: async ({ backend, load, until }) => {
      await backend(1).relisten(ROOM_FOR_ALL)
      await backend(1).release()
      await until('whoever is still there is accepted', async () => {
        const { open } = await load('connect').report()
        return (await backend(1).status()).accepts === open
      })
    },
  },
  expect: ({ silence, reset }) => ({
    kernel: [
      that('the accept queue takes two', silence.listener(1).length.during('speak').max, equals(LUCKY)),
      that('the server has no more connections than that', silence.result.speak.established, equals(LUCKY)),
      that(
        'whoever is dropped in silence tries again, and overflows the queue again',
        silence.counters.ListenOverflows.during('speak'),
        atLeast(2 * UNLUCKY),
      ),
      that(
        'each try is one overflow, and held against the socket twice',
        silence.listener(1).drops.total - silence.counters.TCPDeferAcceptDrop.total,
        equals(2 * silence.counters.ListenOverflows.total),
      ),
      that('in silence no reset is sent', silence.counters.EmbryonicRsts.total, equals(0)),
      that('with a reset there is one try each', reset.counters.ListenOverflows.total, equals(UNLUCKY)),
      that('a reset leaves nothing in the SYN queue', reset.port.synQueue.during('speak').last, equals(0)),
    ],
    userspace: [
      that('all clients connect, whatever the server has', silence.clients.connected, equals(CLIENTS)),
      that('in silence all go on believing in their connection', silence.result.speak.open, equals(CLIENTS)),
      that('nobody is accepted before the backend goes on', silence.backend(1).accepts.during('speak'), equals(0)),
      that('who was not reset gets in later', silence.backend(1).accepts.total, equals(CLIENTS)),
      that('who was reset never does', reset.backend(1).accepts.total, equals(LUCKY)),
    ],
    both: [
      that(
        'for each packet that the server drops in silence, a client sends its data again',
        silence.clientCounters.RetransSegs.total,
        equals(silence.counters.ListenOverflows.total),
      ),
      that(
        'each reset that the kernel counts is one client with ECONNRESET',
        reset.clients.outcomes.reset,
        equals(reset.counters.EmbryonicRsts.total),
      ),
      that('there is one for each that found no room', reset.clients.outcomes.reset, equals(UNLUCKY)),
    ],
  }),
})
