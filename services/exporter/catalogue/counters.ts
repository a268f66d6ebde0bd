/** The namespace's counters, under the names that node_exporter gives them, so that existing boards work. */
import { type FullName, meanings } from '#kernel/queue-counters.ts'
import type { Held, Metric, MetricGroup } from './metric.ts'

/** When to worry about a counter that bears on the queues; what it counts stands beside its name in kernel/. */
const worries: Record<FullName, string> = {
  TcpExt_ListenOverflows:
    'Any rate: clients are waiting for a second or more. Find the listener by its fill and drops.',
  TcpExt_ListenDrops:
    'Higher than ListenOverflows: half-open requests without cookies, no route back, or a security module.',
  TcpExt_TCPReqQFullDrop: 'Any rate: new clients are turned away.',
  TcpExt_TCPReqQFullDoCookies:
    'A rate with the default settings: the SYN queue overflows, and neither ListenDrops nor the drops of a listener move.',
  TcpExt_SyncookiesSent: 'As the one above.',
  TcpExt_SyncookiesRecv: 'Much lower than SyncookiesSent: most of those SYNs came from nobody, as in a flood.',
  TcpExt_SyncookiesFailed: 'A scan, a flood of ACKs, or clients that answer later than a cookie lives.',
  TcpExt_TCPDeferAcceptDrop: 'Harmless by itself.',
  TcpExt_TCPMigrateReqSuccess: 'Expected at restarts with tcp_migrate_req=1.',
  TcpExt_TCPMigrateReqFailure: 'Any rate at a restart: those clients were reset.',
  TcpExt_TCPFastOpenListenOverflow: 'Raise the limit given with TCP_FASTOPEN.',
  TcpExt_TCPSynRetrans: 'Rises as a client of full servers, and as a server of clients that do not answer.',
  TcpExt_TCPTimeouts: 'A rate in step with ListenOverflows: stuck handshakes.',
  TcpExt_TCPAbortOnData: 'Clients see resets.',
  TcpExt_TCPAbortOnMemory: 'Any rate.',
  TcpExt_TCPBacklogDrop: 'Any rate: a process that is busy inside the kernel for long, or tiny buffers.',
  TcpExt_TCPRcvQDrop: 'Any rate: readers too slow.',
  TcpExt_PruneCalled: 'A steady rate: readers too slow.',
  TcpExt_RcvPruned: 'Any rate.',
  TcpExt_TCPToZeroWindowAdv: 'A rate: our process reads too slowly.',
  TcpExt_TCPFromZeroWindowAdv: 'Compare with the one above.',
  TcpExt_TCPWantZeroWindowAdv: 'As above.',
  TcpExt_TCPZeroWindowDrop: 'Any rate.',
  TcpExt_TCPWinProbe: 'A rate: slow readers at the other end.',
  TcpExt_TCPTimeWaitOverflow: 'Raise tcp_max_tw_buckets.',
  TcpExt_EmbryonicRsts: 'A rate: scanners, or clients that see "connection reset" because of a full accept queue.',
  Tcp_ActiveOpens: 'For rates.',
  Tcp_PassiveOpens: 'For rates.',
  Tcp_AttemptFails: 'A rate beside EmbryonicRsts or refused connects.',
  Tcp_EstabResets: 'A burst when a listener closes: its queue was reset.',
  Tcp_RetransSegs: 'More than a few per cent of OutSegs.',
  Tcp_OutRsts: 'A rate: connects to closed ports, or queues thrown away.',
}

/** What node_exporter shows by default besides. */
const others: Record<string, [what: string, worry: string]> = {
  TcpExt_TCPOFOQueue: ['Segments that came out of order and were kept.', 'Losses or reordering on the way here.'],
  Tcp_CurrEstab: ['Connections that are ESTABLISHED or CLOSE_WAIT now; a gauge.', 'For comparison.'],
  Tcp_InSegs: ['Segments received.', 'For rates.'],
  Tcp_OutSegs: ['Segments sent, without those sent again.', 'For rates.'],
  Tcp_InErrs: ['Segments received with an error.', 'Any rate.'],
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
  metrics: [
    ...Object.entries(worries).map(([field, worry]) => metric(field, meanings.get(field) ?? '', worry)),
    ...Object.entries(others).map(([field, [what, worry]]) => metric(field, what, worry)),
  ],
}
