/** The namespace's counters, under the names that node_exporter gives them, so that existing boards work. */
import { type FullName, meanings } from '#kernel/queue-counters.ts'
import type { Held, Metric, MetricGroup } from './metric.ts'

/** When to worry about a counter that concerns the queues; what it counts is said beside its name in kernel/. */
const worries: Record<FullName, string> = {
  TcpExt_ListenOverflows: 'Any rate: clients wait for a second or more. Find the listener by its fill and drops.',
  TcpExt_ListenDrops:
    'Higher than ListenOverflows: SYNs dropped for lack of SYN queue space with cookies off, no route back, or a security module.',
  TcpExt_TCPReqQFullDrop: 'Any rate: new clients are turned away.',
  TcpExt_TCPReqQFullDoCookies:
    'A rate with the default settings: the SYN queue overflows, and neither ListenDrops nor the drops of a listener move.',
  TcpExt_SyncookiesSent: 'As for TCPReqQFullDoCookies.',
  TcpExt_SyncookiesRecv:
    'Much lower than SyncookiesSent: most of those SYNs had no real client behind them, as in a flood.',
  TcpExt_SyncookiesFailed: 'A scan, a flood of ACKs, or clients that answer after their cookie has expired.',
  TcpExt_TCPDeferAcceptDrop: 'Harmless on its own.',
  TcpExt_TCPMigrateReqSuccess: 'Expected at restarts with tcp_migrate_req=1.',
  TcpExt_TCPMigrateReqFailure: 'Any rate at a restart: those clients were reset.',
  TcpExt_TCPFastOpenListenOverflow: 'Raise the limit given with TCP_FASTOPEN.',
  TcpExt_TCPSynRetrans:
    'A rate: as a client, the servers it connects to are full; as a server, its clients do not answer.',
  TcpExt_TCPTimeouts: 'A rate in step with ListenOverflows: stuck handshakes.',
  TcpExt_TCPAbortOnData: 'Clients see resets.',
  TcpExt_TCPAbortOnMemory: 'Any rate.',
  TcpExt_TCPBacklogDrop: 'Any rate: a process that spends a long time inside the kernel, or tiny buffers.',
  TcpExt_TCPRcvQDrop: 'Any rate: readers are too slow.',
  TcpExt_PruneCalled: 'A steady rate: readers are too slow.',
  TcpExt_RcvPruned: 'Any rate.',
  TcpExt_TCPToZeroWindowAdv: 'A rate: our process reads too slowly.',
  TcpExt_TCPFromZeroWindowAdv: 'Compare with TCPToZeroWindowAdv.',
  TcpExt_TCPWantZeroWindowAdv: 'As for TCPToZeroWindowAdv.',
  TcpExt_TCPZeroWindowDrop: 'Any rate.',
  TcpExt_TCPWinProbe: 'A rate: peers that read slowly.',
  TcpExt_TCPTimeWaitOverflow: 'Raise tcp_max_tw_buckets.',
  TcpExt_EmbryonicRsts: 'A rate: scanners, or clients that get "connection reset" because an accept queue is full.',
  Tcp_ActiveOpens: 'Not a warning sign: compare other rates with it.',
  Tcp_PassiveOpens: 'Not a warning sign: compare other rates with it.',
  Tcp_AttemptFails: 'A rate together with EmbryonicRsts or refused connections.',
  Tcp_EstabResets: 'A burst when a listener closes: its queue was reset.',
  Tcp_RetransSegs: 'More than a few per cent of OutSegs.',
  Tcp_OutRsts: 'A rate: connection attempts to closed ports, or listeners that closed with connections in their queue.',
}

/** Further counters that node_exporter shows by default. */
const others: Record<string, [what: string, worry: string]> = {
  TcpExt_TCPOFOQueue: [
    'Segments that arrived out of order and were kept.',
    'A rate: losses or reordering on the path to this host.',
  ],
  Tcp_CurrEstab: [
    'Connections that are ESTABLISHED or CLOSE_WAIT now; a gauge.',
    'Not a warning sign: compare other numbers with it.',
  ],
  Tcp_InSegs: ['Segments received.', 'Not a warning sign: compare other rates with it.'],
  Tcp_OutSegs: ['Segments sent, without retransmissions.', 'Not a warning sign: compare other rates with it.'],
  Tcp_InErrs: ['Segments received with an error.', 'Any rate.'],
}

