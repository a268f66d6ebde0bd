/**
 * A system whose queues are planned: who comes, who accepts, and by which rules. Times are milliseconds since its start.
 * Pure data, the same for the simulator and the lab.
 */

/** An event loop (or process) stands still from one moment until another: a garbage collection, a long computation. */
export interface Stall {
  fromMs: number
  toMs: number
}

/** One event loop that accepts from a listening socket. */
export interface EventLoop {
  /** What one accept() takes, and whatever the loop does before it accepts the next of the same turn. */
  acceptMs: number
  /** Standard deviation of that, by its mean: 0 is always the same, 1 is exponential. */
  acceptCv: number
  /** Work for each connection after the accepts of a turn: reading and answering its request. */
  handleMs: number
  /** How many it accepts before it does anything else. Node accepts one a turn since libuv 1.45, nginx too unless `multi_accept`. */
  acceptsPerTurn: number
  /** In order, not overlapping. */
  stalls: Stall[]
}

/** While it lasts the listening socket does not exist; `toMs` may be infinite. */
type Absence = Stall

/** One listening socket: a member of the SO_REUSEPORT group, or the only one. Several loops share it in mode `shared`. */
export interface Shard {
  /** N; N + 1 connections fit (docs/kernel-facts.md#accept-queue-limit). Infinite to see how many would come together. */
  backlog: number
  loops: EventLoop[]
  absences: Absence[]
}

/** How the kernel chooses a member of the group for a new connection: docs/kernel-facts.md#choosing-a-member. `cpu`: to the member with the number of the CPU that took the SYN. */
export type Steering =
  | { by: 'hash' }
  | { by: 'random' }
  | { by: 'cpu'; cpus: number }
  | { by: 'member'; member: number }

/** The sysctls that bear on the queues, by their kernel names, and the kernel's tick. */
export interface KernelRules {
  syncookies: 0 | 1 | 2
  synAckRetries: number
  /** Matters only without cookies: docs/kernel-facts.md#last-quarter-of-tcp_max_syn_backlog. */
  maxSynBacklog: number
  abortOnOverflow: boolean
  migrateReq: boolean
  /** Ticks a second: timers of a second and more run in the coarse wheel, and fire in bunches. */
  hz: number
}

/** What the other side does. Requests follow the handshake at once. */
export interface ClientRules {
  rttMs: number
  /** From the first SYN; whoever has no answer by then is lost. */
  timeoutMs: number
  synRetries: number
  /** tcp_syn_linear_timeouts: 4 since Linux 6.5, 0 before. */
  synLinearTimeouts: number
  /** Machines that the clients are on, each at random. Timers of one machine fire on one grid, those of two have nothing to do with each other. */
  hosts: number
  /** CPUs of each: SYNs that one tick sends again leave together from each CPU, and CPU after CPU. */
  cpusPerHost: number
  /** Connected clients send their requests so far apart: what one process of clients can do. 0 where they are independent. */
  requestGapMs: number
}

/** A closed loop: so many clients, each of which asks again some time after it was answered, or has given up. */
export interface ReturningClients {
  clients: number
  /** On average, exponentially: from the answer until the next SYN. */
  thinkMs: number
  /** Nobody comes any more from then on. */
  untilMs: number
}

export interface System {
  /** First SYNs, never decreasing. Of a closed loop those of the first connection of each client, and room for the others. */
  arrivals: Float64Array
  returning?: ReturningClients
  /** SYNs that nobody follows up and nobody sends again, never decreasing. */
  halfOpen: Float64Array
  shards: Shard[]
  steering: Steering
  kernel: KernelRules
  client: ClientRules
}

export const defaultKernel: KernelRules = {
  syncookies: 1,
  synAckRetries: 5,
  maxSynBacklog: 2048,
  abortOnOverflow: false,
  migrateReq: false,
  hz: 250,
}

export const defaultClient: ClientRules = {
  rttMs: 0.1,
  timeoutMs: 10_000,
  synRetries: 6,
  synLinearTimeouts: 4,
  hosts: 1000,
  cpusPerHost: 1,
  requestGapMs: 0,
}

export const defaultLoop: EventLoop = { acceptMs: 0, acceptCv: 0, handleMs: 0, acceptsPerTurn: 1, stalls: [] }

/** The longest that a SYN can be on its way and back; beyond, the client would send it again before it is answered. */
export const LONGEST_RTT_MS = 900
