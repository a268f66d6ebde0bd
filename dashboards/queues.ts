/** The home board: everything on one screen, from the SYN to what the client saw. */
import type { BoardSpec } from './board.ts'
import { byListener, byNetns, byPort, levels, quantile, rate, unit } from './common.ts'
import { graph } from './panels.ts'

/** Four rows of these fit a screen. */
const size = { width: 8, height: 5 }

/** Over the loads of k6; its clients send several requests over a connection, and only the first includes connecting. */
const clientSeconds = (q: number, what: string): string =>
  quantile(q, `sum by (load) (${rate(`k6_http_req_${what}_seconds`)})`)

const fromK6 =
  'Needs k6 with remote write (load/k6/remote-write.env). Requests whose connection failed are counted as failures, not here.'

export const queues: BoardSpec = {
  name: 'queues',
  title: 'Queues',
  description:
    'From the first SYN to the response: every queue that the kernel keeps in front of the backends, and what clients notice.',
  sections: [
    {
      panels: [
        graph({
          ...size,
          title: 'Accept queue: fill',
          means:
            'Connections waiting for accept(), as a share of the N + 1 that fit with a limit of N. At 100 % the next one is dropped.',
          worry:
            'One shard is full while the others are empty: that process is stuck. All are full: clients connect faster than they are accepted.',
          limits:
            'The last sample before each scrape; what rises and falls in between shows in the peak. Concurrent handshakes can push it slightly above 100 %.',
          unit: unit.share,
          levels: levels.fill,
          max: 1,
          queries: [
            [
              `tcp_listener_accept_queue_length{${byListener}} / (tcp_listener_accept_queue_limit{${byListener}} + 1)`,
              'shard {{shard}} of :{{port}}',
            ],
          ],
        }),
        graph({
          ...size,
          title: 'Accept queue: highest fill of the last 30 s',
          means:
            'The highest length sampled within the peak window of the exporter, as a share of N + 1. A scrape does not reset it.',
          worry:
            'Near 100 % while the current fill is low: bursts, or pauses of the process, use up the whole backlog.',
          limits: 'Sampled every 10 ms by default: a shorter burst can be missed, and then shows only in the drops.',
          unit: unit.share,
          levels: levels.fill,
          max: 1,
          queries: [
            [
              `tcp_listener_accept_queue_peak{${byListener}} / (tcp_listener_accept_queue_limit{${byListener}} + 1)`,
              'shard {{shard}} of :{{port}}',
            ],
          ],
        }),
        graph({
          ...size,
          title: 'Drops of each listener',
          means:
            'Drops that the kernel counts for the socket (sk_drops), a second: 1 for a dropped SYN, 2 for a final ACK dropped by an overflow.',
          worry: 'Any while the queue is full: each dropped SYN costs its client a second, then three, then seven.',
          limits:
            'Not all are overflows: a SYN retransmitted for a half-open request, an RST for one, and an ACK ignored because of TCP_DEFER_ACCEPT count too. A SYN queue that overflows into cookies does not count at all.',
          unit: unit.perSecond,
          levels: levels.any,
          queries: [[rate('tcp_listener_drops_total', byListener), 'shard {{shard}} of :{{port}}']],
        }),
      ],
    },
    {
      panels: [
        graph({
          ...size,
          title: 'SYN queue',
          means: 'Half-open requests: the SYN-ACK is sent, and the final ACK has not arrived or was dropped.',
          worry: 'It stays high: clients do not answer, or the accept queue is full and their final ACKs are dropped.',
          limits:
            'By port: a request does not name its listener. Sampled every 100 ms or less often. The limit is the sum over the listeners, and one of them can be full long before the sum is reached.',
          unit: unit.connections,
          levels: levels.none,
          queries: [
            [`tcp_port_syn_queue_length{${byPort}}`, 'length :{{port}}'],
            [`tcp_port_syn_queue_peak{${byPort}}`, 'peak :{{port}}'],
            [`tcp_port_syn_queue_limit{${byPort}}`, 'limit :{{port}}'],
          ],
        }),
        graph({
          ...size,
          title: 'What overflowed',
          means:
            'The counters of the network namespace. ListenOverflows: a full accept queue. TCPReqQFullDoCookies: a full SYN queue, answered with a cookie. TCPReqQFullDrop: a full SYN queue without cookies. ListenDrops minus ListenOverflows: dropped for another reason.',
          worry:
            'Any. With the default settings a full SYN queue only makes the kernel answer with cookies, and nothing named Listen… rises.',
          limits:
            'For the whole namespace. ListenOverflows does not distinguish a dropped SYN from a dropped final ACK. With tcp_syncookies=2 every SYN counts as DoCookies.',
          unit: unit.perSecond,
          levels: levels.any,
          queries: [
            [rate('node_netstat_TcpExt_ListenOverflows', byNetns), 'ListenOverflows'],
            [
              `${rate('node_netstat_TcpExt_ListenDrops', byNetns)} - ${rate('node_netstat_TcpExt_ListenOverflows', byNetns)}`,
              'other ListenDrops',
            ],
            [rate('node_netstat_TcpExt_TCPReqQFullDoCookies', byNetns), 'TCPReqQFullDoCookies'],
            [rate('node_netstat_TcpExt_TCPReqQFullDrop', byNetns), 'TCPReqQFullDrop'],
          ],
        }),
        graph({
          ...size,
          title: 'Accept wait',
          means:
            'How long connections waited in the accept queue. p50 and p99: accepted connections, read by each backend right after accept(). Oldest: the connection that has waited longest so far.',
          worry:
            'A client waits all of it before its first byte. The oldest grows by a second each second: a process accepts nothing.',
          limits:
            'Resolution: one tick of the kernel (1 to 10 ms). The oldest is read once a second, by port and not by shard. A stalled backend accepts nothing, so its p50 and p99 end.',
          unit: unit.seconds,
          levels: levels.wait,
          queries: [
            [
              quantile(0.5, `sum by (backend, le) (${rate('spillway_backend_accept_wait_seconds_bucket')})`),
              '{{backend}} p50',
            ],
            [
              quantile(0.99, `sum by (backend, le) (${rate('spillway_backend_accept_wait_seconds_bucket')})`),
              '{{backend}} p99',
            ],
            [`tcp_port_accept_wait_oldest_seconds{${byPort}}`, 'oldest on :{{port}}'],
          ],
        }),
      ],
    },
    {
      panels: [
        graph({
          ...size,
          title: 'Connections by state',
          means: 'Connections whose local port is this one. LISTEN and half-open requests are left out.',
          worry:
            'close_wait grows: a backend does not close connections that its peers have closed. Many time_wait are normal for a server that closes first.',
          limits: "Counted once a second, or less often if the exporter's CPU budget stretches the interval.",
          unit: unit.connections,
          levels: levels.none,
          queries: [[`sum by (state) (tcp_port_connections{${byPort}})`, '{{state}}']],
        }),
        graph({
          ...size,
          title: 'Bytes in connection queues',
          means:
            'Bytes received and not read by the backends; bytes sent and not acknowledged by the clients. Sums over the connections of a port.',
          worry:
            'Receive stays high: backends do not read. Send stays high: clients do not read, or the network is slow.',
          limits:
            'Counted once a second: what comes and goes in between is missed. Connections waiting to be accepted count too, with what they have received.',
          unit: unit.bytes,
          levels: levels.none,
          queries: [
            [`tcp_port_receive_queue_bytes{${byPort}}`, 'receive :{{port}}'],
            [`tcp_port_send_queue_bytes{${byPort}}`, 'send :{{port}}'],
          ],
        }),
        graph({
          ...size,
          title: 'Accepts of each backend',
          means: 'Connections that each process accepted from its queue, a second.',
          worry:
            'One falls to zero while the others continue: its event loop is blocked. All fall while clients keep connecting: look at the drops.',
          limits:
            'The kernel spreads connections over the shards by a hash of the addresses and ports: with few clients the shares are uneven, and nothing is wrong.',
          unit: unit.perSecond,
          levels: levels.none,
          queries: [[rate('spillway_backend_accepts_total'), '{{backend}}']],
        }),
      ],
    },
    {
      panels: [
        graph({
          ...size,
          title: 'Clients: time to connect',
          means:
            'How long k6 took to connect, from the SYN to the SYN-ACK. This ends before the accept queue: the accept wait is not included.',
          worry:
            'Steps at 1, 3 and 7 s: SYNs were dropped and retransmitted. That is a full queue, whatever the averages say.',
          limits: `Requests over an open connection count as 0, so a few clients in trouble show in p99 first. ${fromK6}`,
          unit: unit.seconds,
          levels: levels.wait,
          queries: [
            [clientSeconds(0.95, 'connecting'), '{{load}} p95'],
            [clientSeconds(0.99, 'connecting'), '{{load}} p99'],
          ],
        }),
        graph({
          ...size,
          title: 'Clients: time to the response',
          means:
            "From sending a request to the last byte of its response. A connection's first request includes its accept wait.",
          worry:
            'It rises while the request duration of the backends does not: the time is lost in the queues, before any application log begins.',
          limits: fromK6,
          unit: unit.seconds,
          levels: levels.wait,
          queries: [
            [clientSeconds(0.5, 'duration'), '{{load}} p50'],
            [clientSeconds(0.95, 'duration'), '{{load}} p95'],
            [clientSeconds(0.99, 'duration'), '{{load}} p99'],
          ],
        }),
        graph({
          ...size,
          title: 'Clients: requests and failures',
          means:
            'Requests a second, and those that failed: refused, reset, timed out, or answered with an error. Not sent: clients for which k6 had no VU free.',
          worry:
            'Any failure. Not sent: k6 measured less than it was asked to, so its latencies look better than they are.',
          limits:
            'A failure counts when it is known: a timeout 10 s after its request began. Needs k6 with remote write.',
          unit: unit.perSecond,
          levels: levels.none,
          queries: [
            [`sum by (load) (${rate('k6_http_reqs_total')})`, '{{load}}'],
            [
              `sum by (load) (${rate('k6_http_reqs_total', 'expected_response="false"')}) or sum by (load) (${rate('k6_http_reqs_total')}) * 0`,
              '{{load}} failed',
            ],
            [
              `sum by (load) (${rate('k6_dropped_iterations_total')}) or sum by (load) (${rate('k6_iterations_total')}) * 0`,
              '{{load}} not sent',
            ],
          ],
        }),
      ],
    },
  ],
}
