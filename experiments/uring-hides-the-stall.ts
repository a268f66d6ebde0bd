import { fileURLToPath } from 'node:url'
import type { Stage } from './vocabulary/stage.ts'
import { atLeast, atMost, between, deck, equals, experiment, fact, NotJudged, that } from './vocabulary.ts'

const BACKLOG = 8
/** As many as fit. */
const FIT = BACKLOG + 1
const CLIENTS = 20
/** Slow enough for the kernel to get to accept one before the ninth comes. */
const CLIENTS_PER_SECOND = 20
const STANDSTILL_MS = 1000

const server = fileURLToPath(new URL('./probes/idle-server.ts', import.meta.url))

/** A server that stands still while clients come, and then serves them. Undefined, with a reason, if it cannot run here. */
async function standstill(stage: Stage, way: 'uring' | 'accept') {
  const { run, until, clients, pass, now } = stage
  const { address, port } = stage.sharedPort
  const told = (await run(['node', server, address, String(port), String(BACKLOG), way])).trim()
  const pid = /^listening (\d+)$/.exec(told)?.[1]
  if (pid === undefined) return { unavailable: told.replace(/^unavailable /, '') }
  await until('the server listens', ({ listeners }) => listeners === 1)
  const load = await clients.connections({
    ratePerSecond: CLIENTS_PER_SECOND,
    forMs: (CLIENTS / CLIENTS_PER_SECOND) * 1000,
  })
  await until('clients hang', ({ waiting, unserved }) => (way === 'uring' ? unserved === CLIENTS : waiting === FIT))
  await pass(STANDSTILL_MS)
  const { waiting, unserved, unservedOldestMs } = await now()
  const { connected, outcomes } = await load.report()
  await run(['sh', '-c', `kill -HUP ${pid}`])
  const { outcomes: inTheEnd } = await load.done()
  await run(['sh', '-c', `kill ${pid}`])
  await until('nobody listens', ({ listeners }) => listeners === 0)
  return { waiting, unserved, unservedOldestMs, connected, answered: outcomes.ok, served: inTheEnd.ok }
}

export default experiment({
  name: 'uring-hides-the-stall',
  teaches:
    "With io_uring's multishot accept the kernel accepts on behalf of a server, also while the server stands still: its accept queue stays empty, nothing overflows, and its clients hang all the same. They wait past accept(): accepted, their bytes unread, nothing sent. The same server with accept() shows its stall in the queue.",
  sources: [
    deck('a backend that accepts too slowly'),
    fact('past-accept'),
    fact('accept-queue-limit'),
    'io_accept(), inet_csk_accept()',
  ],
  needs: { server: ['sockets of its own'], namespaces: 'another server listens in place of the backend' },
  lab: { backends: [{ backlog: BACKLOG }] },
  phases: {
    aside: async ({ backend, until }) => {
      await backend(1).close()
      await until('the port is free', ({ listeners }) => listeners === 0)
    },
    uring: (stage) => standstill(stage, 'uring'),
    accept: (stage) => standstill(stage, 'accept'),
  },
  expect: ({ result, port, counters, durationMs }) => {
    const { uring, accept } = result
    if (uring.unavailable !== undefined || accept.unavailable !== undefined)
      throw new NotJudged(`io_uring cannot be used here (${uring.unavailable ?? accept.unavailable})`)
    return {
      kernel: [
        that('io_uring: the accept queue is empty while nobody is served', uring.waiting, equals(0)),
        that('io_uring: nobody waits to be accepted', port.oldestWaitMs.during('uring').max, atMost(50, 'ms')),
        that('io_uring: no accept queue overflows', counters.ListenOverflows.during('uring'), equals(0)),
        that('io_uring: every client waits past accept()', uring.unserved, equals(CLIENTS)),
        that(
          'io_uring: the oldest request lies unread for as long as the server stands still',
          uring.unservedOldestMs,
          between(STANDSTILL_MS - 50, durationMs('uring'), 'ms'),
          { bears: 200 },
        ),
        that('accept(): the queue fills to one more than the backlog', accept.waiting, equals(FIT), {
          bears: 'any lateness',
        }),
        that(
          'accept(): the other clients overflow it',
          counters.ListenOverflows.during('accept'),
          atLeast(CLIENTS - FIT),
        ),
        that('accept(): nobody waits past accept()', accept.unserved, equals(0), { bears: 'any lateness' }),
      ],
      userspace: [
        that('io_uring: every client connects', uring.connected, equals(CLIENTS)),
        that('io_uring: no client is answered', uring.answered, equals(0), { bears: 'any lateness' }),
        that('accept(): only those connect that fit into the queue', accept.connected, equals(FIT)),
        that('accept(): no client is answered', accept.answered, equals(0), { bears: 'any lateness' }),
        that('every client is served in the end', uring.served + accept.served, equals(2 * CLIENTS)),
      ],
      both: [
        that(
          'io_uring: the kernel shows as many unserved connections as clients hang',
          uring.unserved - (uring.connected - uring.answered),
          equals(0),
        ),
      ],
    }
  },
})
