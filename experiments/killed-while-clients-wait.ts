import { deck, equals, experiment, fact, that } from './vocabulary.ts'

/** As many as wait when the server is killed; every queue of interest holds them. */
const WAITING = 5
const LATER = 4

export default experiment({
  name: 'killed-while-clients-wait',
  teaches:
    'A crash closes the listener, and the kernel resets at once whoever waits in its queue: these clients were connected, and lose what they had sent. Whoever comes while nobody listens is refused at once, and does not try again. After the restart there is a new socket, with a new and empty queue.',
  sources: [
    deck('connected before anybody accepts'),
    fact('closing-a-member'),
    fact('connected-is-not-accepted'),
    'inet_csk_listen_stop(), tcp_v4_send_reset()',
  ],
  needs: { server: ['one socket'] },
  lab: { backends: [{ backlog: 16 }] },
  phases: {
    fill: async ({ backend, clients, places, until }) => {
      await places({ least: WAITING, most: Number.POSITIVE_INFINITY })
      await backend(1).stall()
      await clients.burst({ connections: WAITING, timeoutMs: 60_000 })
      await until('all of them wait', ({ waiting }) => waiting === WAITING)
    },
    kill: async ({ backend, load, until }) => {
      await backend(1).kill()
      await load('fill').done()
      const { listeners } = await until('nobody listens', (now) => now.listeners === 0)
      return { listeners }
    },
    nobody: async ({ clients }) => {
      const load = await clients.burst({ connections: LATER, timeoutMs: 60_000 })
      await load.done()
    },
    restart: async ({ backend, clients, until }) => {
      await backend(1).restart()
      await until('it listens again', (now) => now.listeners === 1)
      const load = await clients.burst({ connections: LATER, timeoutMs: 60_000 })
      await load.done()
    },
  },
  expect: ({ result, listener, counters, clientCounters, clients }) => {
    const [waited, refused, served] = [
      clients.startedIn('fill'),
      clients.startedIn('nobody'),
      clients.startedIn('restart'),
    ]
    return {
      kernel: [
        that('no listener is left', result.kill.listeners, equals(0), { bears: 'any lateness' }),
        that('every waiting client is reset', counters.OutRsts.during('kill'), equals(WAITING), {
          bears: 'any lateness',
        }),
        that('every later SYN is answered with a reset', counters.OutRsts.during('nobody'), equals(LATER), {
          bears: 'any lateness',
        }),
        that('nothing of it counts as an overflow', counters.ListenOverflows.total, equals(0), {
          bears: 'any lateness',
        }),
        that('a refused client does not try again', clientCounters.TCPSynRetrans.during('nobody'), equals(0)),
        that('the new socket begins with an empty queue', listener(1).drops.during('restart'), equals(0), {
          bears: 'any lateness',
        }),
      ],
      userspace: [
        that('those who waited were connected', waited.connected, equals(WAITING), { bears: 'any lateness' }),
        that('those who come later are refused', refused.outcomes.refused, equals(LATER), { bears: 'any lateness' }),
        that('after the restart everybody is served', served.outcomes.ok, equals(LATER)),
      ],
      both: [
        that(
          'the clients see as many resets as the kernel sends',
          waited.outcomes.reset,
          equals(counters.OutRsts.during('kill')),
          {
            bears: 'any lateness',
          },
        ),
      ],
    }
  },
})