/** Counters of other protocols that node_exporter shows by default: all have the same worry, or none. */
const ofOtherProtocols: Record<string, [what: string, worry: string]> = {
  Udp_InDatagrams: ['Datagrams delivered to sockets (IPv4).', 'Not a warning sign: compare other rates with it.'],
  Udp_OutDatagrams: ['Datagrams sent (IPv4).', 'Not a warning sign: compare other rates with it.'],
  Udp_NoPorts: ['Datagrams for a port without a socket (IPv4).', 'A rate: a server is not running, or a scan.'],
  Udp_InErrors: ['Datagrams received and not delivered (IPv4); includes RcvbufErrors.', 'Any rate.'],
  Udp_RcvbufErrors: [
    'Datagrams dropped because the receive queue of their socket was full (IPv4).',
    'Any rate: find the socket by udp_socket_drops_total.',
  ],
  Udp_SndbufErrors: ['Datagrams not sent for lack of buffer (IPv4).', 'Any rate.'],
  Udp6_InDatagrams: ['Datagrams delivered to sockets (IPv6).', 'Not a warning sign: compare other rates with it.'],
  Udp6_OutDatagrams: ['Datagrams sent (IPv6).', 'Not a warning sign: compare other rates with it.'],
  Udp6_NoPorts: ['Datagrams for a port without a socket (IPv6).', 'A rate: a server is not running, or a scan.'],
  Udp6_InErrors: ['Datagrams received and not delivered (IPv6); includes RcvbufErrors.', 'Any rate.'],
  Udp6_RcvbufErrors: [
    'Datagrams dropped because the receive queue of their socket was full (IPv6).',
    'Any rate: find the socket by udp_socket_drops_total.',
  ],
  Udp6_SndbufErrors: ['Datagrams not sent for lack of buffer (IPv6).', 'Any rate.'],
  UdpLite_InErrors: ['UDP-Lite datagrams received and not delivered (IPv4).', 'Any rate.'],
  UdpLite6_InErrors: ['UDP-Lite datagrams received and not delivered (IPv6).', 'Any rate.'],
  Icmp_InMsgs: ['ICMP messages received.', 'A high rate: a ping flood, or datagrams to where nobody listens.'],
  Icmp_OutMsgs: ['ICMP messages sent.', 'As for InMsgs.'],
  Icmp_InErrors: ['ICMP messages received with an error.', 'A rate.'],
  Icmp6_InMsgs: ['ICMPv6 messages received.', 'As for ICMP; neighbour discovery adds a steady trickle.'],
  Icmp6_OutMsgs: ['ICMPv6 messages sent.', 'As for InMsgs.'],
  Icmp6_InErrors: ['ICMPv6 messages received with an error.', 'A rate.'],
  Ip_Forwarding: [
    'Whether the namespace forwards IPv4: 1 yes, 2 no. A setting.',
    'Not what it should be on this host.',
  ],
  IpExt_InOctets: ['Bytes received (IPv4).', 'Not a warning sign: compare other rates with it.'],
  IpExt_OutOctets: ['Bytes sent (IPv4).', 'Not a warning sign: compare other rates with it.'],
  Ip6_InOctets: ['Bytes received (IPv6).', 'Not a warning sign: compare other rates with it.'],
  Ip6_OutOctets: ['Bytes sent (IPv6).', 'Not a warning sign: compare other rates with it.'],
}

/** As snapshots carry them: those that this kernel has, zero or not. */
function otherMetric(field: string, what: string, worry: string): Metric {
  return {
    name: `node_netstat_${field}`,
    type: 'untyped',
    labels: ['netns'],
    help: what,
    source: /^[A-Za-z]+6_/.test(field)
      ? '/proc/net/snmp6'
      : field.startsWith('IpExt_')
        ? '/proc/net/netstat'
        : '/proc/net/snmp',
    worry,
    *read({ snapshot }: Held) {
      for (const { netns, otherCounters } of snapshot?.namespaces ?? []) {
        const value = otherCounters?.[field]
        if (value !== undefined) yield { labels: { netns }, value }
      }
    },
  }
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

/** A snapshot leaves out counters at zero, but some (Tcp_RtoMin) are never zero. */
function wereRead(counters: Record<string, number>): boolean {
  for (const _ in counters) return true
  return false
}

export const counterMetrics: MetricGroup = {
  title: "The namespace's counters",
  introduction:
    'Named and typed as in node_exporter (`untyped`; all except `CurrEstab` and `Forwarding` only grow), with the label `netns` added. ' +
    'Shown are the counters that concern queues and those that node_exporter shows by default. A counter that this ' +
    'kernel does not have is left out. The stream carries all of Tcp and TcpExt.',
  metrics: [
    ...Object.entries(worries).map(([field, worry]) => metric(field, meanings.get(field) ?? '', worry)),
    ...Object.entries(others).map(([field, [what, worry]]) => metric(field, what, worry)),
    ...Object.entries(ofOtherProtocols).map(([field, [what, worry]]) => otherMetric(field, what, worry)),
  ],
}
