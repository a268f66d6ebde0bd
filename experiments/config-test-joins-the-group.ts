import { fileURLToPath } from 'node:url'
import { atLeast, between, deck, equals, experiment, fact, NotJudged, that } from './vocabulary.ts'

const CLIENTS_PER_SECOND = 500
const TESTS = 25
/** About as long as a server takes to read and try its configuration. */
const STAY_MS = 20
const PAUSE_MS = 60
/** A client may come between the tester's last look at its queue and its close. */
const LAST_MOMENT = 4

const join = fileURLToPath(new URL('./probes/join.ts', import.meta.url))

export default experiment({
  name: 'config-test-joins-the-group',
  teaches:
    'A process that listens on a shared port for a moment, such as a test of a configuration that opens its sockets with SO_REUSEPORT, is a member of the group for that moment: it gets its share of the clients, and resets them when it closes. Nothing overflows, so no counter of the queues moves, and the backend never hears of these clients.',
  sources: [
    deck('several sockets on one port'),
    fact('choosing-a-member'),
    fact('closing-a-member'),
    'inet_csk_listen_stop()',
  ],
  needs: { server: ['one socket'], namespaces: 'another process listens beside the backend' },
  lab: { backends: [{ backlog: 511 }], sysctls: { 'net.ipv4.tcp_migrate_req': 0 } },
  phases: {
    calm: async ({ clients, run, sharedPort: { address, port } }) => {
      await run(['node', join, address, String(port), '1', '0', '0']).catch((error: Error) => {
        if (!error.message.includes('EADDRINUSE')) throw error
        throw new NotJudged('it needs a server that listens with SO_REUSEPORT: nobody else can join this one')
      })
      const load = await clients.connections({ ratePerSecond: CLIENTS_PER_SECOND, forMs: 1000 })
      await load.done()
    },
    test: async ({ clients, run, late, sharedPort: { address, port }, now, pass }) => {
      const before = await now()
      const load = await clients.flow({ ratePerSecond: CLIENTS_PER_SECOND })
      const arguments_ = [address, port, TESTS, STAY_MS, PAUSE_MS].map(String)
      const told: { waited: number; lateMs: number } = JSON.parse(await run(['node', join, ...arguments_]))
      late(told.lateMs)
      await load.stop()
      await pass(200)
      return { waited: told.waited, sampled: (await now()).resetByClosing - before.resetByClosing }
    },
  },
  expect: ({ result, counters, backend, clients }) => {
    const { waited, sampled } = result.test
    const during = clients.startedIn('test')
    const resets = counters.EstabResets.during('test')
    // The end of the load cuts off some, with an RST of their own, which the kernel counts as well.
    const { abandoned } = during.outcomes
    // A client whose process is late learns of the connection and of its reset at once: its connect() fails.
    const lost = during.outcomes.reset + during.outcomes.failed
    return {
      kernel: [
        that(
          'every client that waits for a tester is reset when it closes',
          resets - waited,
          between(0, LAST_MOMENT + abandoned),
        ),
        that('no accept queue overflows', counters.ListenOverflows.total, equals(0)),
        that('no listener drops anything', counters.ListenDrops.total, equals(0)),
        that('nobody is reset while no tester joins', counters.EstabResets.during('calm'), equals(0)),
        // Of those that came to a tester since the last sample nothing is seen: a quarter on average, if samples are on time.
        that('testers that live for 20 ms show in samples every 10 ms', sampled / resets, between(0.5, 1.1, 'share'), {
          bears: 20,
        }),
      ],
      userspace: [
        that('each test costs clients', lost, atLeast(TESTS)),
        that(
          'all other clients are served, save those that the end of the load cuts off',
          during.outcomes.ok + lost + abandoned,
          equals(during.count),
        ),
        that('every client is served while no tester joins', clients.startedIn('calm').outcomes.reset, equals(0)),
        that(
          'the backend hears only of the clients that it serves',
          backend(1).accepts.during('test') - during.outcomes.ok,
          between(0, abandoned),
        ),
      ],
      both: [
        that('the clients see as many resets as the kernel counts', lost - resets, between(-abandoned, LAST_MOMENT)),
      ],
    }
  },
})
