/** The namespace's counters, under the names that node_exporter gives them, so that existing boards work. */
import type { Held, Metric, MetricGroup } from './metric.ts'

/** node_exporter shows these by default; the others are what else bears on the queues. */
const counters: Record<string, [what: string, worry: string]> = {
  TcpExt_ListenOverflows: [
    'SYNs and final ACKs dropped because an accept queue was full. Cannot tell the two apart.',
    'Any rate: clients are waiting for a second or more. Find the listener by its fill and drops.',
  ],
  TcpExt_ListenDrops: [
    'SYNs and final ACKs dropped by a listener for any reason; contains ListenOverflows.',
    'Higher than ListenOverflows: half-open requests without cookies, no route back, or a security module.',
  ],
  TcpExt_TCPReqQFullDrop: [
    'SYNs dropped because a SYN queue was full and SYN cookies are off.',
    'Any rate: new clients are turned away.',
  ],
  TcpExt_TCPReqQFullDoCookies: [
    'SYNs that met a full SYN queue and were to be answered with a cookie; with tcp_syncookies=2 every SYN. Counts also ' +
      'where a full accept queue then drops the SYN.',
    'A rate with the default settings: the SYN queue overflows, and neither ListenDrops nor the drops of a listener move.',
  ],
  TcpExt_SyncookiesSent: ['SYN-ACKs sent with a cookie instead of a place in the SYN queue.', 'As the one above.'],
  TcpExt_SyncookiesRecv: [
    'Valid cookies that came back: clients that got in without a place in the SYN queue.',
    'Much lower than SyncookiesSent: most of those SYNs came from nobody, as in a flood.',
  ],
  TcpExt_SyncookiesFailed: [
    'ACKs to no known request whose cookie was not valid, within two minutes of an overflow.',
    'A scan, a flood of ACKs, or clients that answer later than a cookie lives.',
  ],
  TcpExt_TCPDeferAcceptDrop: ['Bare final ACKs that TCP_DEFER_ACCEPT held back.', 'Harmless by itself.'],
  TcpExt_TCPMigrateReqSuccess: [
    'Half-open requests and waiting connections moved to another listener of the group when theirs closed.',
    'Expected at restarts with tcp_migrate_req=1.',
  ],
  TcpExt_TCPMigrateReqFailure: [
    'The same that found no listener, or a full one.',
    'Any rate at a restart: those clients were reset.',
  ],
  TcpExt_TCPFastOpenListenOverflow: [
    'TCP Fast Open SYNs beyond the limit of pending ones; they go on as usual handshakes.',
    'Raise the limit given with TCP_FASTOPEN.',
  ],
  TcpExt_TCPSynRetrans: [
    'SYNs and SYN-ACKs sent again, by this side as a client and as a server.',
    'Rises as a client of full servers, and as a server of clients that do not answer.',
  ],
  TcpExt_TCPTimeouts: [
    'Retransmission timers that ran out, those of SYNs and SYN-ACKs included.',
    'A rate in step with ListenOverflows: stuck handshakes.',
  ],
  TcpExt_TCPAbortOnData: ['Connections reset because they were closed with unread data.', 'Clients see resets.'],
  TcpExt_TCPAbortOnMemory: ['Connections reset for lack of memory or too many orphans.', 'Any rate.'],
  TcpExt_TCPBacklogDrop: [
    "Segments dropped because a connection's backlog was full while its process held it.",
    'Any rate: a process that is busy inside the kernel for long, or tiny buffers.',
  ],
  TcpExt_TCPRcvQDrop: ['Segments dropped because a receive queue was full.', 'Any rate: readers too slow.'],
  TcpExt_PruneCalled: [
    'Times that a receive queue was squeezed to fit its buffer.',
    'A steady rate: readers too slow.',
  ],
  TcpExt_RcvPruned: ['Segments thrown away although already received, for lack of buffer.', 'Any rate.'],
  TcpExt_TCPToZeroWindowAdv: [
    'Times that this side closed its window to a peer.',
    'A rate: our process reads too slowly.',
  ],
  TcpExt_TCPFromZeroWindowAdv: ['Times that this side opened its window again.', 'Compare with the one above.'],
  TcpExt_TCPWantZeroWindowAdv: [
    'Times that this side would have closed its window, but may not shrink it.',
    'As above.',
  ],
  TcpExt_TCPZeroWindowDrop: ['Segments dropped because they came while our window was closed.', 'Any rate.'],
  TcpExt_TCPWinProbe: ['Probes sent to peers with a closed window.', 'A rate: slow readers at the other end.'],
  TcpExt_TCPTimeWaitOverflow: ['TIME_WAITs that were refused for being too many.', 'Raise tcp_max_tw_buckets.'],
  TcpExt_EmbryonicRsts: [
    'Half-open requests that ended with a reset, or were reset by tcp_abort_on_overflow.',
    'A rate: scanners, or clients that see "connection reset" because of a full accept queue.',
  ],
  TcpExt_TCPOFOQueue: ['Segments that came out of order and were kept.', 'Losses or reordering on the way here.'],
  Tcp_ActiveOpens: ['Connections begun from here.', 'For rates.'],
  Tcp_PassiveOpens: ['Connections made by clients, counted at the final ACK and not at the SYN.', 'For rates.'],
  Tcp_AttemptFails: ['Handshakes that failed, of either side.', 'A rate beside EmbryonicRsts or refused connects.'],
  Tcp_EstabResets: [
    'Established connections that ended by a reset.',
    'A burst when a listener closes: its queue was reset.',
  ],
  Tcp_CurrEstab: ['Connections that are ESTABLISHED or CLOSE_WAIT now; a gauge.', 'For comparison.'],
  Tcp_InSegs: ['Segments received.', 'For rates.'],
  Tcp_OutSegs: ['Segments sent, without those sent again.', 'For rates.'],
  Tcp_RetransSegs: ['Segments sent again, SYNs and SYN-ACKs included.', 'More than a few per cent of OutSegs.'],
  Tcp_InErrs: ['Segments received with an error.', 'Any rate.'],
  Tcp_OutRsts: ['Resets sent.', 'A rate: connects to closed ports, or queues thrown away.'],
}

function metric(field: string, what: string, worry: string): Metric {
  return {
    name: `node_netstat_${field}`,
    type: 'untyped',
    labels: ['netns'],
    help: what,
    source: field.startsWith('Tcp_') ? '/proc/net/snmp' : '/proc/net/netstat',
    worry,
    *read({ snapshot, kernelCounters }: Held) {
      if (!kernelCounters.has(field)) return
      for (const { netns, counters } of snapshot?.namespaces ?? [])
        if (wereRead(counters)) yield { labels: { netns }, value: counters[field] ?? 0 }
    },
  }
}

/** A snapshot leaves out counters at zero, but some (Tcp_RtoMin) never are. */
function wereRead(counters: Record<string, number>): boolean {
  for (const _ in counters) return true
  return false
}

export const counterMetrics: MetricGroup = {
  title: "The namespace's counters",
  introduction:
    'Named and typed as node_exporter does (`untyped`; all but `CurrEstab` only grow), with the label `netns` added. ' +
    'Those that bear on queues are shown, and those that node_exporter shows by default; a counter that this kernel ' +
    'does not have is left out. The stream carries all of them.',
  metrics: Object.entries(counters).map(([field, [what, worry]]) => metric(field, what, worry)),
}
