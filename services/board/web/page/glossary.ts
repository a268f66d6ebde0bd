/** Every word that the board uses: one sentence each, and the chapter of the workshop that has more. */

export interface Term {
  term: string
  says: string
  chapter: string
}

const chapters = {
  sockets: '01-sockets',
  queues: '02-syn-and-accept-queue',
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
    'A file of a process that stands for an address and port, and owns a SYN queue and an accept queue.',
  ),
  backlog: entry(
    'backlog',
    'queues',
    'The N of listen(fd, N): the limit of the accept queue, where N + 1 connections fit, and of the SYN queue.',
  ),
  somaxconn: entry(
    'somaxconn',
    'queues',
    'The sysctl that bounds every backlog, in silence, at the moment of listen().',
  ),
  synQueue: entry(
    'SYN queue',
    'queues',
    'Requests that got a SYN-ACK and owe the last ACK; no line but entries of a hash table, done in any order.',
  ),
  halfOpen: entry(
    'half-open',
    'establishment',
    'A request whose client has not sent the last ACK of the handshake yet.',
  ),
  acceptQueue: entry(
    'accept queue',
    'queues',
    'Connections that the kernel has finished and the backend has not taken with accept(): first come, first served.',
  ),
  acceptWait: entry(
    'accept wait',
    'accepting',
    'How long a finished connection waits in the accept queue; its client believes it is being served.',
  ),
  accept: entry(
    'accept()',
    'sockets',
    'Takes the connection in front of the accept queue and gives the process a descriptor.',
  ),
  descriptor: entry('descriptor', 'sockets', 'The small number by which a process names an open connection.'),
  drop: entry(
    'drop',
    'accepting',
    'A SYN that meets a full queue vanishes without an answer; its client tries again after a second.',
  ),
  retransmit: entry(
    'SYN sent again',
    'establishment',
    'A client without an answer repeats its SYN after 1, 2, 3, 4, 5, 7, 11 … seconds (older kernels: 1, 3, 7, 15).',
  ),
  cookie: entry(
    'SYN cookie',
    'establishment',
    'A SYN-ACK whose number carries the request, so that the kernel need not remember it when the SYN queue is full.',
  ),
  abort: entry(
    'tcp_abort_on_overflow',
    'accepting',
    'With 1 the last ACK that meets a full accept queue is answered with a reset instead of silence.',
  ),
  migrate: entry(
    'tcp_migrate_req',
    'sharding',
    'With 1 what waits in the queue of a closed shard moves to another one instead of being reset.',
  ),
  shard: entry(
    'shard',
    'sharding',
    'One of several sockets that share a port by SO_REUSEPORT, each with queues of its own.',
  ),
  steering: entry(
    'steering',
    'sharding',
    'How the shard of a new connection is chosen: by a hash of the addresses or by a small program, never by who has room.',
  ),
  receiveQueue: entry(
    'receive queue',
    'connection',
    'Bytes that arrived for a connection and were not read by the process yet.',
  ),
  sendQueue: entry(
    'send queue',
    'connection',
    'Bytes that the process has written and the peer has not acknowledged yet.',
  ),
  zeroWindow: entry(
    'zero window',
    'connection',
    'A peer whose receive buffer is full says 0: send no more until told otherwise.',
  ),
  rate: entry(
    'arrival rate',
    'planning',
    'New connections a second; what matters is the peak, times the longest stall.',
  ),
} satisfies Record<string, Term>

export type TermName = keyof typeof glossary
