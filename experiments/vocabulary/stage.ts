/** The verbs of an experiment: what can be done to a lab in a phase. */

import type { QueueCounter } from '#kernel/queue-counters.ts'
import type { Steering } from '#kernel/reuseport.ts'
import type { Handshake, HandshakeStep, LoadReport } from '#load/agent/api.ts'
import type { BackendStatus, FaultsChange } from '#services/backend/api.ts'

/** The lab in which a phase happens. Every verb resolves when it has taken effect. */
export interface Stage {
  /** The name of the case that runs. */
  readonly case: string
  /** Where the backends listen. */
  readonly sharedPort: { address: string; port: number }
  /** Backend 1, 2, … */
  backend(number: number): BackendVerbs
  readonly clients: ClientVerbs
  /** The load that an earlier phase began; the last one, if it began several. */
  load(phase: string): RunningLoad
  /** Says how the kernel chooses the shard of a new connection. */
  steer(steering: Steering): Promise<void>
  /** Sets a sysctl of one host's network namespace. */
  sysctl(name: string, value: string | number, host?: Host): Promise<void>
  /** Lets time pass. */
  pass(ms: number): Promise<void>
  /** Reads until `seen` is true and gives that reading; after `withinMs` (15 s) the run has failed: `what` did not come about. */
  until(what: string, seen: (now: Now) => boolean | Promise<boolean>, withinMs?: number): Promise<Now>
  /** Reads everything now. */
  now(): Promise<Now>
  /** Runs a command on a host of the lab and gives its standard output; `node` is the lab's own. Throws if it fails. */
  run(command: readonly string[], host?: Host): Promise<string>
}

export type Host = 'server' | 'client'

export interface BackendVerbs {
  /** Its event loop stands still: it accepts, reads and answers nothing. In mode `shared`: of one process (1, 2, …), or of all. */
  stall(process?: number): Promise<void>
  release(process?: number): Promise<void>
  /** Switches faults on or off, for one process or all; those not named stay as they are. */
  set(faults: FaultsChange, process?: number): Promise<void>
  /** Calls listen() again with another backlog, on the live socket. */
  relisten(backlog: number): Promise<void>
  /** Sets TCP_DEFER_ACCEPT; 0 switches it off. */
  deferAccept(seconds: number): Promise<void>
  /** Closes its listener. */
  close(): Promise<void>
  open(): Promise<void>
  /** Ends the process at once, as a crash would. */
  kill(): Promise<void>
  restart(): Promise<void>
  status(): Promise<BackendStatus>
}

/** Loads. `connections`, `burst`, `hold` and the slow ones resolve when the last connection has begun, not when it has ended. */
export interface ClientVerbs {
  /** All at once: connect, ask, read, close. */
  burst(order: { connections: number } & Exchange): Promise<RunningLoad>
  /** Open loop, for a time: arrivals never wait for answers. */
  connections(
    order: { ratePerSecond: number; forMs: number; arrivals?: 'constant' | 'poisson'; seed?: number } & Exchange,
  ): Promise<RunningLoad>
  /** The same without an end: resolves at once; ends by `stop()` or with the experiment. */
  flow(
    order: { ratePerSecond: number; arrivals?: 'constant' | 'poisson'; seed?: number } & Exchange,
  ): Promise<RunningLoad>
  /** Connects and stays silent, until told to speak or stopped. */
  hold(order: { connections: number; ratePerSecond?: number }): Promise<RunningLoad>
  /** SYNs from addresses where nobody answers, 500 a second if not told otherwise; resolves when the last is written. */
  halfOpen(order: { ratePerSecond?: number; syns: number }): Promise<RunningLoad>
  /** Asks for `responseBytes` and reads them slowly; 0 reads nothing. */
  readSlowly(order: { connections: number; bytesPerSecond: number; responseBytes: number }): Promise<RunningLoad>
  /** Sends `bodyBytes`, as fast as the kernel takes them unless it says otherwise. */
  write(order: { connections: number; bodyBytes: number; bytesPerSecond?: number }): Promise<RunningLoad>
  /** Three-way handshakes by hand: sends the SYNs; every further step is one of `step`. */
  handshake(order: { connections: number }): Promise<RunningLoad>
}

/** How a connection asks. */
export interface Exchange {
  path?: string
  /** When a client gives up; default 10,000. */
  timeoutMs?: number
  /** Who closes first, and so keeps the connection in TIME_WAIT; default the server. */
  closer?: 'server' | 'client'
}

export interface RunningLoad {
  report(): Promise<LoadReport>
  /** Waits for its own end. */
  done(): Promise<LoadReport>
  stop(): Promise<LoadReport>
  /** Makes held connections send something. */
  speak(): Promise<void>
  /** The next step of a handshake by hand; connections count from 1. */
  step(connection: number, send: HandshakeStep): Promise<void>
  /** How each handshake by hand stands, in the order of the SYNs. */
  handshakes(): Promise<Handshake[]>
}

/** What is there at one moment. */
export interface Now {
  /** The listener of backend n, and how many processes hold it. If it has none, this throws; `until` waits for it. */
  listener(number: number): { length: number; limit: number; drops: number; owners: number }
  /** How many sockets listen on the port. */
  listeners: number
  synQueue: { length: number; limit: number }
  /** Connections that the kernel has finished and nobody has accepted. */
  waiting: number
  established: number
  receiveBytes: number
  sendBytes: number
  zeroWindows: number
  /** Of the server's namespace. */
  counter(name: QueueCounter): number
}
