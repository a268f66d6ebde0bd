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
    'A client is connected as soon as it has the SYN-ACK. If the accept queue is full by then, the kernel drops the packet that should have completed the handshake: the client sees a connection that the server does not have, and retransmits its data. With tcp_abort_on_overflow it gets a reset instead.',
  sources: [
    deck('connected before anybody accepts'),
    fact('final-ack-overflow'),
    fact('connected-is-not-accepted'),
    fact('reading-the-drop-counters'),
    'tcp_check_req(), label listen_overflow',
  ],
  needs: { server: ['one socket'] },
  cases: {
    silence: { backends: [{ backlog: ROOM_FOR_ALL }], sysctls: { 'net.ipv4.tcp_abort_on_overflow': 0 } },
    reset: { backends: [{ backlog: ROOM_FOR_ALL }], sysctls: { 'net.ipv4.tcp_abort_on_overflow': 1 } },
  },
  phases: {
    // With TCP_DEFER_ACCEPT, silent clients stay in the SYN queue, so all of them can be half-open at once.
    connect: async ({ backend, clients, until }) => {
      await backend(1).deferAccept(30)
      const load = await clients.hold({ connections: CLIENTS })
      await until('all are half-open', ({ synQueue }) => synQueue.length === CLIENTS)
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
      await until('every client that is still connected is accepted', async ({ established }) => {
        const { open } = await load('connect').report()
        return ((await backend(1).accepts()) ?? established) === open
      })
    },
  },
  expect: ({ silence, reset }) => ({
    kernel: [
      that('the accept queue holds two', silence.listener(1).length.during('speak').max, equals(LUCKY), {
        bears: 2000,
      }),
      that('the server has only these two connections', silence.result.speak.established, equals(LUCKY), {
        bears: 2000,
      }),
      that(
        'silence: each dropped client tries again and overflows the queue again',
        silence.counters.ListenOverflows.during('speak'),
        atLeast(2 * UNLUCKY),
      ),
      that(
        'silence: each attempt counts as one overflow, and twice against the socket',
        silence.listener(1).drops.total - silence.counters.TCPDeferAcceptDrop.total,
        equals(2 * silence.counters.ListenOverflows.total),
        { bears: 'any lateness' },
      ),
      that('silence: no reset is sent', silence.counters.EmbryonicRsts.total, equals(0), { bears: 'any lateness' }),
      that('reset: each of these clients tries only once', reset.counters.ListenOverflows.total, equals(UNLUCKY), {
        bears: 2000,
      }),
      that('reset: nothing is left in the SYN queue', reset.port.synQueue.during('speak').last, equals(0), {
        bears: 'any lateness',
      }),
    ],
    userspace: [
      that('every client sees itself as connected', silence.clients.connected, equals(CLIENTS)),
      that(
        'silence: every client still sees itself as connected a second later',
        silence.result.speak.open,
        equals(CLIENTS),
      ),
      that(
        'silence: no client is accepted before the backend resumes',
        silence.backend(1).accepts.during('speak'),
        equals(0),
        { bears: 2000 },
      ),
      that('silence: every client is accepted later', silence.backend(1).accepts.total, equals(CLIENTS)),
      that('reset: only the two that fit are ever accepted', reset.backend(1).accepts.total, equals(LUCKY), {
        bears: 2000,
      }),
    ],
    both: [
      that(
        'silence: for each packet that the server drops, a client retransmits its data',
        silence.clientCounters.RetransSegs.total,
        equals(silence.counters.ListenOverflows.total),
      ),
      that(
        'reset: each reset that the kernel counts is one client with ECONNRESET',
        reset.clients.outcomes.reset,
        equals(reset.counters.EmbryonicRsts.total),
      ),
      that('reset: every client that did not fit is reset', reset.clients.outcomes.reset, equals(UNLUCKY), {
        bears: 2000,
      }),
    ],
  }),
})
