import { fileURLToPath } from 'node:url'
import type { Order, Outcome, Way } from './probes/shared-socket-messages.ts'
import type { Stage } from './vocabulary/stage.ts'
import { between, deck, equals, experiment, fact, is, that } from './vocabulary.ts'

const PROCESSES = 4
const CONNECTIONS = 32
/** Sleeps of a process that every connection wakes: one for each, and some more for the work. */
const EACH_TIME = between(0.9 * CONNECTIONS, 1.5 * CONNECTIONS)

const FAIR_SHARE = CONNECTIONS / PROCESSES
const BACKLOG = 100

/** Long enough for every process to be asleep again when the next connection arrives. */
const PAUSE_MS = 15
const BUSY_WORK_MS = 8

const sharedSocket = fileURLToPath(new URL('./probes/shared-socket.ts', import.meta.url))
const connect = fileURLToPath(new URL('./probes/connect.ts', import.meta.url))

export default experiment({
  name: 'fork-shared',
  teaches:
    'Processes can share a listening socket: it still has one queue, and which process gets a connection depends on how they wait. In accept() they take turns. With epoll, which Node uses, each connection wakes them all. With EPOLLEXCLUSIVE the process that registered first gets everything until it is busy.',
  sources: [
    deck('a listening socket that processes share'),
    fact('one-socket-one-queue'),
    fact('who-is-woken'),
    fact('who-really-accepts'),
    fact('node-and-its-listeners'),
    'inet_csk_wait_for_connect()',
    'ep_poll_callback()',
    'Cloudflare: Why does one NGINX worker take all the load? <https://blog.cloudflare.com/the-sad-state-of-linux-socket-balancing/>',
  ],
  needs: { server: ['sockets of its own'], cores: 2, namespaces: 'servers other than the backends listen on the port' },
  lab: { backends: [] },
  phases: {
    blocking: (stage) => idleAndBusy(stage, 'blocking'),
    epoll: (stage) => idleAndBusy(stage, 'epoll'),
    exclusive: (stage) => idleAndBusy(stage, 'epollExclusive'),
    node: (stage) => idleAndBusy(stage, 'libuv'),
  },
  expect: ({ result, counters, clients }) => {
    const { blocking, epoll, exclusive, node } = result
    const all = [blocking, epoll, exclusive, node].flatMap(({ idle, busy }) => [idle, busy])
    const [, ...others] = exclusive.idle.sleeps
    return {
      kernel: [
        that('the four processes share one socket', Math.max(...all.map(({ sockets }) => sockets)), equals(1), {
          bears: 'any lateness',
        }),
        that('with epoll each connection wakes every process', Math.min(...epoll.idle.sleeps), EACH_TIME),
        that('with EPOLLEXCLUSIVE it wakes only the first process', Math.max(...others), between(0, 0.1 * CONNECTIONS)),
        that('Node watches the socket without EPOLLEXCLUSIVE', [...new Set(node.idle.watch)].join(), is('plain'), {
          bears: 'any lateness',
        }),
        that('each connection wakes every Node process', Math.min(...node.idle.sleeps), EACH_TIME),
      ],
      userspace: [
        that('in accept() idle processes take turns', Math.min(...blocking.idle.served), equals(FAIR_SHARE)),
        that(
          'with epoll no process always wins',
          Math.max(...epoll.idle.served),
          between(FAIR_SHARE, 0.85 * CONNECTIONS),
        ),
        that(
          'with EPOLLEXCLUSIVE the first process to register gets everything while it is idle',
          exclusive.idle.served[0] ?? 0,
          equals(CONNECTIONS),
        ),
        that(
          'with EPOLLEXCLUSIVE no process gets more than half under load',
          Math.max(...exclusive.busy.served),
          between(FAIR_SHARE, CONNECTIONS / 2),
        ),
        that('every client is served', clients.outcomes.ok, equals((all.length / 2) * CONNECTIONS)),
      ],
      both: [
        that(
          'the processes serve every connection that the kernel completed, each exactly once',
          sum(all.flatMap(({ served }) => served)),
          equals(counters.PassiveOpens.total),
        ),
        that(
          'clients and processes agree on how many connections the first process served',
          exclusive.idleAnswers.filter((name) => name === 'backend-1').length,
          equals(exclusive.idle.served[0] ?? 0),
          { bears: 'any lateness' },
        ),
      ],
    }
  },
})

/** Four processes that wait in this way serve connections that arrive one at a time, then all at once. */
async function idleAndBusy(stage: Stage, way: Way) {
  let answers = ''
  const idle = await served(stage, way, 0, async ({ run, sharedPort: { address, port } }) => {
    answers = await run(['node', connect, address, `${port}`, `${CONNECTIONS}`, `${PAUSE_MS}`], 'client')
  })
  const busy = await served(stage, way, BUSY_WORK_MS, ({ clients }) => clients.burst({ connections: CONNECTIONS }))
  return { idle, busy, idleAnswers: JSON.parse(answers) as string[] }
}

async function served(
  stage: Stage,
  way: Way,
  workMs: number,
  load: (stage: Stage) => Promise<unknown>,
): Promise<Outcome> {
  const { run, until, sharedPort } = stage
  await until('the port is free', ({ listeners }) => listeners === 0)
  const order: Order = { ...sharedPort, way, processes: PROCESSES, connections: CONNECTIONS, workMs, backlog: BACKLOG }
  const outcome = run(['node', sharedSocket, JSON.stringify(order)])
  const ready = until('all processes wait', ({ listener }) => listener(1).limit === BACKLOG)
  await Promise.race([ready, outcome])
  await load(stage)
  return JSON.parse(await outcome)
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
