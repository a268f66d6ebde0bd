/** One shard in depth: its queue, its drops, who it is, and the process behind it. */
import type { BoardSpec } from './board.ts'
import { byListener, byNetns, levels, rate, unit } from './common.ts'
import { distribution, graph, list, number } from './panels.ts'

const fillTime = 'tcp_listener_accept_queue_at_least_seconds_total'

export const listeners: BoardSpec = {
  name: 'listeners',
  title: 'Listeners',
  description: 'Each listening socket on its own. Choose a port and a shard at the top.',
  sections: [
    {
      panels: [
        number({
          title: 'Waiting now',
          means: 'Connections in the accept queue at the last sample.',
          worry: 'It stays above zero for longer than a burst.',
          limits: 'One moment. The peak tells what happened between two scrapes.',
          unit: unit.connections,
          levels: levels.notable,
          width: 6,
          height: 5,
          queries: [[`tcp_listener_accept_queue_length{${byListener}}`, 'shard {{shard}}']],
        }),
        number({
          title: 'Limit',
          means:
            'The backlog in force, N; N + 1 connections fit. What listen() asked for, cut to net.core.somaxconn as it was then.',
          worry: 'Lower than what the program asks for: somaxconn has cut it, without an error.',
          limits: 'The kernel does not keep what was asked for.',
          unit: unit.connections,
          levels: levels.none,
          width: 6,
          height: 5,
          queries: [[`tcp_listener_accept_queue_limit{${byListener}}`, 'shard {{shard}}']],
        }),
        number({
          title: 'Time full in the last minute',
          means: 'Share of the last minute during which the queue was full, so that every new client was turned away.',
          worry: 'Any.',
          limits:
            'Each sample stands for the time since the one before: as fine as the sampling interval, 10 ms unless set otherwise.',
          unit: unit.share,
          levels: levels.any,
          width: 6,
          height: 5,
          queries: [[`rate(${fillTime}{${byListener},fill="1"}[1m])`, 'shard {{shard}}']],
        }),
        number({
          title: 'Drops since the socket was made',
          means: 'sk_drops of the socket: 1 for a dropped SYN, 2 for an overflowed final ACK.',
          worry: 'It moves. A number that stands is history.',
          limits: 'Not all are overflows, see the board of the handshake. It starts at 0 with every new socket.',
          unit: unit.count,
          levels: levels.notable,
          width: 6,
          height: 5,
          queries: [[`tcp_listener_drops_total{${byListener}}`, 'shard {{shard}}']],
        }),
      ],
    },
    {
      heading: 'The accept queue',
      panels: [
        graph({
          title: 'Length, peak and room',
          means: 'Connections waiting, the most within the peak window, and how many fit (limit + 1).',
          worry: 'The peak meets the room: from there on clients are turned away.',
          limits: 'Sampled every 10 ms unless set otherwise. Concurrent handshakes can exceed the room by a few.',
          unit: unit.connections,
          levels: levels.none,
          width: 12,
          queries: [
            [`tcp_listener_accept_queue_length{${byListener}}`, 'length {{shard}}'],
            [`tcp_listener_accept_queue_peak{${byListener}}`, 'peak {{shard}}'],
            [`tcp_listener_accept_queue_limit{${byListener}} + 1`, 'room {{shard}}'],
          ],
        }),
        graph({
          title: 'Time at or above a fill',
          means: 'Share of the time that the queue stood at half, at 90 %, and at all of its room.',
          worry:
            'Half: clients wait in line. 90 %: bursts have no room. 100 %: time in which every new client is turned away.',
          limits: 'As fine as the sampling. A gap in the sampling counts for ten intervals at most.',
          unit: unit.share,
          levels: levels.none,
          width: 12,
          max: 1,
          queries: [[rate(fillTime, byListener), 'shard {{shard}} ≥ {{fill}}']],
        }),
        graph({
          title: 'Drops, and the overflows of the namespace',
          means: 'Drops of each socket beside ListenOverflows of its network namespace.',
          worry:
            'Both move together: this queue overflows. Only the drops move: SYNs sent again, resets, or deferred accepts.',
          limits: 'A final ACK that overflows counts 1 in ListenOverflows and 2 in the drops.',
          unit: unit.perSecond,
          levels: levels.any,
          width: 12,
          queries: [
            [rate('tcp_listener_drops_total', byListener), 'drops of shard {{shard}}'],
            [rate('node_netstat_TcpExt_ListenOverflows', byNetns), 'ListenOverflows'],
          ],
        }),
        graph({
          title: 'How far the shards are apart',
          means:
            'Fill of the fullest shard of a port less that of the emptiest: 0 all alike, 100 % one full and another empty.',
          worry:
            'It stays up: one process is stuck, and the others cannot help, since the kernel never looks at the queues.',
          limits: 'A single listener has nothing to differ from. Follows the choice of shards at the top.',
          unit: unit.share,
          levels: levels.fill,
          width: 12,
          max: 1,
          queries: [
            [
              `max by (netns, address, port) (tcp_listener_accept_queue_length{${byListener}} / (tcp_listener_accept_queue_limit{${byListener}} + 1)) - min by (netns, address, port) (tcp_listener_accept_queue_length{${byListener}} / (tcp_listener_accept_queue_limit{${byListener}} + 1))`,
              ':{{port}}',
            ],
          ],
        }),
      ],
    },
    {
      heading: 'The process behind it',
      panels: [
        distribution({
          title: 'Accept wait of every accepted connection',
          means:
            'How long connections had waited when a backend took them, all backends together: the brighter, the more.',
          worry: 'Bright cells above 100 ms: clients feel it. Two bands: some shards wait and others do not.',
          limits: 'To one tick of the kernel (1 to 10 ms). Who still waits is not in it.',
          unit: unit.seconds,
          levels: levels.wait,
          width: 12,
          queries: [[`sum by (le) (${rate('spillway_backend_accept_wait_seconds_bucket')})`, '{{le}}']],
        }),
        graph({
          title: 'Event loop lag',
          means: 'How late the event loop of the shared port answered its last heartbeat.',
          worry: 'It grows by a second each second: the loop stands still, and nothing is accepted.',
          limits:
            'Of the loop that accepts. The control port answers from another thread, so this is known during a stall too.',
          unit: unit.seconds,
          levels: levels.wait,
          width: 12,
          queries: [['spillway_backend_loop_lag_seconds', '{{backend}}']],
        }),
        graph({
          title: 'Request duration within the backend',
          means: 'From the head of a request until its response was handed to the kernel.',
          worry:
            'It rises: the backend is slow itself. It stays while clients see more: the time is lost in the queues.',
          limits: 'The accept wait is not in it: no application log shows that.',
          unit: unit.seconds,
          levels: levels.wait,
          width: 12,
          queries: [
            [
              `histogram_quantile(0.99, sum by (backend, le) (${rate('spillway_backend_request_duration_seconds_bucket')}))`,
              '{{backend}} p99',
            ],
          ],
        }),
        graph({
          title: 'Faults switched on',
          means: 'How many of the faults of a backend are on. The marks on every graph name them.',
          worry: 'Somebody left one on.',
          limits: 'The lab alone has faults to switch.',
          unit: unit.count,
          levels: levels.notable,
          width: 12,
          queries: [['sum by (backend) (spillway_backend_fault > bool 0)', '{{backend}}']],
        }),
        list(
          {
            title: 'Who the listeners are',
            means:
              'Socket, process and container of each listener. owners are the process ids that hold the socket; several for one that a fork shares.',
            worry: 'The process is not the one you expect, or a shard is missing.',
            limits: 'Process and owners are empty where the exporter may not look.',
            unit: unit.count,
            levels: levels.none,
            width: 24,
            queries: [[`tcp_listener_info{${byListener}}`, '']],
          },
          ['Time', 'Value', '__name__', 'instance', 'job'],
        ),
      ],
    },
  ],
}
