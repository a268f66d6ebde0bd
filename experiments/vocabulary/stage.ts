/** The verbs of an experiment: what a phase can do to a lab. */

import type { QueueCounter } from '#kernel/queue-counters.ts'
import type { Steering } from '#kernel/reuseport.ts'
import type { Handshake, HandshakeStep, LoadReport } from '#load/agent/api.ts'
import type { BackendStatus, FaultsChange } from '#services/backend/api.ts'
import type { Bears } from './expectation.ts'

/** The lab in which a phase happens. Every verb resolves when it has taken effect. */
export interface Stage {
  /** The name of the running case. */
  readonly case: string
  /** Where the backends listen. */
  readonly sharedPort: { address: string; port: number }
  /** Backend 1, 2, … */
  backend(number: number): BackendVerbs
  /**
   * How many connections fit into the queue of backend n (default 1): N + 1, as the kernel shows it. A server of somebody's has
   * a backlog of its own; where fewer than `least` fit, or more than `most` (default 8193), the run is not judged.
   */
  places(limits?: { backend?: number; least?: number; most?: number }): Promise<number>
  /** What the clients can be made to do, from the lab's other host. */
  readonly clients: ClientVerbs
  /** The load that an earlier phase started; the last one, if it started several. */
  load(phase: string): RunningLoad
  /** Sets how the kernel chooses the shard of a new connection. */
  steer(steering: Steering): Promise<void>
  /** Sets a sysctl in the network namespace of one host. */
  sysctl(name: string, value: string | number, host?: Host): Promise<void>
  /** Lets time pass. */
  pass(ms: number): Promise<void>
  /**
   * Reads until `seen` is true and returns that reading. After `withinMs` (default 15,000, longer on a busy machine) the run
   * fails: `what` was not seen. If something was later than it bears (default 100 ms), the run is not judged instead.
   */
  until(
    what: string,
    seen: (now: Now) => boolean | Promise<boolean>,
    limits?: number | { withinMs?: number; bears?: Bears },
  ): Promise<Now>
  /** Reads everything now. */
  now(): Promise<Now>
  /** Notes by how many milliseconds something was late that this experiment measured itself, such as a program that it runs. */
  late(ms: number): void
  /** Runs a command on a host of the lab and returns its standard output; `node` is the lab's own. Throws if it
   * fails. One that has waited in vain says so with status 75 (EX_TEMPFAIL): that is judged as `until` is. */
  run(command: readonly string[], host?: Host): Promise<string>
}

export type Host = 'server' | 'client'

export interface BackendVerbs {
  /** Stalls its event loop: it accepts, reads and answers nothing. In mode `shared`: that of one process (1, 2, …), or all. */
  stall(process?: number): Promise<void>
  /** Ends a stall: it goes on with what waits. */
  release(process?: number): Promise<void>
  /** Switches faults on or off, for one process or all; those not named stay as they are. */
  set(faults: FaultsChange, process?: number): Promise<void>
  /**
   * Holds all processes of a server of somebody's together to a share of one CPU, in whole per cent; 0: as much as there is.
   * Not judged where this machine gives no CPU quota, and on a backend of Spillway.
   */
  slow(percent: number): Promise<void>
  /** Has listen() called again with another backlog, on the live socket; that of any server. */
  relisten(backlog: number): Promise<void>
  /** Sets TCP_DEFER_ACCEPT; 0 switches it off. */
  deferAccept(seconds: number): Promise<void>
  /** Closes its listener. */
  close(): Promise<void>
  /** Listens again after `close()`, on a new socket. */
  open(): Promise<void>
  /** Ends the process at once, as a crash would. */
  kill(): Promise<void>
  /** Ends the process and starts another in its place; after `kill()`, starts it. */
  restart(): Promise<void>
  /** How many connections it says it has accepted; undefined for a server that does not tell. */
  accepts(): Promise<number | undefined>
  /** What it says of itself: its listener, faults, processes and counts. */
  status(): Promise<BackendStatus>
}

