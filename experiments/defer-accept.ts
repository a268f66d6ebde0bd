import { between, deck, equals, experiment, fact, that } from './vocabulary.ts'

const CLIENTS = 20
const LONG_S = 30
const SHORT_S = 1

export default experiment({
  name: 'defer-accept',
  teaches:
    'With TCP_DEFER_ACCEPT a client that connects and says nothing stays half open: accept() never hears of it until its first byte comes. The time that one sets is no time-out: when it is over, the next SYN-ACK lets the silent ones in.',
  sources: [
    deck('the handshake, seen from the backend'),
    fact('tcp_defer_accept'),
    fact('drops-that-are-not-overflows'),
    fact('retransmission-counters'),
    'tcp_check_req(), syn_ack_recalc()',
    'tcp(7) <https://man7.org/linux/man-pages/man7/tcp.7.html>',
  ],
  lab: { backends: [{ backlog: 128 }] },
  phases: {
    deferLong: ({ backend }) => backend(1).deferAccept(LONG_S),
    silent: async ({ clients, until }) => {
      const load = await clients.hold({ connections: CLIENTS })
      await until('all are half open', ({ synQueue }) => synQueue.length === CLIENTS)
      const { open, connected } = await load.report()
      return { open, connected }
    },
    speak: async ({ backend, load, until }) => {
      await load('silent').speak()
      await until('all are accepted', async () => (await backend(1).status()).accepts === CLIENTS)
    },
    deferShort: ({ backend }) => backend(1).deferAccept(SHORT_S),
    silentToo: async ({ backend, clients, until }) => {
      await clients.hold({ connections: CLIENTS })
      await until('these are accepted too', async () => (await backend(1).status()).accepts === 2 * CLIENTS)
    },
  },
  expect: ({ result, listener, port, counters, backend, clients, durationMs }) => ({
    kernel: [
      that('who stays silent stays half open', port.synQueue.during('silent').last, equals(CLIENTS)),
      that('nothing of it is in the accept queue', listener(1).length.during('silent').max, equals(0)),
      that(
        'the last ACK of each is dropped, and counted as deferred',
        counters.TCPDeferAcceptDrop.during('silent'),
        equals(CLIENTS),
      ),
      that('and held against the socket', listener(1).drops.during('silent'), equals(CLIENTS)),
      that('though nothing has overflowed', counters.ListenDrops.total, equals(0)),
      that('no SYN-ACK is sent again while the time lasts', counters.TCPSynRetrans.during('silent'), equals(0)),
      that(
        'when the short time is over, each gets one SYN-ACK again',
        counters.TCPSynRetrans.during('silentToo'),
        equals(CLIENTS),
      ),
    ],
    userspace: [
      that('every silent client is connected, as it sees it', result.silent.connected, equals(CLIENTS)),
      that('the backend knows nothing of them', backend(1).accepts.during('silent'), equals(0)),
      that('whoever speaks is accepted', backend(1).accepts.during('speak'), equals(CLIENTS)),
      that('after the short time the silent ones are too', backend(1).accepts.during('silentToo'), equals(CLIENTS)),
      that("which takes the first SYN-ACK's second", durationMs('silentToo'), between(1000, 2500, 'ms')),
      that('nobody is reset', clients.outcomes.ok, equals(2 * CLIENTS)),
    ],
    both: [
      that(
        'clients believe in as many connections as the kernel holds half open',
        result.silent.open,
        equals(port.synQueue.during('silent').max),
      ),
    ],
  }),
})
