/** The order for shared-socket.ts, and the messages between it and its acceptors. */

/** How a process waits for a connection. */
export type Way = 'blocking' | 'epoll' | 'epollExclusive' | 'libuv'

export interface Order {
  address: string
  port: number
  way: Way
  processes: number
  /** Ends when this many have been served. */
  connections: number
  /** How long a process blocks for each connection. */
  workMs: number
  /** Of the listener, once all processes are waiting; smaller before. */
  backlog: number
}

/** The result by process, in the order in which the processes began to wait. */
export interface Outcome {
  served: number[]
  /** How often the kernel put each to sleep, and so woke it up again (voluntary context switches). */
  sleeps: number[]
  /** How the epoll instance of each watches the socket, according to the kernel. */
  watch: ('no epoll' | 'plain' | 'exclusive')[]
  /** How many different sockets they hold together. */
  sockets: number
}

export interface AcceptorJob {
  name: string
  way: Way
  workMs: number
}

/** Where an acceptor finds the listening socket: after stdin, stdout and stderr. */
export const LISTENER_FD = 3

/** What an acceptor reports, one letter each. */
export const READY = 'r'
export const SERVED = 's'
