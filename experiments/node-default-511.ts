import { atMost, comparison, deck, equals, fact, that } from './vocabulary.ts'

/** What Node asks of listen() if nobody says otherwise. */
const NODE_DEFAULT = 511
const CLIENTS = 600

export default comparison({
  name: 'node-default-511',
  teaches:
    'A Node server that names no backlog gets 511, however large net.core.somaxconn is. A short pause and a crowd fill it with 512 connections; all others pay a second or more while the process has nothing to do. The cure is one number in listen().',
  sources: [
    deck('a backlog that is too small'),
    fact('syn-drop'),
    fact('backlog-clamp'),
    fact('default-backlogs'),
    "Node's net.Server.listen(); tcp_conn_request()",
    'agentmail-mcp issue 46: an outage with the accept queue at 512 and an idle event loop <https://github.com/agentmail-to/agentmail-mcp/issues/46>',
  ],
  cases: {
    default: { mode: 'single', backends: [{ backlog: NODE_DEFAULT }] },
    explicit: { mode: 'single', backends: [{ backlog: 4096 }] },
  },
  phases: {
    askNode: async ({ run }) => {
      const [, , limit] = (await run(['node', '--eval', listenAndShow])).trim().split(/\s+/)
      return { limit: Number(limit) }
    },
    pause: ({ backend }) => backend(1).stall(),
    crowd: async ({ clients, until }) => {
      await clients.burst({ connections: CLIENTS })
      await until('all have knocked', (now) => now.waiting + now.counter('ListenDrops') >= CLIENTS)
    },
    still: ({ pass }) => pass(300),
    goOn: ({ backend }) => backend(1).release(),
  },
  expect: ({ default: node, explicit }) => ({
    kernel: [
      that('Node asks for a backlog of 511 if nobody says otherwise', node.result.askNode.limit, equals(NODE_DEFAULT)),
      that('the queue takes 512, and no more', node.listener(1).length.during('crowd').max, equals(NODE_DEFAULT + 1)),
      that(
        'what is dropped are SYNs, no finished handshakes: each counts against the listener once',
        node.listener(1).drops.during('crowd'),
        equals(node.counters.ListenDrops.during('crowd')),
      ),
      that('a backlog of 4096 holds the same crowd', explicit.listener(1).peak, equals(CLIENTS)),
      that('and drops nobody', explicit.counters.ListenDrops.total, equals(0)),
    ],
    userspace: [
      that(
        'the process is idle while its queue is full',
        node.backend(1).cpuMs.during('still') / node.durationMs('still'),
        atMost(0.1, 'share'),
      ),
      that(
        'whoever is not among the 512 pays a second',
        node.clients.connectMs.number({ above: 950 }),
        equals(CLIENTS - NODE_DEFAULT - 1),
      ),
      that('nobody does with the larger backlog', explicit.clients.connectMs.number({ above: 950 }), equals(0)),
      that('all are served in the end', node.clients.outcomes.ok + explicit.clients.outcomes.ok, equals(2 * CLIENTS)),
    ],
    both: [
      that(
        'every SYN beyond the 512th is dropped, and counted',
        node.counters.ListenDrops.during('crowd'),
        equals(node.clients.synsSent.during('crowd') - NODE_DEFAULT - 1),
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
