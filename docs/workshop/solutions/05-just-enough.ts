import { atLeast, atMost, comparison, equals, fact, that } from 'spillway/vocabulary'

const RATE = 80
const STALL_MS = 750
/** 80 a second for 0.75 s are 60, and a backlog of N holds N + 1. Two more for a stall that ends a little late. */
const ENOUGH = 61

export default comparison({
  name: 'solution-just-enough',
  teaches: 'The smallest backlog that survives a stall is rate times stall, minus one.',
  sources: ['docs/workshop/05-problems-with-accepting.md', fact('accept-queue-limit')],
  cases: { enough: { backends: [{ backlog: ENOUGH }] }, tooSmall: { backends: [{ backlog: ENOUGH - 10 }] } },
  phases: {
    stall: ({ backend }) => backend(1).stall(),
    load: ({ clients }) => clients.connections({ ratePerSecond: RATE, forMs: STALL_MS }),
    release: ({ backend }) => backend(1).release(),
  },
  expect: ({ enough, tooSmall }) => ({
    kernel: [
      that('sixty connections wait', enough.listener(1).peak, equals((RATE * STALL_MS) / 1000)),
      that('nothing is dropped', enough.counters.ListenDrops.total, equals(0)),
      that('with a backlog ten smaller the rest is dropped', tooSmall.counters.ListenDrops.during('load'), atLeast(8)),
    ],
    userspace: [
      that('no SYN is retransmitted', enough.clients.synRetransmits, equals(0)),
      that('no client waits much longer than the stall', enough.clients.firstByteMs.max, atMost(1500, 'ms')),
      that(
        'with a backlog ten smaller at least eight take a second to connect',
        tooSmall.clients.connectMs.number({ above: 900 }),
        atLeast(8),
      ),
    ],
  }),
})
