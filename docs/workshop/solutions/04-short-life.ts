import { between, equals, experiment, fact, that } from 'spillway/vocabulary'

const SYNS = 5

export default experiment({
  name: 'solution-short-life',
  teaches:
    'After the last SYN-ACK the kernel waits once more, twice as long as before: with one retransmit, at 1 s, a half-open request silently disappears at about 3 s.',
  sources: ['docs/workshop/04-establishment.md', fact('syn-ack-timer')],
  lab: { backends: [{ backlog: 100 }], sysctls: { 'net.ipv4.tcp_synack_retries': 1 } },
  phases: {
    syns: async ({ clients, until }) => {
      await clients.halfOpen({ syns: SYNS })
      await until('all are half-open', (now) => now.synQueue.length === SYNS)
    },
    wait: ({ until }) => until('all are gone', (now) => now.synQueue.length === 0),
  },
  expect: ({ port, counters, clients, durationMs, backend }) => ({
    kernel: [
      that('five requests are half-open', port.synQueue.max, equals(SYNS)),
      that('each gets one more SYN-ACK', counters.TCPSynRetrans.during('wait'), equals(SYNS)),
      that('nothing is counted as a drop', counters.ListenDrops.total, equals(0)),
      that('they are gone after about three seconds', durationMs('wait'), between(2500, 3800, 'ms')),
    ],
    userspace: [
      that('five SYNs were sent', clients.halfOpenSyns.total, equals(SYNS)),
      that('the backend accepts none of them', backend(1).accepts.total, equals(0)),
    ],
  }),
})
