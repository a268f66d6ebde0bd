import type { QueueCounter } from '#kernel/queue-counters.ts'
import { atMost, deck, equals, experiment, fact, is, NotJudged, that } from './vocabulary.ts'

const PORTS = 10
const TOO_MANY = 20
const SOME = 5
/** A little more than the second for which tcp_tw_reuse does not reuse a port. */
const REST_MS = 1200

/** Counters in which one would look for failed connections. */
const suspects: QueueCounter[] = [
  'ActiveOpens',
  'AttemptFails',
  'EstabResets',
  'OutRsts',
  'RetransSegs',
  'TCPSynRetrans',
  'TCPTimeouts',
  'TCPTimeWaitOverflow',
]

export default experiment({
  name: 'port-exhaustion',
  teaches:
    'To one address and port a client can have only as many connections as it has source ports. When they are used up, connect() fails at once with EADDRNOTAVAIL, and no counter moves. The side that closes first keeps the port in TIME_WAIT for a minute, unless tcp_tw_reuse releases it after a second.',
  sources: [
    deck('the client connects'),
    fact('source-port-exhaustion'),
    fact('time_wait'),
    '__inet_hash_connect(), tcp_twsk_unique()',
  ],
  needs: { server: ['one socket', 'http'] },
  lab: {},
  phases: {
    fewPorts: ({ sysctl }) => sysctl('net.ipv4.ip_local_port_range', `40000 ${40000 + PORTS - 1}`, 'client'),
    fill: async ({ backend, clients, places, until }) => {
      await places({ least: PORTS, most: Number.POSITIVE_INFINITY })
      await backend(1).stall()
      await clients.burst({ connections: PORTS, closer: 'client' })
      await until('each port has a connection', (now) => now.waiting === PORTS)
    },
    beyond: async ({ clients }) => {
      const load = await clients.burst({ connections: TOO_MANY })
      const { outcomes, elapsedMs } = await load.done()
      return { withoutPort: outcomes.noPortLeft, elapsedMs }
    },
    elsewhere: async ({ run, sharedPort }) => {
      const errorName = await run(['node', '--eval', connectElsewhere, sharedPort.address], 'client')
      return errorName.trim()
    },
    close: async ({ backend, until }) => {
      await backend(1).release()
      await until('all are served', (now) => now.established === 0)
    },
    rest: async ({ clients, pass, run }) => {
      await pass(REST_MS)
      const timeWaits = (await run(['ss', '-Htn', 'state', 'time-wait'], 'client')).trim().split('\n')
      if ((await run(['ss', '-Htn', 'state', 'time-wait'])).trim() !== '')
        throw new NotJudged('it needs a server that lets the client close first')
      const load = await clients.burst({ connections: SOME })
      return { timeWaits: timeWaits.length, withoutPort: (await load.done()).outcomes.noPortLeft }
    },
    reuse: async ({ clients, pass, sysctl }) => {
      await sysctl('net.ipv4.tcp_tw_reuse', 1, 'client')
      const now = await (await clients.burst({ connections: PORTS, closer: 'client' })).done()
      const tooSoon = await (await clients.burst({ connections: SOME })).done()
      await pass(REST_MS)
      const later = await (await clients.burst({ connections: SOME })).done()
      return { now: now.outcomes.ok, tooSoon: tooSoon.outcomes.noPortLeft, later: later.outcomes.ok }
    },
  },
  expect: ({ result, clientCounters, clients, sysctl }) => {
    const { beyond, elsewhere, rest, reuse } = result
    return {
      kernel: [
        that('the kernel opens a connection for each port', clientCounters.ActiveOpens.during('fill'), equals(PORTS), {
          bears: 'any lateness',
        }),
        that(
          'when no port is left, no counter moves',
          suspects.reduce((sum, name) => sum + clientCounters[name].during('beyond'), 0),
          equals(0),
        ),
        that('each port of a client that closed first is in TIME_WAIT', rest.timeWaits, equals(PORTS)),
      ],
      userspace: [
        that('when no port is left, connect() fails with EADDRNOTAVAIL', beyond.withoutPort, equals(TOO_MANY), {
          bears: 'any lateness',
        }),
        that('connect() fails at once, without waiting for a retransmit', beyond.elapsedMs, atMost(100, 'ms')),
        that('for another destination the same ports are free', elsewhere, is('ECONNREFUSED'), {
          bears: 'any lateness',
        }),
        that('TIME_WAIT still holds the ports after more than a second', rest.withoutPort, equals(SOME)),
        that('with tcp_tw_reuse = 1 the ports can be reused', reuse.now, equals(PORTS)),
        // Kernels without this sysctl wait for the next full second of the clock, which may be a moment or a whole second away.
        ...(Number.isNaN(sysctl('net.ipv4.tcp_tw_reuse_delay'))
          ? []
          : [that('with tcp_tw_reuse = 1 they cannot be reused within the first second', reuse.tooSoon, equals(SOME))]),
        that('with tcp_tw_reuse = 1 they can be reused after that second', reuse.later, equals(SOME)),
      ],
      both: [
        that(
          'the kernel opened what the clients connected, and one connection elsewhere',
          clientCounters.ActiveOpens.total,
          equals(clients.connected + 1),
        ),
      ],
    }
  },
})

/** For `node --eval`: connects to a port of the server without a listener, and prints the error code. */
const connectElsewhere = `
  const { connect } = require('node:net')
  connect(81, process.argv[1]).on('error', ({ code }) => console.log(code))
`