/** Loads. `connections`, `burst`, `hold` and the slow ones resolve when the last connection has begun, not ended. */
export interface ClientVerbs {
  /** All at once: connect, ask, read, close. */
  burst(order: { connections: number } & Exchange): Promise<RunningLoad>
  /** Open loop, for a given time: arrivals never wait for answers. */
  connections(
    order: { ratePerSecond: number; forMs: number; arrivals?: 'constant' | 'poisson'; seed?: number } & Exchange,
  ): Promise<RunningLoad>
  /** The same without an end: resolves at once; ends with `stop()` or with the experiment. */
  flow(
    order: { ratePerSecond: number; arrivals?: 'constant' | 'poisson'; seed?: number } & Exchange,
  ): Promise<RunningLoad>
  /** Connects and sends nothing until `speak()` or `stop()`. */
  hold(order: { connections: number; ratePerSecond?: number }): Promise<RunningLoad>
  /** SYNs from addresses without a host, 500 a second by default; resolves when the last is sent. */
  halfOpen(order: { ratePerSecond?: number; syns: number }): Promise<RunningLoad>
  /** Requests `responseBytes` and reads them at `bytesPerSecond`; 0 reads nothing. */
  readSlowly(order: { connections: number; bytesPerSecond: number; responseBytes: number }): Promise<RunningLoad>
  /** Sends `bodyBytes`, at `bytesPerSecond` or as fast as the kernel takes them. */
  write(order: { connections: number; bodyBytes: number; bytesPerSecond?: number }): Promise<RunningLoad>
  /** Three-way handshakes by hand: sends the SYNs; `step` does each further step. */
  handshake(order: { connections: number }): Promise<RunningLoad>
}

/** How a connection makes its request. */
export interface Exchange {
  path?: string
  /** When a client gives up; default 10,000. */
  timeoutMs?: number
  /** Which side closes first, and so keeps the connection in TIME_WAIT; default the server. */
  closer?: 'server' | 'client'
}

export interface RunningLoad {
  /** How far it is. */
  report(): Promise<LoadReport>
  /** Waits until the load ends. */
  done(): Promise<LoadReport>
  /** Ends it now: what is under way is abandoned. */
  stop(): Promise<LoadReport>
  /** Makes held connections send something. */
  speak(): Promise<void>
  /** The next step of a handshake by hand; connections count from 1. */
  step(connection: number, send: HandshakeStep): Promise<void>
  /** The state of each handshake by hand, in the order of the SYNs. */
  handshakes(): Promise<Handshake[]>
}

/** The state at one moment. */
export interface Now {
  /**
   * The listener of backend n, and how many processes hold it. Throws if there is none; `until` waits for one. The rest only an
   * `exact` lab knows, and it is undefined elsewhere: its own half-open requests; and since it listens how many connections have come
   * into its accept queue, how often that became full, and of its drops the SYNs and the final ACKs of handshakes.
   */
  listener(number: number): {
    length: number
    limit: number
    drops: number
    owners: number
    halfOpen: number | undefined
    joined: number | undefined
    timesFull: number | undefined
    synDrops: number | undefined
    finalAckDrops: number | undefined
  }
  /** How many sockets listen on the port. */
  listeners: number
  /** Half-open requests of the port, and how many it holds before the kernel sends cookies or drops. */
  synQueue: { length: number; limit: number }
  /** Connections that the kernel has completed and no process has accepted. */
  waiting: number
  /** Those of them whose client has sent a FIN: it has hung up, or only finished sending. */
  waitingFinished: number
  /** Connections that a process has accepted and not read from, nor sent anything to; NaN before Linux 4.19. */
  unserved: number
  /** How long ago data last arrived at that of them where it is longest ago. */
  unservedOldestMs: number
  /** Clients that waited at listeners of the port that have closed, as sampled since the lab began: the kernel has reset them. */
  resetByClosing: number
  /** Connections whose handshake is complete, those that wait to be accepted included. */
  established: number
  /** Bytes that have arrived and that no process has read. */
  receiveBytes: number
  /** Bytes that a process has sent and the clients have not acknowledged. */
  sendBytes: number
  /** Connections that must not send, since the other side has no room. */
  zeroWindows: number
  /** The listening UNIX socket of this name (`@` before an abstract one) in the server's namespace. Throws if there is none. */
  unixListener(name: string): { length: number; limit: number; peak: number }
  /** The UDP socket of a port in the server's namespace, a second after it was bound. Throws if there is none. */
  udpSocket(port: number): { bytes: number; limitBytes: number; drops: number }
  /** Of the server's namespace. */
  counter(name: QueueCounter): number
}
