import { deck, equals, experiment, fact, that } from './vocabulary.ts'

const BACKLOG = 1
const CLIENTS = 30
/** What clients and the backend add. */
const LATE_MS = 400
/** The kernel's timers of a second and more end up to an eighth of their length late (docs/kernel-facts.md#syn-retransmissions). */
const lateMs = (second: number): number => Math.max(LATE_MS, (second * 1000) / 8)

export default experiment({
  name: 'retry-staircase',
  teaches:
    'A dropped SYN is not refused: it is retransmitted after 1, 2, 3, 4, 5, 7, 11 s on current kernels and after 1, 3, 7, 15 s on older ones. Latencies that cluster on these steps are the fingerprint of dropped SYNs.',
  sources: [
    deck('a backend that accepts too slowly'),
    fact('syn-retransmissions'),
    fact('retransmission-counters'),
    'tcp_retransmit_timer()',
    'Linux commit ccce324dabfe: the first SYN timeouts are linear <https://git.kernel.org/torvalds/c/ccce324dabfe>',
  ],
  needs: { server: ['one socket'] },
  lab: { backends: [{ backlog: BACKLOG }] },
  phases: {
    slow: async ({ backend }) => {
      await backend(1).stall()
      await backend(1).relisten(BACKLOG)
    },
    // Spread out: SYNs that arrive together would all see the one free place before one of them takes it.
    crowd: async ({ clients }) => {
      await clients.connections({ ratePerSecond: CLIENTS, forMs: 1000, timeoutMs: 30_000 })
    },
    // Two or three a second get in, so that each step finds the queue full for most.
    steps: async ({ backend, pass }) => {
      for (let more = 1; more <= 16; more++) {
        await pass(450)
        await backend(1).relisten(BACKLOG + more)
      }
    },
    // The remaining clients get in at the next step.
    room: async ({ backend }) => {
      await backend(1).relisten(CLIENTS)
      await backend(1).release()
    },
  },
  expect: ({ listener, counters, clientCounters, clients, sysctl }) => {
    const steps = stepsInSeconds(sysctl('net.ipv4.tcp_syn_linear_timeouts'))
    const connectedOn = (second: number): number =>
      clients.connectMs.number({ above: second * 1000 - 30, below: second * 1000 + lateMs(second) })
    const onEachStep = steps.map(connectedOn)
    const onSteps = onEachStep.reduce((sum, found) => sum + found, connectedOn(0))
    return {
      kernel: [
        that(
          'a queue with backlog 1 holds two connections',
          listener(1).length.during('crowd').max,
          equals(BACKLOG + 1),
        ),
        that(
          'each drop is an overflow of the accept queue',
          counters.ListenOverflows.total,
          equals(counters.ListenDrops.total),
          { bears: 'any lateness' },
        ),
      ],
      userspace: [
        that(
          `at least one client connects on each step: ${steps.join(', ')} s`,
          onEachStep.filter((found) => found > 0).length,
          equals(steps.length),
        ),
        that('no client connects between the steps', clients.connected - onSteps, equals(0)),
        that('every client is served in the end', clients.outcomes.ok, equals(CLIENTS)),
      ],
      both: [
        that(
          'the clients see as many SYN retransmits as their kernel counts',
          clients.synRetransmits,
          equals(clientCounters.TCPSynRetrans.total),
        ),
      ],
    }
  },
})

/**
 * When a SYN is retransmitted, in seconds since the first, up to the step that gets in. The first waits are a second
 * each: one, and as many more as tcp_syn_linear_timeouts says. After that each is twice the one before.
 */
function stepsInSeconds(linearTimeouts: number): number[] {
  const seconds = Array.from({ length: 1 + (linearTimeouts || 0) }, (_, index) => index + 1)
  for (let wait = 2, last = seconds.length; last < 9; wait *= 2) {
    last += wait
    seconds.push(last)
  }
  return seconds
}
