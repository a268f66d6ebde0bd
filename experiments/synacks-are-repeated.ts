import { between, deck, equals, experiment, fact, that } from './vocabulary.ts'

const SILENT = 6
const HONEST = 4
const RETRIES = 1

export default experiment({
  name: 'synacks-are-repeated',
  teaches:
    'A half-open request lives as long as its SYN-ACK is repeated: tcp_synack_retries times, after 1, 2, 4 … seconds. With 1 it is gone after about three seconds, without a trace in any drop counter. While it lives it holds a place in the SYN queue; no process ever hears of it.',
  sources: [
    deck('clients that never acknowledge'),
    fact('syn-ack-timer'),
    fact('retransmission-counters'),
    fact('where-half-open-requests-live'),
    'reqsk_timer_handler()',
  ],
  needs: { server: ['one socket'] },
  lab: { backends: [{ backlog: 32 }], sysctls: { 'net.ipv4.tcp_synack_retries': RETRIES } },
  phases: {
    syns: async ({ clients, places, until }) => {
      await places({ least: SILENT + 1, most: Number.POSITIVE_INFINITY })
      await clients.halfOpen({ syns: SILENT })
      await until('all are half-open', ({ synQueue }) => synQueue.length === SILENT)
    },
    repeat: async ({ until }) => {
      await until('each SYN-ACK has been repeated', ({ counter }) => counter('TCPSynRetrans') >= SILENT)
    },
    expire: async ({ until }) => {
      await until('they are gone', ({ synQueue }) => synQueue.length === 0)
    },
    honest: async ({ clients }) => {
      const load = await clients.burst({ connections: HONEST, timeoutMs: 60_000 })
      await load.done()
    },
  },
  expect: ({ port, counters, clients, durationMs }) => ({
    kernel: [
      that('each SYN holds a place', port.synQueue.during('syns').max, equals(SILENT), { bears: 'any lateness' }),
      that('each SYN-ACK is repeated once', counters.TCPSynRetrans.total, equals(SILENT * RETRIES), {
        bears: 'any lateness',
      }),
      that('nothing counts as a drop', counters.ListenDrops.total, equals(0), { bears: 'any lateness' }),
      that('no connection is made of them', counters.PassiveOpens.total, equals(HONEST), { bears: 'any lateness' }),
      that(
        'they are gone after one second and two more',
        durationMs('repeat') + durationMs('expire'),
        between(2500, 4000, 'ms'),
        { bears: 500 },
      ),
    ],
    userspace: [
      that('so many SYNs were sent', clients.halfOpenSyns.total, equals(SILENT), { bears: 'any lateness' }),
      that('honest clients are served as if nothing had been', clients.outcomes.ok, equals(HONEST)),
    ],
    both: [
      that('every SYN of the flood is half-open at once', port.synQueue.max, equals(clients.halfOpenSyns.total), {
        bears: 'any lateness',
      }),
    ],
  }),
})
