/** What the kernel counts, under its names; `skDrops` is by shard. Which event moves which: docs/kernel-facts.md#which-counter-moves-when. */
export interface Counters {
  ListenOverflows: number
  ListenDrops: number
  TCPReqQFullDrop: number
  TCPReqQFullDoCookies: number
  SyncookiesSent: number
  SyncookiesRecv: number
  TCPMigrateReqSuccess: number
  TCPMigrateReqFailure: number
  EmbryonicRsts: number
  EstabResets: number
  /** Sent again by clients, and by servers. The kernel counts both as TCPSynRetrans, each in its own namespace. */
  synRetransmits: number
  synAckRetransmits: number
  /** First and repeated ones that reached the server, half-open ones included. */
  syns: number
}

export const noCounts = (): Counters => ({
  ListenOverflows: 0,
  ListenDrops: 0,
  TCPReqQFullDrop: 0,
  TCPReqQFullDoCookies: 0,
  SyncookiesSent: 0,
  SyncookiesRecv: 0,
  TCPMigrateReqSuccess: 0,
  TCPMigrateReqFailure: 0,
  EmbryonicRsts: 0,
  EstabResets: 0,
  synRetransmits: 0,
  synAckRetransmits: 0,
  syns: 0,
})
