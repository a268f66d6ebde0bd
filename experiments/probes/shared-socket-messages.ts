/** What shared-socket.ts is told, and what it and its acceptors say to each other. */

/** How a process waits for a connection. */
export type Way = 'blocking' | 'epoll' | 'epollExclusive' | 'libuv'

export interface Order {
  address: string
  port: number
  way: Way
  processes: number
  /** Ends when it has served so many. */
  connections: number
  /** How long a process stands still for each. */
  workMs: number
  /** The listener's, from the moment when all processes wait; before it is less. */
  backlog: number
}

/** What became of it, process by process, in the order in which they began to wait. */
export interface Outcome {
  served: number[]
  /** How often the kernel put it to sleep, and so woke it up again (voluntary context switches). */
  sleeps: number[]
  /** How its epoll instance watches the socket, as the kernel tells. */
  watch: ('no epoll' | 'plain' | 'exclusive')[]
  /** How many sockets all of them hold together. */
  sockets: number
}

export interface AcceptorJob {
  name: string
  way: Way
  workMs: number
}

/** Where an acceptor finds the listening socket: after stdin, stdout and stderr. */
export const LISTENER_FD = 3

/** What an acceptor tells, each a letter. */
export const READY = 'r'
export const SERVED = 's'
