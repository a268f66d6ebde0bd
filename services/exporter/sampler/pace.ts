/** How often and how far back the sampler looks. */
export interface SamplingPace {
  sampleIntervalMs: number
  /** How often accept queues are read at most while all that happens in them is watched: without it, as often as otherwise. */
  watchedIntervalMs?: number
  /** How often the queues of a namespace are read after a minute in which nothing waited in any of them. */
  quietIntervalMs: number
  synIntervalMs: number
  connectionsIntervalMs: number
  outgoingIntervalMs: number
  /** How many destinations of outgoing connections are named. */
  outgoingDestinations: number
  streamIntervalMs: number
  peakWindowMs: number
  /** How long a UDP socket must have been open to be shown, whatever its port. Without it, until it counts as one that serves. */
  udpSettlesMs?: number
  /** The share of one core, in CPU time, that everything but the reading of listeners may cost. */
  cpuShare: number
  /** The share that reading listeners may cost: beyond it they are read less often. Without it, as often as asked. */
  listenersShare?: number
}

export const defaultPace: SamplingPace = {
  sampleIntervalMs: 10,
  quietIntervalMs: 100,
  synIntervalMs: 100,
  connectionsIntervalMs: 1000,
  outgoingIntervalMs: 5000,
  outgoingDestinations: 10,
  streamIntervalMs: 100,
  peakWindowMs: 30_000,
  cpuShare: 0.02,
}
