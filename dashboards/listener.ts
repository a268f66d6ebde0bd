/** One listener in depth: its queue, its drops, its identity and owner; and the queues beside TCP: UNIX sockets and UDP. */

import { around } from './around.ts'
import type { BoardSpec } from './board.ts'
import { levels, unit } from './common.ts'
import { backendsInDepth } from './lab.ts'
import { ofPort, toBoard } from './links.ts'
import { graph, number } from './panels.ts'
import {
  fill,
  fillNow,
  fullestListeners,
  fullestPorts,
  highest,
  identity,
  lately,
  named,
  over,
  peakFillNow,
  perInstance,
  rate,
  select,
} from './select.ts'
import { fillLines } from './shared.ts'
import { rows } from './tables.ts'

const stat = { width: 4, height: 4 }
const third = { width: 8, height: 7 }
const half = { width: 12, height: 7 }

const fillTime = 'tcp_listener_accept_queue_at_least_seconds_total'
const siblings = `by (job, instance, netns, address, port)`

const unixShare = (length: string): string => `${lately(length)} / (${lately('unix_listener_accept_queue_limit')} + 1)`
const fullestUnix = (expression: string): string =>
  perInstance(
    `(${expression}) and on (${identity.unix}) topk(6, ${highest('unix_listener_accept_queue_peak')} / (${highest('unix_listener_accept_queue_limit')} + 1))`,
  )
const fullestUdp = (count: number, expression: string): string =>
  perInstance(
    `(${expression}) and on (${identity.port}) topk(${count}, ${highest('udp_socket_receive_queue_peak_bytes')} / ${highest('udp_socket_receive_queue_limit_bytes')})`,
  )

