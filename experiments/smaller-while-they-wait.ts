import { atLeast, deck, equals, experiment, fact, that } from './vocabulary.ts'

const WAITING = 5
const SMALL = 1
const LARGE = 64
const LATER = 3

export default experiment({
  name: 'smaller-while-they-wait',
  teaches:
    'A backlog that is lowered while clients wait throws nobody out: the queue is longer than its limit until it drains, and meanwhile every SYN is dropped. Raised again, it lets the next retransmitted SYN in. The limit is looked at when a client comes, never afterwards.',
  sources: [
    deck('the backlog sizes both queues'),
    fact('calling-listen-again'),
    fact('syn-drop'),
    'inet_csk_listen_start(), sk_acceptq_is_full()',
  ],
  needs: { server: ['one socket'] },
  lab: { backends: [{ backlog: 32 }] },
  phases: {
    fill: async ({ backend, clients, places, until }) => {
      await places({ least: WAITING, most: Number.POSITIVE_INFINITY })
      await backend(1).stall()
      await clients.burst({ connections: WAITING, timeoutMs: 60_000 })
      await until('all of them wait', ({ waiting }) => waiting === WAITING)
    },
    lower: async ({ backend, pass }) => {
      await backend(1).relisten(SMALL)
      await pass(200)
    },
    turnedAway: async ({ clients, pass }) => {
      const load = await clients.burst({ connections: LATER, timeoutMs: 60_000 })
      await pass(400)
      const { connected } = await load.report()
      return { connected }
    },
    raise: async ({ backend, until }) => {
      await backend(1).relisten(LARGE)
      await until('those who were turned away wait too', ({ waiting }) => waiting === WAITING + LATER)
    },
    release: async ({ backend, load }) => {
      await backend(1).release()
      await load('fill').done()
      await load('turnedAway').done()
    },
  },
  expect: ({ result, listener, counters, clients }) => {
    const [early, late] = [clients.startedIn('fill'), clients.startedIn('turnedAway')]
    return {
      kernel: [
        that('the limit is the new one', listener(1).limit.during('lower').last, equals(SMALL), {
          bears: 'any lateness',
        }),
        that(
          'whoever waits stays, although it is more than fit',
          listener(1).length.during('lower').last,
          equals(WAITING),
          {
            bears: 'any lateness',
          },
        ),
        that('nobody is reset', counters.OutRsts.during('lower'), equals(0), { bears: 'any lateness' }),
        that('every later SYN is dropped', counters.ListenDrops.during('turnedAway'), equals(LATER)),
        that('after the raise all of them wait', listener(1).length.during('raise').max, equals(WAITING + LATER), {
          bears: 'any lateness',
        }),
      ],
      userspace: [
        that('no later client is connected while it is full', result.turnedAway.connected, equals(0), {
          bears: 'any lateness',
        }),
        that('each of them needs a second SYN', late.synRetransmits, atLeast(LATER)),
        that('the early ones are all served', early.outcomes.ok, equals(WAITING)),
        that('the later ones too', late.outcomes.ok, equals(LATER)),
      ],
      both: [
        that('each drop is a SYN that the clients sent again', counters.ListenDrops.total, equals(late.synRetransmits)),
      ],
    }
  },
})
