import { deck, equals, experiment, fact, that } from './vocabulary.ts'

const ASKED = 1000
const SOMAXCONN = 64
const CLIENTS = 100

export default experiment({
  name: 'backlog-clamp',
  teaches:
    'listen() silently takes the smaller of the backlog and net.core.somaxconn. Raising the sysctl later does not change a socket that is already listening, until listen() is called again.',
  sources: [
    deck('the backlog sizes both queues'),
    fact('backlog-clamp'),
    fact('calling-listen-again'),
    '__sys_listen(), __inet_listen_sk()',
    'systemd issue 4629: a larger backlog that changed nothing <https://github.com/systemd/systemd/issues/4629>',
    'Icinga issue 6881: a larger backlog that changed nothing <https://github.com/Icinga/icinga2/issues/6881>',
  ],
  needs: { server: ['one socket'] },
  lab: { backends: [{ backlog: ASKED }], sysctls: { 'net.core.somaxconn': SOMAXCONN } },
  phases: {
    stall: async ({ backend, places }) => {
      // A server that asks for less is granted what it asks for.
      await places({ least: SOMAXCONN + 1 })
      await backend(1).stall()
    },
    burst: async ({ clients, until }) => {
      await clients.burst({ connections: CLIENTS })
      await until('the queue is full', (now) => now.waiting === SOMAXCONN + 1)
    },
    raise: async ({ sysctl, pass }) => {
      await sysctl('net.core.somaxconn', 4096)
      await pass(200)
    },
    listenAgain: async ({ backend, until }) => {
      await backend(1).relisten(ASKED)
      await until('the dropped clients have retried', (now) => now.waiting === CLIENTS)
    },
    release: ({ backend }) => backend(1).release(),
  },
  expect: ({ listener, backend, counters, clients }) => ({
    kernel: [
      that('somaxconn caps the backlog', listener(1).limit.during('burst').max, equals(SOMAXCONN), {
        bears: 'any lateness',
      }),
      that('the queue holds one more than the granted backlog', listener(1).length.during('raise').max, equals(65), {
        bears: 'any lateness',
      }),
      that(
        'raising somaxconn does not change a socket that is already listening',
        listener(1).limit.during('raise').max,
        equals(SOMAXCONN),
        { bears: 'any lateness' },
      ),
      that('calling listen() again sets the new limit', listener(1).limit.last, equals(ASKED), {
        bears: 'any lateness',
      }),
      that(
        'the dropped clients then get in with their next SYN',
        listener(1).length.during('listenAgain').max,
        equals(CLIENTS),
      ),
    ],
    userspace: [
      that('the backend asked for a larger backlog than it got', backend(1).backlog, equals(ASKED), {
        bears: 'any lateness',
      }),
      that(
        'clients that found the queue full take a second or more to connect',
        clients.connectMs.number({ above: 950 }),
        equals(CLIENTS - SOMAXCONN - 1),
      ),
      that('every client is served in the end', clients.outcomes.ok, equals(CLIENTS)),
    ],
    both: [
      that(
        'every SYN beyond the capped backlog is dropped and counted',
        counters.ListenDrops.during('burst'),
        equals(clients.synsSent.during('burst') - SOMAXCONN - 1),
      ),
      that('each dropped SYN is retransmitted exactly once', clients.synRetransmits, equals(CLIENTS - SOMAXCONN - 1)),
    ],
  }),
})
