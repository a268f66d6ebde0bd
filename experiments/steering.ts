import { fileURLToPath } from 'node:url'
import { monotonicMs } from '#common/clock.ts'
import type { Connections } from './vocabulary/readings.ts'
import type { Stage } from './vocabulary/stage.ts'
import { between, deck, equals, experiment, fact, that } from './vocabulary.ts'

/** Shard 1 will be stalled and holds few clients; shard 2 holds all of them. */
const BACKLOG = 4
const WIDE_BACKLOG = 256
const backends = [{ backlog: BACKLOG }, { backlog: WIDE_BACKLOG }]

const CLIENTS = 100
const PINNED_CLIENTS = 20

/** Members of a group count from 0, in the order in which they began to listen: 1 is the second shard. */
const secondShard = { by: 'member', member: 1 } as const
const atRandom = { by: 'random', members: backends.length } as const

const connect = fileURLToPath(new URL('./probes/connect.ts', import.meta.url))

/** A SYN is retransmitted about 1, 2 and 3 s after the first: drops are read in between, timed from the last client. */
const READ_DROPS_AT_MS = [300, 1350, 2400]

/** A client that took less connected with its first SYN; or before the release. */
const FIRST_SYN_MS = 900
const RELEASE_MS = 2900

export default experiment({
  name: 'steering',
  teaches:
    'The kernel chooses the shard anew for every SYN, including a retransmitted one. By hash, a client meets the same full shard each time; at random, it gets a new draw with each retransmit and escapes. A fixed member takes everything, and by CPU the shard is that of the CPU that handles the SYN.',
  sources: [
    deck('several sockets on one port'),
    fact('choosing-a-member'),
    fact('steering-programs'),
    'reuseport_select_sock()',
    'SO_ATTACH_REUSEPORT_CBPF, socket(7) <https://man7.org/linux/man-pages/man7/socket.7.html>',
  ],
  needs: { server: ['backends'], cores: 2, programs: ['taskset'], namespaces: 'clients are pinned to a CPU' },
  lab: { backends },
  phases: {
    pinnedByHash: async (stage) => {
      await stage.steer({ by: 'hash' })
      return await whoAnswersOnCpu1(stage)
    },
    pinnedByCpu: async (stage) => {
      await stage.steer({ by: 'cpu' })
      return await whoAnswersOnCpu1(stage)
    },
    stall: async ({ steer, backend }) => {
      await steer({ by: 'hash' })
      await backend(1).stall()
    },
    hash: async (stage) => {
      const drops = await burst(stage)
      // The first shard is full, and stays so: from here on it gets no SYN, not even one that comes again.
      await stage.steer(secondShard)
      return drops
    },
    member: async ({ clients }) => {
      await (await clients.burst({ connections: CLIENTS })).done()
    },
    release: (stage) => release(stage, 'hash'),
    stallAgain: async ({ steer, backend }) => {
      await steer(atRandom)
      await backend(1).relisten(BACKLOG)
      await backend(1).stall()
    },
    random: burst,
    releaseAgain: (stage) => release(stage, 'random'),
  },
  expect: ({ result, listener, counters, clients }) => {
    const dropped = rounds(result.hash)
    const drawn = rounds(result.random)
    const [hash, member, random] = [clients.startedIn('hash'), clients.startedIn('member'), clients.startedIn('random')]
    const victims = (of: Connections): number => of.connectMs.number({ above: FIRST_SYN_MS })
    const escaped = (of: Connections): number => of.connectMs.number({ above: FIRST_SYN_MS, below: RELEASE_MS })
    return {
      kernel: [
        that('hash: each retransmitted SYN meets the same full shard', dropped.first, equals(dropped.atOnce)),
        that('hash: the second retransmit meets it too', dropped.second, equals(dropped.atOnce)),
        that(
          'random: half of the dropped clients get the other shard with the first retransmit',
          drawn.first / drawn.atOnce,
          between(0.2, 0.8, 'share'),
        ),
        that(
          'random: three quarters have got it after the second',
          drawn.second / drawn.atOnce,
          between(0, 0.5, 'share'),
        ),
        that('member: the full shard gets no SYN at all', listener(1).drops.during('member'), equals(0), {
          bears: 'any lateness',
        }),
      ],
      userspace: [
        that('hash: about half of the clients are stuck', victims(hash) / CLIENTS, between(0.29, 0.7, 'share')),
        that('hash: no dropped client connects while the shard is stalled', escaped(hash), equals(0)),
        that(
          'random: most dropped clients connect while the shard is stalled',
          escaped(random) / victims(random),
          between(0.45, 1, 'share'),
        ),
        that('member: shard 2 answers every client', member.answeredBy(2).count, equals(CLIENTS)),
        that('member: every client connects at once', member.connectMs.max, between(0, 100, 'ms')),
        that(
          'cpu: all clients on CPU 1 reach the second shard',
          shareOf('backend-2', result.pinnedByCpu),
          equals(1, 'share'),
        ),
        that(
          'hash: the same clients reach both shards',
          shareOf('backend-2', result.pinnedByHash),
          between(0.1, 0.9, 'share'),
        ),
      ],
      both: [
        that('hash: the stuck clients are those whose SYN was dropped', victims(hash), equals(dropped.atOnce)),
        that(
          'random: every dropped SYN is retransmitted by a client',
          counters.ListenDrops.during('random') + counters.ListenDrops.during('releaseAgain'),
          equals(random.synRetransmits),
        ),
      ],
    }
  },
})

const shareOf = (name: string, names: readonly string[]): number =>
  names.filter((other) => other === name).length / PINNED_CLIENTS

/** The names of the backends that answer clients on one CPU. */
async function whoAnswersOnCpu1({ run, sharedPort: { address, port } }: Stage): Promise<string[]> {
  const probe = [process.execPath, connect, address, String(port), String(PINNED_CLIENTS)]
  return JSON.parse(await run(['taskset', '--cpu-list', '1', ...probe], 'client'))
}

/** All at once, beside a shard that is stalled: what its listener has dropped before, at once, and after each retry. */
async function burst({ clients, pass, now }: Stage): Promise<number[]> {
  const drops = [(await now()).listener(1).drops]
  await clients.burst({ connections: CLIENTS })
  const beganMs = monotonicMs()
  for (const atMs of READ_DROPS_AT_MS) {
    await pass(Math.max(0, beganMs + atMs - monotonicMs()))
    drops.push((await now()).listener(1).drops)
  }
  return drops
}

/** Ends when the last client that was stuck has been answered. */
async function release({ backend, load }: Stage, burst: string): Promise<void> {
  await backend(1).relisten(WIDE_BACKLOG)
  await backend(1).release()
  await load(burst).done()
}

/** SYNs dropped at once, at the first retry and at the second. */
function rounds([
  before = Number.NaN,
  atOnce = Number.NaN,
  first = Number.NaN,
  second = Number.NaN,
]: readonly number[]) {
  return { atOnce: atOnce - before, first: first - atOnce, second: second - first }
}