export const listener: BoardSpec = {
  name: 'listener',
  title: 'Listener',
  description:
    'One listening socket in depth. Choose an instance, a port and a shard at the top, or come here from Fleet.',
  sections: [
    {
      panels: [
        number({
          ...stat,
          title: 'Fill now',
          means: 'The fill of the fullest chosen accept queue, as a share of the N + 1 that fit with a limit of N.',
          worry: 'It stays above zero for longer than a burst.',
          limits: 'At the last scrape. The peak shows what happened between two scrapes.',
          unit: unit.share,
          levels: levels.fill,
          queries: [[`max(${fillNow})`, 'fill']],
        }),
        number({
          ...stat,
          title: 'Peak of 30 s',
          means: 'The highest fill of a chosen accept queue within the peak window of its exporter.',
          worry: 'At 100 % clients were turned away.',
          limits: 'Sampled every 10 ms by default.',
          unit: unit.share,
          levels: levels.fill,
          queries: [[`max(${peakFillNow})`, 'peak']],
        }),
        number({
          ...stat,
          title: 'Places',
          means:
            'Connections that fit into the smallest chosen accept queue: N + 1, with the backlog N that is in force: what listen() asked for, capped at net.core.somaxconn as it was then.',
          worry: 'It is lower than what the program asks for: somaxconn has silently capped it.',
          limits: 'The kernel does not keep the value that was asked for.',
          unit: unit.count,
          levels: levels.none,
          queries: [[`min(${select('tcp_listener_accept_queue_limit')}) + 1`, 'places']],
        }),
        number({
          ...stat,
          title: 'Time full, 2 min',
          means:
            'Share of the last two minutes for which the queue was full, so that every new client was turned away.',
          worry: 'Any.',
          limits: 'Of the chosen listener that was full for longest. The resolution is the sampling interval, 10 ms.',
          unit: unit.share,
          levels: levels.any,
          queries: [[`max(${over('2m', fillTime, 'fill="1"')})`, 'full']],
        }),
        number({
          ...stat,
          title: 'Processes that wait for clients',
          means: 'Processes that waited at the chosen listener for connections when it was last looked.',
          worry: '0 for longer than a minute: nobody polls this socket, or all workers are busy.',
          limits: 'Of the chosen listener with the fewest. Seen every ten seconds or more rarely, a moment each time.',
          unit: unit.count,
          levels: [
            { from: 0, color: 'orange' },
            { from: 1, color: 'green' },
          ],
          queries: [[`min(${select('tcp_listener_acceptors')})`, 'acceptors']],
        }),
        number({
          ...stat,
          title: 'Clients reset by closing, 15 min',
          means: 'Clients that waited in the accept queue of a listener of the chosen ports when it closed.',
          worry: 'Any: these clients had connected and got "connection reset". Drain before closing.',
          limits:
            'About right: the queue is known by the last sample before. Nothing is known of a port of which no listener has closed.',
          unit: unit.count,
          levels: levels.any,
          empty: 'none closed',
          queries: [[`sum(${over('15m', 'tcp_port_listener_close_resets_total', '', 'increase')})`, 'reset']],
        }),
      ],
    },
    {
      panels: [
        graph({
          ...third,
          title: 'Fill, and peak of 30 s (dashed)',
          means: 'Connections waiting, as a share of those that fit, and the highest share within the peak window.',
          worry: 'The peak reaches 100 %: from there on clients are turned away.',
          limits: 'The six fullest of the chosen listeners. Concurrent handshakes can exceed 100 % by a few.',
          unit: unit.share,
          levels: levels.fill,
          reaches: 1.1,
          queries: fillLines,
        }),
        graph({
          ...third,
          title: 'Time at 90 % and full (dashed: 90 %)',
          means: 'Share of the time for which the queue was full, and at least 90 % full.',
          worry: '90 %: no space is left for bursts. Full: time during which every new client is turned away.',
          limits:
            'The six fullest. The resolution is the sampling interval. A gap in the sampling counts for at most ten.',
          unit: unit.share,
          levels: levels.none,
          reaches: 0.1,
          queries: [
            [fullestListeners(6, rate(fillTime, 'fill="1"')), named.listener],
            [fullestListeners(6, rate(fillTime, 'fill="0.9"')), `${named.listener} 90 %`, 'peak'],
          ],
        }),
        graph({
          ...third,
          title: 'Drops, and overflows of the namespace',
          means: 'Drops of each socket, and ListenOverflows of the chosen namespaces.',
          worry:
            'Both rise together: this queue overflows. Only the drops rise: retransmitted SYNs, resets, or deferred accepts.',
          limits: 'A final ACK dropped by an overflow counts 1 in ListenOverflows and 2 in the drops.',
          unit: unit.perSecond,
          levels: levels.any,
          queries: [
            [fullestListeners(6, rate('tcp_listener_drops_total')), named.listener],
            [`sum(${rate('node_netstat_TcpExt_ListenOverflows')})`, 'ListenOverflows', 'limit'],
          ],
        }),
        graph({
          ...third,
          title: 'How far the shards of a port are apart',
          means:
            'Fill of the fullest shard of a port on one host minus that of its emptiest: 0 if all are alike, 100 % if one is full and another empty.',
          worry:
            'It stays high: one process is stuck, and the others cannot help, since the kernel never looks at the queues.',
          limits:
            'Always 0 for a single listener. Only the shards selected at the top are compared, never those of two hosts.',
          unit: unit.share,
          levels: levels.fill,
          reaches: 0.1,
          queries: [[fullestPorts(6, `max ${siblings} (${fill}) - min ${siblings} (${fill})`), named.port]],
        }),
        graph({
          ...third,
          title: 'Longest wait: in the queue, and past accept()',
          means:
            'The oldest connection in the accept queues of the port; and the accepted one whose request has been unread for longest.',
          worry: 'It grows by a second each second: nobody accepts, or nobody reads what was accepted.',
          limits: 'By port, read once a second. No line while there is none.',
          unit: unit.seconds,
          levels: levels.wait,
          logarithmic: true,
          empty: 'Nobody has waited in this time',
          queries: [
            [`${fullestPorts(4, lately('tcp_port_accept_wait_oldest_seconds'))} > 0`, `queue ${named.port}`],
            [fullestPorts(4, lately('tcp_port_unserved_oldest_seconds')), `unserved ${named.port}`],
          ],
        }),
        graph({
          ...third,
          title: 'Who waits: living and dead',
          means: 'Places in the accept queues, by what their client has done: open, sent_fin (hung up), or reset.',
          worry: 'Most are not open: the server will first accept the dead, while the living give up.',
          limits: 'Counted once a second, over the chosen ports; reset only where it is certain. 0 has no line.',
          unit: unit.count,
          levels: levels.none,
          empty: 'Nobody has waited in this time',
          queries: [[`sum by (client) (${lately('tcp_port_accept_queue_connections')})`, '{{client}}']],
        }),
        rows(
          {
            title: 'Listeners and their owners',
            means:
              'Socket, process, unit, container and pod of each listener. PID is the process that stands for it: the lowest that was seen to accept, otherwise the lowest that holds the socket.',
            worry: 'The process is not the one you expect, or a shard is missing.',
            limits: 'Process is empty where the exporter is not allowed to inspect it.',
            width: 24,
            height: 7,
            labels: [
              { label: 'job', title: 'Job' },
              { label: 'instance', title: 'Instance' },
              { label: 'netns', title: 'Namespace' },
              { label: 'address', title: 'Address' },
              {
                label: 'port',
                title: 'Port',
                link: { title: 'Connections of this port', url: toBoard('connections', ofPort) },
              },
              { label: 'shard', title: 'Shard' },
              { label: 'process', title: 'Process' },
              { label: 'pid', title: 'PID' },
              { label: 'unit', title: 'Unit' },
              { label: 'container_id', title: 'Container' },
              { label: 'k8s_namespace_name', title: 'Namespace of the pod' },
              { label: 'k8s_pod_name', title: 'Pod' },
              { label: 'k8s_container_name', title: 'Container in the pod' },
              { label: 'inode', title: 'Inode' },
            ],
            numbers: [],
          },
          select('tcp_listener_info'),
        ),
      ],
    },
    {
      heading: 'UNIX sockets and UDP',
      collapsed: true,
      panels: [
        graph({
          ...half,
          title: 'UNIX sockets: fill, and peak of 30 s (dashed)',
          means: 'Connections waiting at UNIX sockets, as a share of the N + 1 that fit.',
          worry: '100 %: the kernel refuses clients at once, and counts nothing.',
          limits: 'The six fullest. Sampled: what happens between two samples shows nowhere.',
          unit: unit.share,
          levels: levels.fill,
          reaches: 1.1,
          empty: 'No UNIX listener',
          queries: [
            [fullestUnix(unixShare('unix_listener_accept_queue_length')), named.unix],
            [fullestUnix(unixShare('unix_listener_accept_queue_peak')), `${named.unix} peak`, 'peak'],
          ],
        }),
        graph({
          ...half,
          title: 'UNIX sockets: time full',
          means: 'Share of the time for which the queue of a UNIX socket was full.',
          worry: 'Any: every client of that time was refused, or slept in connect().',
          limits: 'The six fullest. Sampled; how many clients were refused is known only to the proxy in front.',
          unit: unit.share,
          levels: levels.any,
          reaches: 0.1,
          empty: 'No UNIX listener',
          queries: [[fullestUnix(rate('unix_listener_accept_queue_at_least_seconds_total', 'fill="1"')), named.unix]],
        }),
        graph({
          ...half,
          title: 'UDP: memory of unread datagrams',
          means: 'Memory held by datagrams that the process has not read, and the limit of the socket.',
          worry: 'Near the limit: the next datagram is dropped.',
          limits: 'The four fullest ports; of several sockets the fullest. Sampled every 100 ms or less often.',
          unit: unit.bytes,
          levels: levels.none,
          reaches: 1000,
          empty: 'No UDP socket that serves',
          queries: [
            [fullestUdp(4, lately('udp_socket_receive_queue_peak_bytes')), `peak ${named.port}`],
            [fullestUdp(4, lately('udp_socket_receive_queue_limit_bytes')), `limit ${named.port}`, 'limit'],
          ],
        }),
        graph({
          ...half,
          title: 'UDP: datagrams lost',
          means: 'Datagrams that the kernel dropped at a socket, a second.',
          worry: 'Any: nobody sends them again unless the application does.',
          limits: 'The four fullest ports. For lack of buffer, and for a wrong checksum.',
          unit: unit.perSecond,
          levels: levels.any,
          empty: 'No UDP socket that serves',
          queries: [[fullestUdp(4, rate('udp_socket_drops_total')), named.port]],
        }),
      ],
    },
    { heading: 'Owners of UNIX sockets, open files, memory and limits', collapsed: true, panels: around },
    { heading: 'The backends of a lab', collapsed: true, panels: backendsInDepth },
  ],
}
