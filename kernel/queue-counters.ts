/**
 * The namespace counters that bear on queues, handshakes and windows, each with what it counts: what is worth showing when
 * it moves, what experiments read, and what the exporter describes. In the order in which they are read.
 */

/** Of /proc/net/netstat, group TcpExt. */
const ofTcpExt = [
  ['ListenOverflows', 'SYNs and final ACKs dropped because an accept queue was full. Cannot tell the two apart.'],
  ['ListenDrops', 'SYNs and final ACKs dropped by a listener for any reason; contains ListenOverflows.'],
  ['TCPReqQFullDrop', 'SYNs dropped because a SYN queue was full and SYN cookies are off.'],
  [
    'TCPReqQFullDoCookies',
    'SYNs that met a full SYN queue and were to be answered with a cookie; with tcp_syncookies=2 every SYN. Counts also ' +
      'where a full accept queue then drops the SYN.',
  ],
  ['SyncookiesSent', 'SYN-ACKs sent with a cookie instead of a place in the SYN queue.'],
  ['SyncookiesRecv', 'Valid cookies that came back: clients that got in without a place in the SYN queue.'],
  ['SyncookiesFailed', 'ACKs to no known request whose cookie was not valid, within two minutes of an overflow.'],
  ['TCPDeferAcceptDrop', 'Bare final ACKs that TCP_DEFER_ACCEPT held back.'],
  [
    'TCPMigrateReqSuccess',
    'Half-open requests and waiting connections moved to another listener of the group when theirs closed.',
  ],
  ['TCPMigrateReqFailure', 'The same that found no listener, or a full one.'],
  ['TCPFastOpenListenOverflow', 'TCP Fast Open SYNs beyond the limit of pending ones; they go on as usual handshakes.'],
  ['TCPSynRetrans', 'SYNs and SYN-ACKs sent again, by this side as a client and as a server.'],
  ['TCPTimeouts', 'Retransmission timers that ran out, those of SYNs and SYN-ACKs included.'],
  ['TCPAbortOnData', 'Connections reset because they were closed with unread data.'],
  ['TCPAbortOnMemory', 'Connections reset for lack of memory or too many orphans.'],
  ['TCPBacklogDrop', "Segments dropped because a connection's backlog was full while its process held it."],
  ['TCPRcvQDrop', 'Segments dropped because a receive queue was full.'],
  ['PruneCalled', 'Times that a receive queue was squeezed to fit its buffer.'],
  ['RcvPruned', 'Segments thrown away although already received, for lack of buffer.'],
  ['TCPToZeroWindowAdv', 'Times that this side closed its window to a peer.'],
  ['TCPFromZeroWindowAdv', 'Times that this side opened its window again.'],
  ['TCPWantZeroWindowAdv', 'Times that this side would have closed its window, but may not shrink it.'],
  ['TCPZeroWindowDrop', 'Segments dropped because they came while our window was closed.'],
  ['TCPWinProbe', 'Probes sent to peers with a closed window.'],
  ['TCPTimeWaitOverflow', 'TIME_WAITs that were refused for being too many.'],
  ['EmbryonicRsts', 'Half-open requests that ended with a reset, or were reset by tcp_abort_on_overflow.'],
] as const

/** Of /proc/net/snmp, group Tcp. They move whenever anybody connects. */
const ofTcp = [
  ['ActiveOpens', 'Connections begun from here.'],
  ['PassiveOpens', 'Connections made by clients, counted at the final ACK and not at the SYN.'],
  ['AttemptFails', 'Handshakes that failed, of either side.'],
  ['EstabResets', 'Established connections that ended by a reset.'],
  ['RetransSegs', 'Segments sent again, SYNs and SYN-ACKs included.'],
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
