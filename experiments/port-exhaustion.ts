import type { QueueCounter } from '#kernel/queue-counters.ts'
import { atMost, deck, equals, experiment, fact, is, that } from './vocabulary.ts'

const PORTS = 10
const TOO_MANY = 20
const SOME = 5
/** A little more than the second for which tcp_tw_reuse lets a port rest. */
const REST_MS = 1200

/** Where one would look for connections that fail. */
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
    'To one address and port a client has as many connections as source ports. When they are used up connect() fails at once with EADDRNOTAVAIL, and no counter moves. Whoever closes first keeps the port for a minute in TIME_WAIT, unless tcp_tw_reuse gives it away after a second.',
  sources: [
    deck('the client connects'),
    fact('source-port-exhaustion'),
    fact('time_wait'),
    '__inet_hash_connect(), tcp_twsk_unique()',
  ],
  lab: {},
  phases: {
    fewPorts: ({ sysctl }) => sysctl('net.ipv4.ip_local_port_range', `40000 ${40000 + PORTS - 1}`, 'client'),
    fill: async ({ backend, clients, until }) => {
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
        that('the kernel opens a connection for each port', clientCounters.ActiveOpens.during('fill'), equals(PORTS)),
        that(
          'where it has no port for one, no counter moves',
          suspects.reduce((sum, name) => sum + clientCounters[name].during('beyond'), 0),
          equals(0),
        ),
        that('each port of a client that closed first is in TIME_WAIT', rest.timeWaits, equals(PORTS)),
      ],
      userspace: [
        that('without a port connect() fails with EADDRNOTAVAIL', beyond.withoutPort, equals(TOO_MANY)),
        that('at once: no SYN waits to be sent again', beyond.elapsedMs, atMost(500, 'ms')),
        that('for another destination the same ports are free', elsewhere, is('ECONNREFUSED')),
        that('TIME_WAIT keeps a port also after a second', rest.withoutPort, equals(SOME)),
        that('with tcp_tw_reuse = 1 it gives it away', reuse.now, equals(PORTS)),
        // Kernels without this sysctl let it rest until the clock's next second, be that a moment or a whole one.
        ...(Number.isNaN(sysctl('net.ipv4.tcp_tw_reuse_delay'))
          ? []
          : [that('but not within the first second', reuse.tooSoon, equals(SOME))]),
        that('and then again', reuse.later, equals(SOME)),
      ],
      both: [
        that(
          'who connected, and one elsewhere, is all that the kernel opened',
          clientCounters.ActiveOpens.total,
          equals(clients.connected + 1),
        ),
      ],
    }
  },
})

/** For `node --eval`: connects to a port of the server where nobody listens, and prints what became of it. */
const connectElsewhere = `
  const { connect } = require('node:net')
  connect(81, process.argv[1]).on('error', ({ code }) => console.log(code))
`
