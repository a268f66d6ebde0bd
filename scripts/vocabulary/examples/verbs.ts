/**
 * An example of every verb, in an order in which they make one experiment: each is a phase named like the verb, so that
 * `load('burst')` is the load of the example `burst`. docs/vocabulary.md shows them as they stand here.
 */
import type { Phase } from '#experiments/vocabulary/experiment.ts'

export const verbs = {
  case: ({ case: name }) => ({ name }),
  sharedPort: ({ sharedPort }) => ({ port: sharedPort.port }),
  steer: ({ steer }) => steer({ by: 'hash' }),
  sysctl: ({ sysctl }) => sysctl('net.ipv4.tcp_syn_retries', 4, 'client'),
  run: async ({ run }) => ({ version: await run(['node', '--version'], 'client') }),

  stall: ({ backend }) => backend(1).stall(),
  burst: ({ clients }) => clients.burst({ connections: 20, path: '/hello', timeoutMs: 60_000, closer: 'client' }),
  until: ({ until }) => until('the queue is full', (now) => now.listener(1).length === 5),
  places: async ({ places }) => ({ places: await places() }),
  accepts: async ({ backend }) => ({ accepts: await backend(1).accepts() }),
  now: async ({ now }) => ({ waiting: (await now()).waiting }),
  pass: ({ pass }) => pass(200),
  late: ({ late }) => late(0),
  release: ({ backend }) => backend(1).release(),
  done: ({ load }) => load('burst').done(),
  load: async ({ load }) => ({ served: (await load('burst').report()).outcomes.ok }),

  backend: ({ backend }) => backend(1).set({ responseBytes: 1000 }),
  clients: ({ clients }) => clients.burst({ connections: 3 }),
  relisten: ({ backend }) => backend(1).relisten(64),
  set: ({ backend }) => backend(1).set({ acceptDelayMs: 5, responseDelayMs: 20 }),
  connections: ({ clients }) => clients.connections({ ratePerSecond: 20, forMs: 500, arrivals: 'poisson', seed: 7 }),
  flow: ({ clients }) => clients.flow({ ratePerSecond: 10 }),
  report: async ({ load }) => ({ open: (await load('flow').report()).open }),
  stop: ({ load }) => load('flow').stop(),
  hold: ({ clients }) => clients.hold({ connections: 3 }),
  speak: ({ load }) => load('hold').speak(),
  readSlowly: ({ clients }) => clients.readSlowly({ connections: 2, bytesPerSecond: 0, responseBytes: 1_000_000 }),
  write: ({ clients }) => clients.write({ connections: 2, bodyBytes: 50_000 }),
  handshake: ({ clients }) => clients.handshake({ connections: 1 }),
  step: ({ load }) => load('handshake').step(1, 'ack'),
  handshakes: async ({ load }) => ({ state: (await load('handshake').handshakes())[0]?.state }),
  halfOpen: ({ clients }) => clients.halfOpen({ ratePerSecond: 100, syns: 10 }),

  deferAccept: ({ backend }) => backend(1).deferAccept(1),
  status: async ({ backend }) => ({ limit: (await backend(1).status()).listener?.limit }),
  close: ({ backend }) => backend(1).close(),
  open: ({ backend }) => backend(1).open(),
  kill: ({ backend }) => backend(1).kill(),
  restart: ({ backend }) => backend(1).restart(),
} satisfies Record<string, Phase>

/** Those that a backend of ours does not have: `spillway run NAME -- COMMAND`. */
export const verbsOfServers = {
  slow: ({ backend }) => backend(1).slow(10),
} satisfies Record<string, Phase>
