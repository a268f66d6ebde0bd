import { fileURLToPath } from 'node:url'
import type { Stage } from './vocabulary/stage.ts'
import { between, deck, equals, experiment, fact, is, that } from './vocabulary.ts'

const BACKLOG = 5
const NOBODY = '65534'
const CLIENTS = 60

const probe = fileURLToPath(new URL('./probes/listen.ts', import.meta.url))

/** Has another process listen on the backends' port. Returns what it was told, and how to end it if it got the port. */
async function stranger(
  { run, sharedPort }: Stage,
  ...options: string[]
): Promise<{ told: string; end(): Promise<unknown> }> {
  const { address, port } = sharedPort
  const answer = await run(['node', probe, address, String(port), `--backlog=${BACKLOG}`, ...options])
  const [told = '', process] = answer.trim().split(' ')
  return { told, end: () => run(['sh', '-c', `kill ${process}`]) }
}

export default experiment({
  name: 'port-taken',
  teaches:
    'A port that already has a listener is taken: EADDRINUSE. SO_REUSEPORT shares it if every socket on it sets the option and all belong to the same user, because a socket that joins gets a share of the clients at once.',
  sources: [
    deck('a second listener on a port that is taken'),
    fact('forming-a-group'),
    'inet_csk_get_port(), inet_reuseport_add_sock()',
    'systemd issue 28039: the socket of root, and a service that is another user <https://github.com/systemd/systemd/issues/28039>',
  ],
  needs: {
    server: ['close'],
    root: true,
    namespaces: 'other processes listen beside the backend, one of them as another user',
  },
  lab: { backends: [{ backlog: 100 }] },
  phases: {
    without: async (stage) => (await stranger(stage)).told,
    otherUser: async (stage) => (await stranger(stage, '--reuse-port', `--user=${NOBODY}`)).told,
    sameUser: async (stage) => {
      const { told, end } = await stranger(stage, '--reuse-port')
      await stage.until('two sockets listen', (now) => now.listeners === 2)
      const load = await stage.clients.burst({ connections: CLIENTS })
      await load.done()
      await end()
      await stage.until('one socket listens', (now) => now.listeners === 1)
      return told
    },
    // The other way round: the stranger listens first, without SO_REUSEPORT, and then the backend tries to.
    strangerFirst: async (stage) => {
      const backend = stage.backend(1)
      await backend.close()
      const { end } = await stranger(stage)
      const told = await backend.open().then(
        () => 'nothing',
        (error: Error) => error.message,
      )
      await end()
      await stage.until('no socket listens', (now) => now.listeners === 0)
      return told
    },
    open: ({ backend }) => backend(1).open(),
  },
  expect: ({ result, listener, backend, clients }) => ({
    kernel: [
      that('without SO_REUSEPORT no other process gets the port', result.without, is('EADDRINUSE'), {
        bears: 'any lateness',
      }),
      that('with SO_REUSEPORT a process of another user does not get it either', result.otherUser, is('EADDRINUSE'), {
        bears: 'any lateness',
      }),
      that('with SO_REUSEPORT a process of the same user shares the port', result.sameUser, is('listening'), {
        bears: 'any lateness',
      }),
      that('each socket has its own queue and its own limit', listener(2).limit.max, equals(BACKLOG), {
        bears: 'any lateness',
      }),
    ],
    userspace: [
      that(
        'a backend whose port is taken says so and why',
        result.strangerFirst,
        is(
          'backend-1 answers POST /listener with 409: 198.18.0.2:8080 is taken by another socket without SO_REUSEPORT, or by one of another user. `ss -Hltnpe` names it. To share a port, every socket on it must set SO_REUSEPORT and belong to the same user',
        ),
        { bears: 'any lateness' },
      ),
      that('a process that joins gets a share of the clients at once', CLIENTS - clients.outcomes.ok, between(15, 45)),
    ],
    both: [that('the backend serves all other clients', clients.outcomes.ok, equals(backend(1).accepts.total))],
  }),
})
