/** The kernel counters that experiments read, as /proc/net/netstat (TcpExt) and /proc/net/snmp (Tcp) name them. */

export const tcpExt = [
  ...['ListenOverflows', 'ListenDrops', 'TCPReqQFullDrop', 'TCPReqQFullDoCookies'],
  ...['SyncookiesSent', 'SyncookiesRecv', 'SyncookiesFailed', 'EmbryonicRsts'],
  ...['TCPSynRetrans', 'TCPTimeouts', 'TCPDeferAcceptDrop', 'TCPMigrateReqSuccess', 'TCPMigrateReqFailure'],
  ...['TCPToZeroWindowAdv', 'TCPFromZeroWindowAdv', 'TCPWantZeroWindowAdv', 'TCPZeroWindowDrop', 'TCPWinProbe'],
  ...['TCPRcvQDrop', 'PruneCalled', 'RcvPruned', 'TCPBacklogDrop', 'TCPTimeWaitOverflow', 'TCPAbortOnData'],
] as const

export const tcp = ['ActiveOpens', 'PassiveOpens', 'AttemptFails', 'EstabResets', 'RetransSegs', 'OutRsts'] as const

export type Counter = (typeof tcpExt)[number] | (typeof tcp)[number]

/** A counter's name as snapshots have it: `TcpExt_ListenDrops`. */
export const fullName = (name: Counter): string =>
  (tcp as readonly string[]).includes(name) ? `Tcp_${name}` : `TcpExt_${name}`
