/** One shard in depth: its queue, its drops, its identity, and the process behind it. */
import type { BoardSpec } from './board.ts'
import { byListener, byNetns, levels, rate, unit } from './common.ts'
import { distribution, graph, list, number } from './panels.ts'

const fillTime = 'tcp_listener_accept_queue_at_least_seconds_total'

export const listeners: BoardSpec = {
  name: 'listeners',
  title: 'Listeners',
  description: 'Each listening socket separately. Choose a port and a shard at the top.',
  sections: [
    {
      panels: [
        number({
          title: 'Waiting now',
          means: 'Connections in the accept queue at the last sample.',
          worry: 'It stays above zero for longer than a burst.',
          limits: 'A single moment. The peak shows what happened between two scrapes.',
          unit: unit.connections,
          levels: levels.notable,
          width: 6,
          height: 5,
          queries: [[`tcp_listener_accept_queue_length{${byListener}}`, 'shard {{shard}}']],
        }),
        number({
          title: 'Limit',
          means:
            'The backlog in force, N; N + 1 connections fit. What listen() asked for, capped at net.core.somaxconn as it was then.',
          worry: 'It is lower than what the program asks for: somaxconn has silently capped it.',
          limits: 'The kernel does not keep the value that was asked for.',
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
            'Each sample stands for the time since the previous one. The resolution is the sampling interval, 10 ms by default.',
          unit: unit.share,
          levels: levels.any,
          width: 6,
          height: 5,
          queries: [[`rate(${fillTime}{${byListener},fill="1"}[1m])`, 'shard {{shard}}']],
        }),
        number({
          title: 'Drops since the socket was created',
          means: 'sk_drops of the socket: 1 for a dropped SYN, 2 for a final ACK dropped by an overflow.',
          worry: 'It rises. A number that no longer changes is history.',
          limits: 'Not all are overflows: see the board "Handshake and drops". It starts at 0 with every new socket.',
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
          title: 'Length, peak and capacity',
          means: 'Connections waiting, the highest number within the peak window, and how many fit (limit + 1).',
          worry: 'The peak reaches the capacity: from there on clients are turned away.',
          limits: 'Sampled every 10 ms by default. Concurrent handshakes can exceed the capacity by a few.',
          unit: unit.connections,
          levels: levels.none,
          width: 12,
          queries: [
            [`tcp_listener_accept_queue_length{${byListener}}`, 'length {{shard}}'],
            [`tcp_listener_accept_queue_peak{${byListener}}`, 'peak {{shard}}'],
            [`tcp_listener_accept_queue_limit{${byListener}} + 1`, 'capacity {{shard}}'],
          ],
        }),
        graph({
          title: 'Time at or above a fill',
          means: 'Share of the time for which the queue was at least half full, 90 % full, and full.',
          worry:
            'Half: clients wait in line. 90 %: no space is left for bursts. 100 %: time during which every new client is turned away.',
          limits: 'The resolution is the sampling interval. A gap in the sampling counts for at most ten intervals.',
          unit: unit.share,
          levels: levels.none,
          width: 12,
          max: 1,
          queries: [[rate(fillTime, byListener), 'shard {{shard}} ≥ {{fill}}']],
        }),
        graph({
          title: 'Drops, and the overflows of the namespace',
          means: 'Drops of each socket, and ListenOverflows of its network namespace.',
          worry:
            'Both rise together: this queue overflows. Only the drops rise: retransmitted SYNs, resets, or deferred accepts.',
          limits: 'A final ACK dropped by an overflow counts 1 in ListenOverflows and 2 in the drops.',
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
            'Fill of the fullest shard of a port minus that of the emptiest: 0 if all are alike, 100 % if one is full and another empty.',
          worry:
            'It stays high: one process is stuck, and the others cannot help, since the kernel never looks at the queues.',
          limits: 'Always 0 for a single listener. Only the shards selected at the top are compared.',
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
            'How long connections had waited when a backend accepted them, all backends together: the brighter, the more.',
          worry:
            'Bright cells above 100 ms: clients notice. Two bands: connections wait at some shards and not at others.',
          limits: 'Resolution: one tick of the kernel (1 to 10 ms). Connections still waiting are not included.',
          unit: unit.seconds,
          levels: levels.wait,
          width: 12,
          queries: [[`sum by (le) (${rate('spillway_backend_accept_wait_seconds_bucket')})`, '{{le}}']],
        }),
        graph({
          title: 'Event loop lag',
          means: 'How late the event loop of the shared port answered its last heartbeat.',
          worry: 'It grows by a second each second: the loop is blocked, and nothing is accepted.',
          limits:
            'For the loop that accepts. The control port answers from another thread, so this is known during a stall too.',
          unit: unit.seconds,
          levels: levels.wait,
          width: 12,
          queries: [['spillway_backend_loop_lag_seconds', '{{backend}}']],
        }),
        graph({
          title: 'Request duration within the backend',
          means: 'From the head of a request until its response was handed to the kernel.',
          worry:
            'It rises: the backend itself is slow. It stays low while clients wait longer: the time is lost in the queues.',
          limits: 'The accept wait is not included: no application log shows it.',
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
          means: 'How many faults of a backend are on. The annotations on every graph name them.',
          worry: 'Someone left one on.',
          limits: 'Only the lab has faults to switch on.',
          unit: unit.count,
          levels: levels.notable,
          width: 12,
          queries: [['sum by (backend) (spillway_backend_fault > bool 0)', '{{backend}}']],
        }),
        list(
          {
            title: 'Listeners and their owners',
            means:
              'Socket, process, unit, container and pod of each listener. pid is the process that stands for it: the lowest that was seen to accept, otherwise the lowest that holds the socket.',
            worry: 'The process is not the one you expect, or a shard is missing.',
            limits: 'Process and pid are empty where the exporter is not allowed to inspect the process.',
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
