/** PromQL for the questions that people ask first. A test has promtool read each of them. */
export interface QueryExample {
  question: string
  query: string
}

export const queryExamples: readonly QueryExample[] = [
  {
    question: 'How full is each accept queue, at its worst of the last half minute?',
    query: 'tcp_listener_accept_queue_peak / (tcp_listener_accept_queue_limit + 1)',
  },
  {
    question: 'For which share of the time was a queue full?',
    query: 'rate(tcp_listener_accept_queue_at_least_seconds_total{fill="1"}[5m])',
  },
  {
    question: 'Is one shard full while its neighbours idle? Near 1: yes, and more shards would not help it.',
    query: `max by (netns, address, port) (tcp_listener_accept_queue_length / (tcp_listener_accept_queue_limit + 1))
-
min by (netns, address, port) (tcp_listener_accept_queue_length / (tcp_listener_accept_queue_limit + 1))`,
  },
  {
    question: 'Whose queue drops? Drops a second, by container and process.',
    query: `sum by (container, process) (
  rate(tcp_listener_drops_total[5m])
  * on (netns, address, port, shard) group_left (container, process) tcp_listener_info
)`,
  },
  {
    question: 'Does anyone wait longer than a second to be accepted?',
    query: 'tcp_port_accept_wait_oldest_seconds > 1',
  },
  {
    question: 'Does a SYN queue overflow? With SYN cookies on, nothing else shows it.',
    query: 'rate(node_netstat_TcpExt_TCPReqQFullDoCookies[5m]) > 0',
  },
  {
    question: 'Are connections refused for another reason than a full accept queue?',
    query: 'rate(node_netstat_TcpExt_ListenDrops[5m]) - rate(node_netstat_TcpExt_ListenOverflows[5m]) > 0',
  },
  {
    question: 'What does the sampling cost, in shares of a core, and for what?',
    query: 'sum by (kind) (rate(spillway_sample_duration_seconds_sum[5m]))',
  },
]
