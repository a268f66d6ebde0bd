/** PromQL for the questions that people ask first. A test has promtool read each of them. */
export interface QueryExample {
  question: string
  query: string
}

export const queryExamples: readonly QueryExample[] = [
  {
    question: 'How full was each accept queue, at its worst in the last half minute?',
    query: 'tcp_listener_accept_queue_peak / (tcp_listener_accept_queue_limit + 1)',
  },
  {
    question: 'For what share of the time was each queue full?',
    query: 'rate(tcp_listener_accept_queue_at_least_seconds_total{fill="1"}[5m])',
  },
  {
    question: 'Is one shard full while its siblings are idle? Near 1: yes, and more shards would not help.',
    query: `max by (netns, address, port) (tcp_listener_accept_queue_length / (tcp_listener_accept_queue_limit + 1))
-
min by (netns, address, port) (tcp_listener_accept_queue_length / (tcp_listener_accept_queue_limit + 1))`,
  },
  {
    question: 'Whose queue drops connections? Drops a second, by pod, container and process.',
    query: `sum by (k8s_namespace_name, k8s_pod_name, container_id, process) (
  rate(tcp_listener_drops_total[5m])
  * on (netns, address, port, shard) group_left (k8s_namespace_name, k8s_pod_name, container_id, process) tcp_listener_info
)`,
  },
  {
    question:
      'Where do clients wait in a queue from which nobody accepts? Its workers are all busy, or do not poll the socket.',
    query: 'tcp_listener_acceptors == 0 and tcp_listener_accept_queue_length > 0',
  },
  {
    question: 'Has any connection waited longer than a second to be accepted?',
    query: 'tcp_port_accept_wait_oldest_seconds > 1',
  },
  {
    question: 'What share of those who wait to be accepted has hung up already?',
    query: `sum by (netns, address, port) (tcp_port_accept_queue_connections{client!="open"})
/
sum by (netns, address, port) (tcp_port_accept_queue_connections)`,
  },
  {
    question: 'Is a server accepting connections and not reading what they ask?',
    query: 'tcp_port_unserved_oldest_seconds > 1',
  },
  {
    question: 'Has a listener that closed reset clients in the last quarter of an hour?',
    query: 'increase(tcp_namespace_listener_close_resets_total[15m]) > 0',
  },
  {
    question: 'How near is this host to having no source port left for a destination?',
    query: 'max by (netns) (tcp_outgoing_ports_used) / on (netns) tcp_outgoing_ports_limit',
  },
  {
    question: 'Is a SYN queue overflowing? With SYN cookies on, nothing else shows it.',
    query: 'rate(node_netstat_TcpExt_TCPReqQFullDoCookies[5m]) > 0',
  },
  {
    question:
      'Which UNIX sockets were full within the last half minute, and whose are they? Their clients were refused.',
    query: `(unix_listener_accept_queue_peak > unix_listener_accept_queue_limit)
* on (netns, path, shard) group_left (process) unix_listener_info`,
  },
  {
    question: 'Which UDP servers lose datagrams? Drops a second.',
    query: 'rate(udp_socket_drops_total[5m]) > 0',
  },
  {
    question: 'Which servers will soon have no descriptor left for accept()?',
    query: 'listener_process_open_fds / listener_process_max_fds > 0.8',
  },
  {
    question: 'Are SYNs or final ACKs dropped for a reason other than a full accept queue?',
    query: 'rate(node_netstat_TcpExt_ListenDrops[5m]) - rate(node_netstat_TcpExt_ListenOverflows[5m]) > 0',
  },
  {
    question: 'How much of a core does sampling take, by kind of dump?',
    query: 'sum by (kind) (rate(spillway_sample_duration_seconds_sum[5m]))',
  },
]
