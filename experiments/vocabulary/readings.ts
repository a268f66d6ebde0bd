/** What a run is judged by. Everything here comes from the recording; the kernel is not asked again. */

import type { QueueCounter } from '#kernel/queue-counters.ts'
import type { Outcomes } from '#load/agent/api.ts'

/** A case as it was recorded, phase by phase. */
export interface Readings<Results = Record<string, unknown>> {
  /** What each phase returned. */
  readonly result: Results
  /** The listening socket of shard 1, 2, … */
  listener(shard: number): ListenerReadings<keyof Results>
  /** What the listeners of the port share, and its connections. */
  readonly port: PortReadings<keyof Results>
  /** Counters of the server's network namespace. If the kernel lacks one that is read, the verdict is "not judged". */
  readonly counters: Record<QueueCounter, Tally<keyof Results>>
  /** Counters of the clients' network namespace. */
  readonly clientCounters: Record<QueueCounter, Tally<keyof Results>>
  /** What the clients recorded. */
  readonly clients: ClientReadings<keyof Results>
  /** What backend 1, 2, … reports about itself. */
  backend(number: number): BackendReadings<keyof Results>
  /** How long a phase took. */
  durationMs(phase: keyof Results): number
  /** A sysctl of the server's namespace as it was when the phases began; NaN if the kernel has no sysctl of that name. */
  sysctl(name: string): number
}

/** A sampled value: between two samples it may have been higher or lower. NaN if nothing was sampled. */
export interface Series<Phase> {
  /** The highest sample. */
  readonly max: number
  /** The lowest sample. */
  readonly min: number
  /** The mean of the samples. */
  readonly mean: number
  /** The last sample. */
  readonly last: number
  /** Only the samples of one phase. */
  during(phase: Phase): Series<Phase>
}

/** A count that only grows, read exactly at the beginning and end of every phase. */
export interface Tally<Phase> {
  /** From the first phase until the last load has ended. */
  readonly total: number
  /** How much it grew in one phase. */
  during(phase: Phase): number
}

export interface ListenerReadings<Phase> {
  /** Connections in the accept queue. */
  readonly length: Series<Phase>
  /** The limit N; N + 1 connections fit. */
  readonly limit: Series<Phase>
  /** sk_drops; not all of them are overflows. */
  readonly drops: Tally<Phase>
  /** The highest length sampled. */
  readonly peak: number
  /** Milliseconds in which samples showed N + 1 or more. */
  readonly fullMs: number
}

export interface PortReadings<Phase> {
  /** Half-open requests. */
  readonly synQueue: Series<Phase>
  /** Connections that wait to be accepted and whose client has sent a FIN. */
  readonly waitingFinished: Series<Phase>
  /** How long the oldest waiting connection had waited; accurate to one jiffy. */
  readonly oldestWaitMs: Series<Phase>
  /** Connections whose handshake is complete, those that wait to be accepted included. */
  readonly established: Series<Phase>
  /** Bytes that have arrived and that no process has read. */
  readonly receiveBytes: Series<Phase>
  /** Bytes that a process has sent and the clients have not acknowledged. */
  readonly sendBytes: Series<Phase>
  /** Connections that must not send, since the other side has no room. */
  readonly zeroWindows: Series<Phase>
}

export interface BackendReadings<Phase> {
  /** Connections that it accepted. */
  readonly accepts: Tally<Phase>
  /** Answers that it has sent in full. */
  readonly responses: Tally<Phase>
  /** Accepts of each of its processes, in the order in which GET /status lists them. */
  readonly acceptsByProcess: readonly number[]
  /** CPU time that its processes used, including their answers to the recorder. */
  readonly cpuMs: Tally<Phase>
  /** The backlog last passed to listen(). */
  readonly backlog: number
}

/** The connections that the clients recorded, and what the clients' kernel counted. */
export interface ClientReadings<Phase> extends Connections {
  /** SYNs that the clients' kernel sent, including retransmits, but without half-open loads, which bypass it. */
  readonly synsSent: Tally<Phase>
  /** SYNs sent by half-open loads. */
  readonly halfOpenSyns: Tally<Phase>
  /** The connections of the loads that began in a phase. */
  startedIn(phase: Phase): Connections
}

/** Some connections, as the clients saw them. */
export interface Connections {
  /** How many they are. */
  readonly count: number
  /** Those whose handshake completed, as the client sees it. */
  readonly connected: number
  /** How many ended in each way: `ok`, `refused`, `reset`, `timedOut`, … */
  readonly outcomes: Outcomes
  /** From the SYN to the SYN-ACK, of those that connected. */
  readonly connectMs: Distribution
  /** As the kernel reported it to the backend right after accept(); accurate to one jiffy. */
  readonly acceptWaitMs: Distribution
  /** From the SYN to accept(), by the host's one clock: the wait in the kernel, before and after the handshake completes. */
  readonly acceptedAfterMs: Distribution
  /** From the scheduled moment to the first byte of the answer. */
  readonly firstByteMs: Distribution
  /** From the scheduled moment to the end, of those that were answered in full. */
  readonly totalMs: Distribution
  /** SYN retransmits of those that connected. */
  readonly synRetransmits: number
  /** Those that this backend answered. */
  answeredBy(backend: number): Connections
}

/** If there are no values, everything is NaN, which lies in no band. */
export interface Distribution {
  /** How many values there are. */
  readonly count: number
  /** The smallest. */
  readonly min: number
  /** The largest. */
  readonly max: number
  /** Their mean. */
  readonly mean: number
  /** Their standard deviation. */
  readonly stdev: number
  /** The value that a share `q` of all values does not exceed (nearest rank). */
  quantile(q: number): number
  /** The share of values above a bound, below a bound, or between two. */
  share(bounds: { above?: number; below?: number }): number
  /** How many values lie there. */
  number(bounds: { above?: number; below?: number }): number
}
