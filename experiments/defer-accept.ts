import { between, deck, equals, experiment, fact, that } from './vocabulary.ts'

const CLIENTS = 20
const LONG_S = 30
const SHORT_S = 1

export default experiment({
  name: 'defer-accept',
  teaches:
    'With TCP_DEFER_ACCEPT a client that connects and sends nothing stays half-open: accept() does not see it until its first byte arrives. The time that you set is not a timeout: when it is up, the next SYN-ACK lets the silent clients in.',
  sources: [
    deck('the handshake, seen from the backend'),
    fact('tcp_defer_accept'),
    fact('drops-that-are-not-overflows'),
    fact('retransmission-counters'),
    'tcp_check_req(), syn_ack_recalc()',
    'tcp(7) <https://man7.org/linux/man-pages/man7/tcp.7.html>',
  ],
  needs: { server: ['one socket'] },
  lab: { backends: [{ backlog: 128 }] },
  phases: {
    deferLong: ({ backend }) => backend(1).deferAccept(LONG_S),
    silent: async ({ clients, until }) => {
      const load = await clients.hold({ connections: CLIENTS })
      await until('all are half-open', ({ synQueue }) => synQueue.length === CLIENTS)
      const { open, connected } = await load.report()
      return { open, connected }
    },
    speak: async ({ backend, load, until }) => {
      await load('silent').speak()
      await until(
        'all are accepted',
        async ({ synQueue }) => synQueue.length === 0 && ((await backend(1).accepts()) ?? CLIENTS) === CLIENTS,
      )
    },
    deferShort: ({ backend }) => backend(1).deferAccept(SHORT_S),
    silentToo: async ({ backend, clients, until }) => {
      await clients.hold({ connections: CLIENTS })
      await until(
        'the new clients are accepted too',
        async ({ synQueue, established }) =>
          synQueue.length === 0 && ((await backend(1).accepts()) ?? established) === 2 * CLIENTS,
      )
    },
  },
  expect: ({ result, listener, port, counters, backend, clients, durationMs }) => ({
    kernel: [
      that('silent clients stay half-open', port.synQueue.during('silent').last, equals(CLIENTS)),
      that('none of them is in the accept queue', listener(1).length.during('silent').max, equals(0), { bears: 2000 }),
      that(
        'the final ACK of each is dropped and counted as deferred',
        counters.TCPDeferAcceptDrop.during('silent'),
        equals(CLIENTS),
      ),
      that('each of these drops counts against the socket', listener(1).drops.during('silent'), equals(CLIENTS)),
      that('none of these drops is an overflow', counters.ListenDrops.total, equals(0), { bears: 'any lateness' }),
      that('no SYN-ACK is retransmitted before the time is up', counters.TCPSynRetrans.during('silent'), equals(0)),
      that(
        'when the short time is up, each gets one more SYN-ACK',
        counters.TCPSynRetrans.during('silentToo'),
        equals(CLIENTS),
      ),
    ],
    userspace: [
      that('every silent client sees itself as connected', result.silent.connected, equals(CLIENTS)),
      that('the backend has accepted none of them', backend(1).accepts.during('silent'), equals(0), { bears: 2000 }),
      that('clients that send data are accepted', backend(1).accepts.during('speak'), equals(CLIENTS)),
      that(
        'after the short time silent clients are accepted too',
        backend(1).accepts.during('silentToo'),
        equals(CLIENTS),
      ),
      that('that takes the one second of the first SYN-ACK timer', durationMs('silentToo'), between(1000, 1500, 'ms'), {
        bears: 300,
      }),
      that('no client is reset', clients.outcomes.ok, equals(2 * CLIENTS)),
    ],
    both: [
      that(
        'the clients count as many connections as the kernel holds half-open',
        result.silent.open,
        equals(port.synQueue.during('silent').max),
      ),
    ],
  }),
})
