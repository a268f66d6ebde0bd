import { fileURLToPath } from 'node:url'
import type { QueueCounter } from '#kernel/queue-counters.ts'
import { deck, equals, experiment, fact, that } from './vocabulary.ts'

const BACKLOG = 8
const CLIENTS = 20
const LATER = 5
const NAME = 'spillway-app'

const idle = fileURLToPath(new URL('./probes/idle-socket.ts', import.meta.url))
const connect = fileURLToPath(new URL('./probes/unix-connect.ts', import.meta.url))

/** Counters in which one would look for refused connections. */
const suspects: QueueCounter[] = ['ListenOverflows', 'ListenDrops', 'TCPReqQFullDrop', 'AttemptFails', 'EmbryonicRsts']

export default experiment({
  name: 'unix-socket-full',
  teaches:
    'A UNIX socket, as PHP-FPM or gunicorn listen on behind nginx, has an accept queue of N + 1 places too. When it is full, a client that does not wait is refused at once with EAGAIN. No retry follows and no counter moves, so only who looks while the queue is full can know.',
  sources: [
    deck('a backlog that is too small'),
    fact('unix-stream-listeners'),
    'unix_stream_connect(), unix_recvq_full()',
  ],
  needs: { server: ['sockets of its own'], programs: ['ss'], namespaces: 'another server listens beside the backends' },
  lab: { backends: [] },
  phases: {
    listen: async ({ run, now }) => {
      await run(['node', idle, 'unix', NAME, String(BACKLOG)])
      return (await now()).unixListener(`@${NAME}`).limit
    },
    burst: async ({ run }) => outcomes(await run(['node', connect, NAME, String(CLIENTS)])),
    // The clients have ended.
    look: async ({ run, now }) => {
      const { length } = (await now()).unixListener(`@${NAME}`)
      const [, , inQueue] = (await run(['ss', '-xlnH', 'src', `@${NAME}`])).trim().split(/\s+/)
      return { length, bySs: Number(inQueue) }
    },
    accept: async ({ run, now }) => {
      const accepted = Number(await run(['node', idle, 'take', NAME]))
      return { accepted, ...(await now()).unixListener(`@${NAME}`) }
    },
    later: async ({ run }) => outcomes(await run(['node', connect, NAME, String(LATER)])),
  },
  expect: ({ result, counters }) => {
    const { listen, burst, look, accept, later } = result
    return {
      kernel: [
        that('the backlog is the limit of the queue', listen, equals(BACKLOG), { bears: 'any lateness' }),
        that(
          'the queue holds one more than the backlog, though its clients have ended',
          look.length,
          equals(BACKLOG + 1),
          { bears: 'any lateness' },
        ),
        that('ss sees the same', look.bySs, equals(look.length), { bears: 'any lateness' }),
        that('the peak remains when the queue is empty', accept.peak, equals(BACKLOG + 1), { bears: 'any lateness' }),
        that('the queue is empty when all are accepted', accept.length, equals(0), { bears: 'any lateness' }),
        that(
          'no counter of the kernel moves',
          suspects.reduce((sum, name) => sum + counters[name].total, 0),
          equals(0),
          { bears: 'any lateness' },
        ),
      ],
      userspace: [
        that(
          'every client beyond the ninth is refused at once, with EAGAIN',
          burst.refused,
          equals(CLIENTS - BACKLOG - 1),
          { bears: 'any lateness' },
        ),
        that('nothing else goes wrong', burst.otherwise + later.otherwise, equals(0), { bears: 'any lateness' }),
        that('the server finds one connection more than its backlog', accept.accepted, equals(BACKLOG + 1), {
          bears: 'any lateness',
        }),
        that('when there is room again, nobody is refused', later.connected, equals(LATER), { bears: 'any lateness' }),
      ],
      both: [
        that('who was not refused is in the queue', burst.connected, equals(look.length), { bears: 'any lateness' }),
        that('what the queue held is what the server accepts', accept.accepted, equals(look.length), {
          bears: 'any lateness',
        }),
      ],
    }
  },
})

/** What the clients print. */
function outcomes(json: string): { connected: number; refused: number; otherwise: number } {
  const { connected = 0, EAGAIN: refused = 0, ...others }: Record<string, number> = JSON.parse(json)
  return { connected, refused, otherwise: Object.values(others).reduce((sum, count) => sum + count, 0) }
}
