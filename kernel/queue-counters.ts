/**
 * The namespace counters that concern queues, handshakes and windows, each with what it counts: the counters that displays
 * show when they move, that experiments read and that the exporter describes. In the order in which they are read.
 */

/** Of /proc/net/netstat, group TcpExt. */
const ofTcpExt = [
  ['ListenOverflows', 'SYNs and final ACKs dropped because an accept queue was full. Does not distinguish the two.'],
  ['ListenDrops', 'SYNs and final ACKs dropped by a listener for any reason; includes ListenOverflows.'],
  ['TCPReqQFullDrop', 'SYNs dropped because a SYN queue was full and SYN cookies are off.'],
  [
    'TCPReqQFullDoCookies',
    'SYNs that found the SYN queue full and were to be answered with a cookie; with tcp_syncookies=2, every SYN. Counts ' +
      'even if a full accept queue then drops the SYN.',
  ],
  ['SyncookiesSent', 'SYN-ACKs sent with a cookie instead of storing a request in the SYN queue.'],
  ['SyncookiesRecv', 'Valid cookies that came back: clients that connected without an entry in the SYN queue.'],
  [
    'SyncookiesFailed',
    'ACKs that match no known request and carry an invalid cookie, within two minutes of an overflow.',
  ],
  ['TCPDeferAcceptDrop', 'Final ACKs without data, ignored because of TCP_DEFER_ACCEPT.'],
  [
    'TCPMigrateReqSuccess',
    'Half-open requests and queued connections moved to another listener of the group when their own closed.',
  ],
  [
    'TCPMigrateReqFailure',
    'Half-open requests and queued connections that could not be moved: no other listener, or a full one.',
  ],
  [
    'TCPFastOpenListenOverflow',
    'TCP Fast Open SYNs beyond the limit on pending ones; they continue as ordinary handshakes.',
  ],
  ['TCPSynRetrans', 'SYNs and SYN-ACKs retransmitted, by this side as a client and as a server.'],
  ['TCPTimeouts', 'Retransmission timers that expired, including those of SYNs and SYN-ACKs.'],
  ['TCPAbortOnData', 'Connections reset because they were closed with unread data.'],
  ['TCPAbortOnMemory', 'Connections reset for lack of memory or because there were too many orphans.'],
  ['TCPBacklogDrop', "Segments dropped because a connection's backlog was full while its process held it."],
  ['TCPRcvQDrop', 'Segments dropped because a receive queue was full.'],
  ['PruneCalled', 'Times that a receive queue was pruned to fit its buffer.'],
  ['RcvPruned', 'Segments discarded after they had been received, for lack of buffer.'],
  ['TCPToZeroWindowAdv', 'Times that this side closed its window to a peer.'],
  ['TCPFromZeroWindowAdv', 'Times that this side reopened its window.'],
  ['TCPWantZeroWindowAdv', 'Times that this side would have closed its window but was not allowed to shrink it.'],
  ['TCPZeroWindowDrop', 'Segments dropped because they arrived while our window was closed.'],
  ['TCPWinProbe', 'Probes sent to peers with a closed window.'],
  ['TCPTimeWaitOverflow', 'TIME_WAIT sockets not kept because there were too many.'],
  [
    'EmbryonicRsts',
    'Half-open requests that ended in a reset, including those reset because of tcp_abort_on_overflow.',
  ],
] as const

/** Of /proc/net/snmp, group Tcp. They rise whenever any client connects. */
const ofTcp = [
  ['ActiveOpens', 'Connections opened from here.'],
  ['PassiveOpens', 'Connections opened by clients, counted at the final ACK and not at the SYN.'],
  ['AttemptFails', 'Handshakes that failed, on either side.'],
  ['EstabResets', 'Established connections that ended in a reset.'],
  ['RetransSegs', 'Segments retransmitted, including SYNs and SYN-ACKs.'],
  ['OutRsts', 'Resets sent.'],
] as const

type TcpExt = (typeof ofTcpExt)[number][0]
type Tcp = (typeof ofTcp)[number][0]

/** A counter of either group, by the kernel's own name: `ListenDrops`. */
export type QueueCounter = TcpExt | Tcp

/** Its name with the group before it, as snapshots and node_exporter have it: `TcpExt_ListenDrops`. */
export type FullName = `TcpExt_${TcpExt}` | `Tcp_${Tcp}`

export const tcpExt = ofTcpExt.map(([name]) => name)
export const tcp = ofTcp.map(([name]) => name)

const names: ReadonlySet<string> = new Set(tcp)

export const fullName = (name: QueueCounter): string => `${names.has(name) ? 'Tcp' : 'TcpExt'}_${name}`

/** What each counts, by its full name. */
export const meanings: ReadonlyMap<string, string> = new Map(
  [...ofTcpExt, ...ofTcp].map(([name, meaning]) => [fullName(name), meaning]),
)
