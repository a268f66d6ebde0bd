/** The lab's home: everything on one screen, from the SYN to the connection queues, and what clients saw in a row below. */
import type { BoardSpec } from './board.ts'
import { levels, unit } from './common.ts'
import { clients, ofBackends } from './lab.ts'
import { graph, number } from './panels.ts'
import {
  fillNow,
  fullestListeners,
  fullestPorts,
  lately,
  named,
  peakFillNow,
  rate,
  rateNow,
  select,
  turnedAwayNow,
} from './select.ts'
import { fillLines, synQueueLines } from './shared.ts'

const stat = { width: 4, height: 3 }
/** Three rows of these, the numbers above and the two closed rows below fit a screen of 1080 lines. */
const size = { width: 8, height: 7 }

export const queues: BoardSpec = {
  name: 'queues',
  title: 'Queues',
  description:
    'From the first SYN to the response: every queue that the kernel keeps in front of the servers, and what clients notice.',
  // The lab is scraped every second.
  bridgesMs: 5000,
  sections: [
    {
      panels: [
        number({
          ...stat,
          title: 'Fullest queue now',
          means: 'The fill of the fullest accept queue, as a share of the N + 1 that fit with a limit of N.',
          worry: 'At 100 % the next client is turned away.',
          limits: 'At the last scrape. What rises and falls between two scrapes shows in the peak.',
          unit: unit.share,
          levels: levels.fill,
          queries: [[`max(${fillNow})`, 'fill']],
        }),
        number({
          ...stat,
          title: 'Highest peak of 30 s',
          means: 'The highest fill of any accept queue within the peak window of the exporter.',
          worry: 'Near 100 % while no queue is full now: bursts use up a whole backlog.',
          limits: 'Sampled every 10 ms: a shorter burst can be missed, and then shows only in the drops.',
          unit: unit.share,
          levels: levels.fill,
          queries: [[`max(${peakFillNow})`, 'peak']],
        }),
        number({
          ...stat,
          title: 'Turned away',
          means: 'ListenDrops as a share of all attempts to connect.',
          worry: 'Above 1 %: each dropped SYN costs its client a second, then three, then seven.',
          limits: 'For whole network namespaces. A client that tries three times counts as three attempts.',
          unit: unit.share,
          levels: levels.turnedAway,
          empty: 'no attempts',
          queries: [[turnedAwayNow, 'share']],
        }),
        number({
          ...stat,
          title: 'Answered by cookie',
          means: 'SYNs that found a SYN queue full and were answered with a cookie, a second.',
          worry: 'Any: the SYN queue overflows, and neither ListenDrops nor the drops of a listener move.',
          limits: 'With tcp_syncookies=2 every SYN counts, and no queue is full.',
          unit: unit.perSecond,
          levels: levels.notable,
          queries: [[`sum(${rateNow('node_netstat_TcpExt_TCPReqQFullDoCookies')})`, 'cookies']],
        }),
        number({
          ...stat,
          title: 'Longest wait for accept()',
          means: 'How long the connection that has waited longest has been in an accept queue.',
          worry: 'Above a second, and growing: a process does not accept.',
          limits: 'Read once a second, by port.',
          unit: unit.seconds,
          levels: levels.wait,
          queries: [[`max(${select('tcp_port_accept_wait_oldest_seconds')})`, 'oldest']],
        }),
        number({
          ...stat,
          title: 'Accepted, never read',
          means: 'Accepted connections on which data has arrived, all of it unread, and nothing was ever sent.',
          worry: 'Some for longer than a second: the process stands still, although its accept queue may be empty.',
          limits: 'Counted once a second. Needs Linux 4.19.',
          unit: unit.count,
          levels: levels.notable,
          queries: [[`sum(${select('tcp_port_unserved_connections')})`, 'unserved']],
        }),
      ],
    },
    {
      panels: [
        graph({
          ...size,
          title: 'Accept queues: fill, and peak of 30 s (dashed)',
          means:
            'Connections waiting for accept(), as a share of the N + 1 that fit with a limit of N, and the highest share within the peak window. At 100 % the next one is dropped.',
          worry:
            'One shard is full while the others are empty: that process is stuck. All are full: clients connect faster than they are accepted. The peak alone is high: bursts.',
          limits:
            'The six listeners that were fullest in the time shown. Sampled every 10 ms. More than 100 %: a backlog that was lowered, or handshakes that completed together.',
          unit: unit.share,
          levels: levels.fill,
          reaches: 1.1,
          queries: fillLines,
        }),
        graph({
          ...size,
          title: 'Drops of each listener',
          means:
            'Drops that the kernel counts for the socket (sk_drops), a second: 1 for a dropped SYN, 2 for a final ACK dropped by an overflow.',
          worry: 'Any while the queue is full: each dropped SYN costs its client a second, then three, then seven.',
          limits:
            'The six fullest listeners. Not all are overflows: a SYN retransmitted for a half-open request, an RST for one, and an ACK ignored because of TCP_DEFER_ACCEPT count too. A SYN queue that overflows into cookies does not count at all.',
          unit: unit.perSecond,
          levels: levels.any,
          queries: [[fullestListeners(6, rate('tcp_listener_drops_total')), named.listener]],
        }),
        graph({
          ...size,
          title: 'Waits for accept()',
          means: 'How long the connection that has waited longest has been in the accept queues of a port.',
          worry:
            'A client waits all of it before its first byte. It grows by a second each second: a process accepts nothing.',
          limits:
            'Read once a second, by port and not by shard. No line while nobody waits. The axis has powers of ten.',
          unit: unit.seconds,
          levels: levels.wait,
          logarithmic: true,
          empty: 'Nobody has waited in this time',
          queries: [[`${fullestPorts(6, lately('tcp_port_accept_wait_oldest_seconds'))} > 0`, named.port]],
        }),
      ],
    },
    {
      panels: [
        graph({
          ...size,
          title: 'SYN queues',
          means: 'Half-open requests: the SYN-ACK is sent, and the final ACK has not arrived or was dropped.',
          worry: 'It stays high: clients do not answer, or the accept queue is full and their final ACKs are dropped.',
          limits:
            'The two ports with the fullest accept queues: a request does not name its listener. Sampled every 100 ms or less often. The limit is the sum over the listeners, and one of them can be full long before the sum is reached.',
          unit: unit.count,
          levels: levels.none,
          queries: synQueueLines,
        }),
        graph({
          ...size,
          title: 'What overflowed',
          means:
            'Counters of the network namespace. Accept queue: ListenOverflows. SYN queue, cookie: TCPReqQFullDoCookies. SYN queue, dropped: TCPReqQFullDrop. Other reasons: ListenDrops less both.',
          worry:
            'Any. With the default settings a full SYN queue only makes the kernel answer with cookies, and nothing named Listen… rises.',
          limits:
            'For all chosen namespaces together. ListenOverflows does not distinguish a dropped SYN from a dropped final ACK. With tcp_syncookies=2 every SYN counts as a cookie.',
          unit: unit.perSecond,
          levels: levels.any,
          queries: [
            [`sum(${rate('node_netstat_TcpExt_ListenOverflows')})`, 'accept queue'],
            [`sum(${rate('node_netstat_TcpExt_TCPReqQFullDoCookies')})`, 'SYN queue, cookie'],
            [`sum(${rate('node_netstat_TcpExt_TCPReqQFullDrop')})`, 'SYN queue, dropped'],
            [
              `clamp_min(sum(${rate('node_netstat_TcpExt_ListenDrops')} - ${rate('node_netstat_TcpExt_ListenOverflows')} - ${rate('node_netstat_TcpExt_TCPReqQFullDrop')}), 0)`,
              'other reasons',
            ],
          ],
        }),
        graph({
          ...size,
          title: 'Who waits: living and dead',
          means:
            'Places in the accept queues, by what their client has done: open; sent_fin, which has hung up or only finished sending; reset, which is gone and keeps its place until accept().',
          worry: 'Most are not open: the server will first accept the dead, while the living give up.',
          limits:
            'Over all chosen ports. Counted once a second; reset only where it is certain. A count of 0 has no line.',
          unit: unit.count,
          levels: levels.none,
          empty: 'Nobody has waited in this time',
          queries: [[`sum by (client) (${lately('tcp_port_accept_queue_connections')})`, '{{client}}']],
        }),
      ],
    },
    {
      panels: [
        graph({
          ...size,
          title: 'Connections by state',
          means: 'Connections of the chosen ports by TCP state. LISTEN and half-open requests are left out.',
          worry:
            'close_wait grows: a server does not close connections that its clients have closed. Many time_wait are normal for a server that closes first.',
          limits:
            "Counted once a second, or less often if the exporter's CPU budget stretches the interval. The axis has powers of ten, so that few are seen beside many; 0 has no line.",
          unit: unit.count,
          levels: levels.none,
          logarithmic: true,
          smallest: 1,
          queries: [[`sum by (state) (${lately('tcp_port_connections')}) > 0`, '{{state}}']],
        }),
        graph({
          ...size,
          title: 'Bytes in connection queues',
          means:
            'Bytes received and not read by the servers; bytes sent and not acknowledged by the clients. Over all connections of the chosen ports.',
          worry:
            'Receive stays high: servers do not read. Send stays high: clients do not read, or the network is slow.',
          limits:
            'Counted once a second: what comes and goes in between is missed. Connections waiting to be accepted count too, with what they have received.',
          unit: unit.bytes,
          levels: levels.none,
          reaches: 1000,
          queries: [
            [`sum(${lately('tcp_port_receive_queue_bytes')})`, 'receive'],
            [`sum(${lately('tcp_port_send_queue_bytes')})`, 'send'],
          ],
        }),
        graph({
          ...size,
          title: 'Accepted and not served',
          means:
            'Accepted connections whose request nobody has read, those with unread bytes of any kind, and those whose client has closed its window.',
          worry: 'They stay: a worker is stuck, or io_uring and thread pools accept more than they serve.',
          limits: 'Over all chosen ports, counted once a second.',
          unit: unit.count,
          levels: levels.none,
          queries: [
            [`sum(${lately('tcp_port_unserved_connections')})`, 'never read'],
            [`sum(${lately('tcp_port_unread_connections')})`, 'with unread bytes'],
            [`sum(${lately('tcp_port_zero_window_connections')})`, 'client has closed its window'],
          ],
        }),
      ],
    },
    { heading: 'What clients see (where k6 runs)', collapsed: true, panels: clients },
    { heading: 'The backends of a lab', collapsed: true, panels: ofBackends },
  ],
}
