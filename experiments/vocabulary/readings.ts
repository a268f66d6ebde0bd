/** What a run has left to be judged by. Everything here is a number of a recording; nothing is asked of the kernel again. */

import type { QueueCounter } from '#kernel/queue-counters.ts'
import type { Outcomes } from '#load/agent/api.ts'

/** A case as it was recorded, phase by phase. */
export interface Readings<Results = Record<string, unknown>> {
  /** What each phase gave. */
  readonly result: Results
  /** The listening socket of shard 1, 2, … */
  listener(shard: number): ListenerReadings<keyof Results>
  /** What the port's listeners share, and its connections. */
  readonly port: PortReadings<keyof Results>
  /** Counters of the server's network namespace. A kernel that lacks one makes the verdict "not judged here". */
  readonly counters: Record<QueueCounter, Tally<keyof Results>>
  /** Counters of the clients' network namespace. */
  readonly clientCounters: Record<QueueCounter, Tally<keyof Results>>
  readonly clients: ClientReadings<keyof Results>
  /** What backend 1, 2, … says of itself. */
  backend(number: number): BackendReadings<keyof Results>
  /** How long a phase took. */
  durationMs(phase: keyof Results): number
  /** A sysctl of the server's namespace as it was when the phases began; NaN where the kernel has none of that name. */
  sysctl(name: string): number
}

/** A value that is sampled: it may have been elsewhere between two samples. NaN where nothing was sampled. */
export interface Series<Phase> {
  readonly max: number
  readonly min: number
  readonly mean: number
  /** The last sample. */
  readonly last: number
  during(phase: Phase): Series<Phase>
}

/** A count that only grows, read exactly at the ends of every phase. */
export interface Tally<Phase> {
  /** From the first phase until the last load has ended. */
  readonly total: number
  during(phase: Phase): number
}

export interface ListenerReadings<Phase> {
  readonly length: Series<Phase>
  /** N; N + 1 fit. */
  readonly limit: Series<Phase>
  /** sk_drops; not all are overflows. */
  readonly drops: Tally<Phase>
  /** The highest length sampled. */
  readonly peak: number
  /** Milliseconds in which samples showed N + 1 or more. */
  readonly fullMs: number
}

export interface PortReadings<Phase> {
  readonly synQueue: Series<Phase>
  /** How long the longest waiting connection had waited; one jiffy fine. */
  readonly oldestWaitMs: Series<Phase>
  readonly established: Series<Phase>
  readonly receiveBytes: Series<Phase>
  readonly sendBytes: Series<Phase>
  readonly zeroWindows: Series<Phase>
}

export interface BackendReadings<Phase> {
  readonly accepts: Tally<Phase>
  readonly responses: Tally<Phase>
  /** Accepts of each of its processes, in the order in which GET /status lists them. */
  readonly acceptsByProcess: readonly number[]
  /** Processor time that its processes used, its answers to the recorder included. */
  readonly cpuMs: Tally<Phase>
  /** What listen() was asked for last. */
  readonly backlog: number
}

/** Connections whose record the clients kept, and what their kernel counted. */
export interface ClientReadings<Phase> extends Connections {
  /** SYNs that left the clients' kernel, those sent again included; without half-open ones, which pass it by. */
  readonly synsSent: Tally<Phase>
  /** SYNs written by half-open loads. */
  readonly halfOpenSyns: Tally<Phase>
  /** The connections of the loads that began in a phase. */
  startedIn(phase: Phase): Connections
}

/** Some connections, as the clients saw them. */
export interface Connections {
  readonly count: number
  /** Those whose handshake finished, as the client sees it. */
  readonly connected: number
  readonly outcomes: Outcomes
  /** From the SYN to the SYN-ACK, of those that connected. */
  readonly connectMs: Distribution
  /** As the kernel told the backend right after accept(); one jiffy fine. */
  readonly acceptWaitMs: Distribution
  /** From the SYN to accept(), by the one clock of the host: what clients wait in the kernel, on either side of the handshake. */
  readonly acceptedAfterMs: Distribution
  /** From the scheduled moment to the first byte of the answer. */
  readonly firstByteMs: Distribution
  /** From the scheduled moment to the end, of those that were answered in full. */
  readonly totalMs: Distribution
  /** Sent again by those that connected. */
  readonly synRetransmits: number
  /** Those that a backend answered. */
  answeredBy(backend: number): Connections
}

/** All are NaN if there is no value at all, and so in no band. */
export interface Distribution {
  readonly count: number
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly stdev: number
  /** The value that a share `q` of all do not exceed (nearest rank). */
  quantile(q: number): number
  /** The share that lies above, below, or between two bounds. */
  share(bounds: { above?: number; below?: number }): number
  /** How many lie there. */
  number(bounds: { above?: number; below?: number }): number
}
