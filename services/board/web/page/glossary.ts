/** The terms that the board uses: a sentence or two each, and the chapter of the workshop that explains more. */

export interface Term {
  term: string
  says: string
  chapter: string
}

const chapters = {
  sockets: '02-sockets',
  queues: '01-handshake',
  connection: '03-connection-queues',
  establishment: '04-establishment',
  accepting: '05-problems-with-accepting',
  sharding: '06-sharding',
  planning: '07-planning',
} as const

const entry = (term: string, chapter: keyof typeof chapters, says: string): Term => ({
  term,
  says,
  chapter: chapters[chapter],
})

export const glossary = {
  listener: entry(
    'listening socket',
    'sockets',
    'The socket that a process listens on: bound to an address and port, with its own SYN queue and accept queue.',
  ),
  backlog: entry(
    'backlog',
    'queues',
    'The N in listen(fd, N): it limits the accept queue, which holds N + 1 connections, and the SYN queue.',
  ),
  somaxconn: entry('somaxconn', 'queues', 'The sysctl that silently caps every backlog when listen() is called.'),
  synQueue: entry(
    'SYN queue',
    'queues',
    'Half-open requests: their SYN-ACK is sent, their final ACK is still missing. A hash table, so they complete in any order.',
  ),
  halfOpen: entry(
    'half-open request',
    'establishment',
    'A connection request whose client has not yet sent the final ACK of the handshake.',
  ),
  acceptQueue: entry(
    'accept queue',
    'queues',
    'Connections whose handshake is complete but which the backend has not taken with accept() yet: first in, first out.',
  ),
  acceptWait: entry(
    'accept wait',
    'accepting',
    'How long an established connection waits in the accept queue; its client believes it is being served. ≤ where it is only known to be no longer: a waiting connection does not name its shard.',
  ),
  hungUp: entry(
    'hung up',
    'accepting',
    'A client that gives up while it waits keeps its place until accept(): it turns the living away, and the backend accepts its corpse. Drawn hatched. Who has only finished sending, and still listens, cannot be told from it.',
  ),
  accept: entry(
    'accept()',
    'sockets',
    'Takes the first connection from the accept queue and gives the process a descriptor for it.',
  ),
  unserved: entry(
    'accepted and not served',
    'accepting',
    'Connections that the process has taken with accept() and of which it has read nothing and answered nothing: they wait where no backlog counts them.',
  ),
  descriptor: entry('descriptor', 'sockets', 'The small number by which a process names an open connection.'),
  drop: entry(
    'drop',
    'accepting',
    'A SYN that meets a full queue is discarded without an answer; its client retransmits it after a second.',
  ),
  retransmit: entry(
    'SYN retransmit',
    'establishment',
    'A client without an answer sends its SYN again after 1, 2, 3, 4, 5, 7, 11 … seconds (older kernels: 1, 3, 7, 15).',
  ),
  cookie: entry(
    'SYN cookie',
    'establishment',
    'A SYN-ACK whose sequence number encodes the request, so that the kernel need not store it when the SYN queue is full.',
  ),
  abort: entry(
    'tcp_abort_on_overflow',
    'accepting',
    'With 1, a final ACK that meets a full accept queue is answered with a reset instead of being ignored.',
  ),
  migrate: entry(
    'tcp_migrate_req',
    'sharding',
    'With 1, connections waiting in the queue of a closed shard move to another shard instead of being reset.',
  ),
  shard: entry(
    'shard',
    'sharding',
    'One of several sockets that share a port through SO_REUSEPORT, each with its own queues.',
  ),
  steering: entry(
    'steering',
    'sharding',
    'How the shard of a new connection is chosen: by a hash of the addresses or by a small program, never by how full its queue is.',
  ),
  receiveQueue: entry(
    'receive queue',
    'connection',
    'Bytes that have arrived on a connection and that the process has not read yet.',
  ),
  sendQueue: entry(
    'send queue',
    'connection',
    'Bytes that the process has written and that the peer has not acknowledged yet.',
  ),
  zeroWindow: entry(
    'zero window',
    'connection',
    'A peer whose receive buffer is full advertises a window of 0: nothing may be sent until it opens the window again.',
  ),
  rate: entry(
    'arrival rate',
    'planning',
    'New connections per second; what matters for the backlog is the peak rate times the longest stall.',
  ),
} satisfies Record<string, Term>

export type TermName = keyof typeof glossary
