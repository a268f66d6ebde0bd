import { atMost, between, comparison, deck, equals, fact, that } from './vocabulary.ts'

const BACKLOG = 16
/** SYNs that find the queue full. */
const MORE = 44
const HONEST = 5
/** A queue of thousands is filled more quickly than containers allow. */
const QUICK_FROM = 1000
/** Long enough for a SYN that is retransmitted after a second. */
const PATIENCE_MS = 1500

const labWith = (syncookies: number) => ({
  backends: [{ backlog: BACKLOG }],
  // Without cookies the last quarter of tcp_max_syn_backlog is kept for clients that are known: no queue comes near it here.
  sysctls: { 'net.ipv4.tcp_syncookies': syncookies, 'net.ipv4.tcp_max_syn_backlog': 65_536 },
})

export default comparison({
  name: 'no-ack',
  teaches:
    'Clients that send a SYN and never acknowledge fill the SYN queue, which is as long as the backlog. Without cookies no other client gets in. With cookies (1, the default) the kernel answers without storing anything once the queue is full; with 2 it never stores anything.',
  sources: [
    deck('clients that never acknowledge'),
    fact('syn-queue-overflow'),
    fact('syn-queue-limit'),
    fact('syn-cookies'),
    'tcp_conn_request(), tcp_syn_flood_action()',
  ],
  needs: { server: ['one socket'] },
  cases: { never: labWith(0), whenFull: labWith(1), always: labWith(2) },
  phases: {
    flood: async ({ clients, places }) => {
      const syns = (await places()) - 1 + MORE
      await clients.halfOpen(syns > QUICK_FROM ? { syns, ratePerSecond: 2000 } : { syns })
    },
    honest: async ({ clients }) => {
      const load = await clients.burst({ connections: HONEST, timeoutMs: PATIENCE_MS })
      await load.done()
    },
  },
  expect: ({ never, whenFull, always }) => {
    const { max: limit } = never.listener(1).limit
    return {
      kernel: [
        // Before Linux 6.13 a SYN queue held N, not N + 1.
        that(
          'without cookies the SYN queue holds as many requests as the backlog allows',
          never.port.synQueue.max,
          between(limit, limit + 1),
          { bears: 'any lateness' },
        ),
        that('with cookies it holds as many', whenFull.port.synQueue.max, between(limit, limit + 1), {
          bears: 'any lateness',
        }),
        that('with tcp_syncookies = 2 the SYN queue stays empty', always.port.synQueue.max, equals(0), {
          bears: 'any lateness',
        }),
        that('without cookies the accept queue does not overflow', never.counters.ListenOverflows.total, equals(0), {
          bears: 'any lateness',
        }),
        that(
          'without cookies every drop is an overflow of the SYN queue',
          never.counters.TCPReqQFullDrop.total,
          equals(never.counters.ListenDrops.total),
          { bears: 'any lateness' },
        ),
        that(
          'without cookies each drop counts once against the socket',
          never.listener(1).drops.total,
          equals(never.counters.ListenDrops.total),
          { bears: 'any lateness' },
        ),
        that('with tcp_syncookies = 0 no cookie is sent', never.counters.SyncookiesSent.total, equals(0), {
          bears: 'any lateness',
        }),
        that('with cookies nothing is dropped', whenFull.counters.ListenDrops.total, equals(0), {
          bears: 'any lateness',
        }),
        that('with tcp_syncookies = 2 nothing is dropped', always.counters.ListenDrops.total, equals(0), {
          bears: 'any lateness',
        }),
        that(
          'with tcp_syncookies = 2 every SYN is counted as if the queue were full',
          always.counters.TCPReqQFullDoCookies.total,
          equals(always.clients.synsSent.total + always.clients.halfOpenSyns.total),
        ),
      ],
      userspace: [
        that('without cookies no honest client connects', never.clients.connected, equals(0), {
          bears: 'any lateness',
        }),
        that('without cookies every honest client times out', never.clients.outcomes.timedOut, equals(HONEST)),
        that('with cookies every honest client is served', whenFull.clients.outcomes.ok, equals(HONEST)),
        that('with cookies every honest client connects at once', whenFull.clients.connectMs.max, atMost(900, 'ms')),
        that('with tcp_syncookies = 2 every honest client is served', always.clients.outcomes.ok, equals(HONEST)),
      ],
      both: [
        that(
          'without cookies each SYN of the flood is stored or dropped',
          never.counters.TCPReqQFullDrop.during('flood') + never.port.synQueue.during('flood').max,
          equals(never.clients.halfOpenSyns.total),
          { bears: 'any lateness' },
        ),
        that(
          'with cookies each SYN of the flood is stored or answered with a cookie',
          whenFull.counters.SyncookiesSent.during('flood') + whenFull.port.synQueue.during('flood').max,
          equals(whenFull.clients.halfOpenSyns.total),
          { bears: 'any lateness' },
        ),
        that(
          'with tcp_syncookies = 2 each SYN of the flood is answered with a cookie',
          always.counters.SyncookiesSent.during('flood'),
          equals(always.clients.halfOpenSyns.total),
          { bears: 'any lateness' },
        ),
        that(
          'without cookies every SYN of an honest client is dropped',
          never.counters.TCPReqQFullDrop.during('honest'),
          equals(never.clients.synsSent.during('honest')),
        ),
        that(
          'with cookies each honest client returns its cookie',
          whenFull.counters.SyncookiesRecv.total,
          equals(whenFull.clients.connected),
        ),
      ],
    }
  },
})
