import { atMost, between, deck, equals, experiment, fact, that } from './vocabulary.ts'

const BACKLOG = 16
/** SYNs that find the queue full. */
const MORE = 284
/** A queue of thousands is filled more quickly than containers allow. */
const QUICK_FROM = 1000
const HONEST_PER_SECOND = 50
const HONEST_MS = 1000
const HONEST = (HONEST_PER_SECOND * HONEST_MS) / 1000

export default experiment({
  name: 'cookies-hide-overflow',
  teaches:
    'With SYN cookies, the default on Linux, a SYN queue that overflows moves no counter named Listen… and no drop counter of the socket. TCPReqQFullDoCookies and SyncookiesSent show it, and the clients notice nothing.',
  sources: [
    deck('clients that never acknowledge'),
    fact('syn-queue-overflow'),
    fact('syn-queue-limit'),
    fact('syn-cookies'),
    'tcp_conn_request(), tcp_syn_flood_action(), cookie_v4_check()',
  ],
  needs: { server: ['one socket'] },
  lab: { backends: [{ backlog: BACKLOG }], sysctls: { 'net.ipv4.tcp_syncookies': 1 } },
  phases: {
    flood: async ({ clients, places }) => {
      const syns = (await places()) - 1 + MORE
      await clients.halfOpen(syns > QUICK_FROM ? { syns, ratePerSecond: 2000 } : { syns })
    },
    honest: async ({ clients }) => {
      const load = await clients.connections({ ratePerSecond: HONEST_PER_SECOND, forMs: HONEST_MS })
      await load.done()
    },
  },
  expect: ({ listener, port, counters, backend, clients }) => {
    const { max: limit } = listener(1).limit
    return {
      kernel: [
        // Before Linux 6.13 a SYN queue held N, not N + 1.
        that('the SYN queue is full', port.synQueue.during('honest').min, between(limit, limit + 1)),
        that('ListenOverflows does not move', counters.ListenOverflows.total, equals(0)),
        that('ListenDrops does not move', counters.ListenDrops.total, equals(0)),
        that('the socket counts no drops', listener(1).drops.total, equals(0)),
        that('no SYN is dropped because the SYN queue is full', counters.TCPReqQFullDrop.total, equals(0), {
          bears: 'any lateness',
        }),
        that(
          'each SYN that finds it full is counted and answered with a cookie',
          counters.TCPReqQFullDoCookies.total,
          // A backend that stands still lets the accept queue fill too: then it is counted, and no cookie is sent.
          equals(counters.SyncookiesSent.total),
        ),
      ],
      userspace: [
        that('every honest client is served', clients.outcomes.ok, equals(HONEST)),
        that('no honest client retransmits its SYN', clients.synRetransmits, equals(0)),
        that('no honest client has to wait to connect', clients.connectMs.max, atMost(900, 'ms')),
      ],
      both: [
        that(
          'every SYN of the flood is stored or answered with a cookie',
          counters.SyncookiesSent.during('flood') + port.synQueue.during('flood').max,
          equals(clients.halfOpenSyns.total),
        ),
        that(
          'every honest client gets a cookie too, and returns it',
          counters.SyncookiesRecv.during('honest'),
          equals(clients.connected),
        ),
        that(
          'the backend accepts only the honest clients',
          backend(1).accepts.total,
          equals(counters.SyncookiesRecv.total),
        ),
      ],
    }
  },
})
