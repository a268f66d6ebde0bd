import { atLeast, between, deck, equals, experiment, fact, that } from './vocabulary.ts'

const BACKLOG = 31
const LIVING = 8
const PATIENCE_MS = 500
/** It takes longer until many are connected. */
const PATIENCE_EACH_MS = 1

export default experiment({
  name: 'dead-in-the-queue',
  teaches:
    'A client that gives up while it waits to be accepted keeps its place: its FIN reaches the kernel, not the queue. A queue of the dead turns the living away, and when the backend is back it first accepts, reads and answers those who have left. The length of the queue does not show it; a dump of its connections does (CLOSE_WAIT).',
  sources: [
    deck('a backend that accepts too slowly'),
    fact('clients-that-hang-up-while-they-wait'),
    fact('syn-drop'),
    'tcp_fin(), inet_csk_accept()',
  ],
  needs: { server: ['one socket'] },
  lab: { backends: [{ backlog: BACKLOG }] },
  phases: {
    fill: async ({ backend, clients, places, until }) => {
      const dead = await places()
      await backend(1).stall()
      await clients.burst({ connections: dead, timeoutMs: PATIENCE_MS + dead * PATIENCE_EACH_MS })
      await until('the queue is full', (now) => now.waiting === dead)
    },
    giveUp: async ({ load, places, until }) => {
      await load('fill').done()
      const dead = await places()
      await until('all of them have hung up', (now) => now.waitingFinished === dead)
    },
    turnedAway: async ({ clients, pass }) => {
      const load = await clients.burst({ connections: LIVING })
      await pass(500)
      const { connected } = await load.report()
      return { connected }
    },
    release: async ({ backend, load, until }) => {
      await backend(1).release()
      await until('the queue is empty', (now) => now.waiting === 0)
      await load('turnedAway').done()
    },
  },
  expect: ({ result, listener, port, counters, backend, clients }) => {
    const all = listener(1).limit.max + 1
    const [dead, living] = [clients.startedIn('fill'), clients.startedIn('turnedAway')]
    return {
      kernel: [
        that(
          'the queue stays full when its clients have left',
          listener(1).length.during('turnedAway').min,
          equals(all),
          { bears: 'any lateness' },
        ),
        that(
          'every connection in it has had a FIN from its client',
          port.waitingFinished.during('turnedAway').min,
          equals(all),
          { bears: 'any lateness' },
        ),
        that(
          'a queue of the dead drops the SYN of every living client',
          counters.ListenOverflows.during('turnedAway'),
          equals(LIVING),
        ),
        that('the queue is empty in the end', listener(1).length.during('release').last, equals(0)),
      ],
      userspace: [
        that('every early client gives up', dead.outcomes.timedOut, equals(all)),
        that('no living client connects while the dead hold the places', result.turnedAway.connected, equals(0), {
          bears: 'any lateness',
        }),
        that('every living client needs a second SYN', living.synRetransmits, atLeast(LIVING)),
        that('no living client connects with its first SYN', living.connectMs.min, atLeast(950, 'ms'), { bears: 400 }),
        that('the living are all served in the end', living.outcomes.ok, equals(LIVING)),
        that('the backend accepts the dead too', backend(1).accepts.total, equals(all + LIVING)),
        that(
          'the backend works for the dead: it answers more requests than there are living clients',
          backend(1).responses.total,
          between(LIVING + 1, LIVING + all),
        ),
      ],
      both: [
        that(
          'the backend accepts as many dead as the kernel has told apart',
          backend(1).accepts.total - living.outcomes.ok - port.waitingFinished.during('turnedAway').last,
          equals(0),
        ),
        that(
          'all who gave up were connected: the handshake told them nothing',
          dead.connected - port.waitingFinished.max,
          equals(0),
        ),
        that('the dead are not counted as alive', port.waitingFinished.during('fill').min, equals(0)),
      ],
    }
  },
})
