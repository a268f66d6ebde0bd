import { atMost, comparison, deck, equals, fact, that } from './vocabulary.ts'

/** The backlog that Node passes to listen() by default. */
const NODE_DEFAULT = 511
const EXPLICIT = 4096
const CLIENTS = 600
/** So many at once keep the processes at both ends from anything else for a while, on any machine. */
const SERVING_ALL_MS = 300

export default comparison({
  name: 'node-default-511',
  teaches:
    'A Node server that sets no backlog gets 511, however large net.core.somaxconn is. A short pause and a burst fill it with 512 connections; all other clients wait a second or more while the process is idle. The fix is one number in listen().',
  sources: [
    deck('a backlog that is too small'),
    fact('syn-drop'),
    fact('backlog-clamp'),
    fact('default-backlogs'),
    "Node's net.Server.listen(); tcp_conn_request()",
    'agentmail-mcp issue 46: an outage with the accept queue at 512 and an idle event loop <https://github.com/agentmail-to/agentmail-mcp/issues/46>',
  ],
  needs: { server: ['one socket'] },
  cases: {
    default: { mode: 'single', backends: [{ backlog: NODE_DEFAULT }] },
    explicit: { mode: 'single', backends: [{ backlog: EXPLICIT }] },
  },
  phases: {
    askNode: async ({ run }) => {
      const [, , limit] = (await run(['node', '--eval', listenAndShow])).trim().split(/\s+/)
      return { limit: Number(limit) }
    },
    pause: async ({ backend, case: which }) => {
      // Whatever listens there asked for: only the number in listen() differs.
      await backend(1).relisten(which === 'explicit' ? EXPLICIT : NODE_DEFAULT)
      await backend(1).stall()
    },
    crowd: async ({ clients, until }) => {
      await clients.burst({ connections: CLIENTS })
      await until('every SYN is queued or dropped', (now) => now.waiting + now.counter('ListenDrops') >= CLIENTS)
    },
    still: ({ pass }) => pass(300),
    goOn: ({ backend }) => backend(1).release(),
  },
  expect: ({ default: node, explicit }) => ({
    kernel: [
      that('Node asks for a backlog of 511 by default', node.result.askNode.limit, equals(NODE_DEFAULT), {
        bears: 'any lateness',
      }),
      that('the queue holds 512 and no more', node.listener(1).length.during('crowd').max, equals(NODE_DEFAULT + 1), {
        bears: 'any lateness',
      }),
      that(
        'only SYNs are dropped, not final ACKs: each counts once against the listener',
        node.listener(1).drops.during('crowd'),
        equals(node.counters.ListenDrops.during('crowd')),
        { bears: SERVING_ALL_MS },
      ),
      that('a backlog of 4096 holds all of the same clients', explicit.listener(1).peak, equals(CLIENTS), {
        bears: 'any lateness',
      }),
      that('a backlog of 4096 drops nothing', explicit.counters.ListenDrops.total, equals(0), {
        bears: 'any lateness',
      }),
    ],
    userspace: [
      that(
        'the process is idle while its queue is full',
        node.backend(1).cpuMs.during('still') / node.durationMs('still'),
        atMost(0.1, 'share'),
        { bears: SERVING_ALL_MS },
      ),
      that(
        'clients beyond the 512 take a second or more to connect',
        node.clients.connectMs.number({ above: 950 }),
        equals(CLIENTS - NODE_DEFAULT - 1),
        { bears: SERVING_ALL_MS },
      ),
      that('with a backlog of 4096 no client does', explicit.clients.connectMs.number({ above: 950 }), equals(0), {
        bears: SERVING_ALL_MS,
      }),
      that(
        'every client is served in the end',
        node.clients.outcomes.ok + explicit.clients.outcomes.ok,
        equals(2 * CLIENTS),
        { bears: SERVING_ALL_MS },
      ),
    ],
    both: [
      that(
        'every SYN beyond the 512th is dropped and counted',
        node.counters.ListenDrops.during('crowd'),
        equals(node.clients.synsSent.during('crowd') - NODE_DEFAULT - 1),
        { bears: SERVING_ALL_MS },
      ),
    ],
  }),
})

/** For `node --eval`: listens without a backlog and prints its line of `ss`, whose third column is the limit. */
const listenAndShow = `
  const { execFileSync } = require('node:child_process')
  const server = require('node:net').createServer().listen(0, '127.0.0.1', () => {
    process.stdout.write(execFileSync('ss', ['-Hltn', 'sport = :' + server.address().port]))
    server.close()
  })
`
