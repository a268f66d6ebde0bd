/** Every sample of a lab's last half minute, column by column: what slow motion is made of. Times are CLOCK_MONOTONIC in ms. */
export interface SampleWindow {
  /** A row for each listening socket of the shared port and each reading of the accept queues. */
  listeners: {
    atMs: number[]
    shard: number[]
    length: number[]
    limit: number[]
    /** SYNs and final ACKs that this socket has dropped since the row before (sk_drops). */
    dropped: number[]
  }
  /** A row for each reading of the half-open requests of the port. */
  synQueue: { atMs: number[]; length: number[]; limit: number[] }
  /** When ListenOverflows of the server's namespace was seen to have grown. */
  overflows: { atMs: number[] }
  /** Readings of TCPSynRetrans in the clients' namespace, and by how much each had grown: SYNs that were sent again. */
  resent: { atMs: number[]; gained: number[] }
}

export const emptyWindow = (): SampleWindow => ({
  listeners: { atMs: [], shard: [], length: [], limit: [], dropped: [] },
  synQueue: { atMs: [], length: [], limit: [] },
  overflows: { atMs: [] },
  resent: { atMs: [], gained: [] },
})
