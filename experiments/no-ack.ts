import { atMost, between, comparison, deck, equals, fact, that } from './vocabulary.ts'

const BACKLOG = 16
const SILENT = 60
const HONEST = 5
/** Long enough for a SYN that is sent again after a second. */
const PATIENCE_MS = 1500

const labWith = (syncookies: number) => ({
  backends: [{ backlog: BACKLOG }],
  sysctls: { 'net.ipv4.tcp_syncookies': syncookies },
})

export default comparison({
  name: 'no-ack',
  teaches:
    'Clients that send a SYN and never acknowledge fill the SYN queue, which is as long as the backlog. Without cookies nobody gets in any more. With cookies (1, the default) the kernel answers without keeping anything once the queue is full; with 2 it never keeps anything.',
  sources: [
    deck('clients that never acknowledge'),
    fact('syn-queue-overflow'),
    fact('syn-queue-limit'),
    fact('syn-cookies'),
    'tcp_conn_request(), tcp_syn_flood_action()',
  ],
  cases: { never: labWith(0), whenFull: labWith(1), always: labWith(2) },
  phases: {
    flood: ({ clients }) => clients.halfOpen({ syns: SILENT }),
    honest: async ({ clients }) => {
      const load = await clients.burst({ connections: HONEST, timeoutMs: PATIENCE_MS })
      await load.done()
    },
  },
  expect: ({ never, whenFull, always }) => ({
    kernel: [
      // Before Linux 6.13 a SYN queue held N, not N + 1.
      that('the SYN queue holds as many as the backlog allows', never.port.synQueue.max, between(BACKLOG, BACKLOG + 1)),
      that('with cookies too', whenFull.port.synQueue.max, between(BACKLOG, BACKLOG + 1)),
      that('with cookies for all it stays empty', always.port.synQueue.max, equals(0)),
      that('no accept queue overflows', never.counters.ListenOverflows.total, equals(0)),
      that(
        "without cookies every drop is the SYN queue's",
        never.counters.TCPReqQFullDrop.total,
        equals(never.counters.ListenDrops.total),
      ),
      that(
        'and is held against the socket once',
        never.listener(1).drops.total,
        equals(never.counters.ListenDrops.total),
      ),
      that('without cookies none is sent', never.counters.SyncookiesSent.total, equals(0)),
      that('with cookies nothing is dropped', whenFull.counters.ListenDrops.total, equals(0)),
      that('nor with cookies for all', always.counters.ListenDrops.total, equals(0)),
      that(
        'cookies for all are counted as if a queue were full',
        always.counters.TCPReqQFullDoCookies.total,
        equals(SILENT + HONEST),
      ),
    ],
    userspace: [
      that('without cookies no honest client connects', never.clients.connected, equals(0)),
      that('all of them give up', never.clients.outcomes.timedOut, equals(HONEST)),
      that('with cookies every honest client is served', whenFull.clients.outcomes.ok, equals(HONEST)),
      that('and connects at once', whenFull.clients.connectMs.max, atMost(900, 'ms')),
      that('so it is with cookies for all', always.clients.outcomes.ok, equals(HONEST)),
    ],
    both: [
      that(
        'without cookies each silent SYN is stored or dropped',
        never.counters.TCPReqQFullDrop.during('flood') + never.port.synQueue.during('flood').max,
        equals(never.clients.halfOpenSyns.total),
      ),
      that(
        'with cookies each is stored or answered by a cookie',
        whenFull.counters.SyncookiesSent.during('flood') + whenFull.port.synQueue.during('flood').max,
        equals(whenFull.clients.halfOpenSyns.total),
      ),
      that(
        'with cookies for all each is answered by a cookie',
        always.counters.SyncookiesSent.during('flood'),
        equals(always.clients.halfOpenSyns.total),
      ),
      that(
        'without cookies every SYN of an honest client is dropped',
        never.counters.TCPReqQFullDrop.during('honest'),
        equals(never.clients.synsSent.during('honest')),
      ),
      that(
        'each honest client brings its cookie back',
        whenFull.counters.SyncookiesRecv.total,
        equals(whenFull.clients.connected),
      ),
    ],
  }),
})
