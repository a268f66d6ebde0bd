/** After accept(): who is served, and the bytes in the queues of each connection, in both directions; and the client's side. */
import type { BoardSpec } from './board.ts'
import { levels, unit } from './common.ts'
import { graph } from './panels.ts'
import { gained, highest, identity, lately, named, perInstance, rate } from './select.ts'

const third = { width: 8, height: 7 }

const oncePerSecond =
  "The six ports with most connections. Counted once a second, or less often if the exporter's CPU budget stretches the interval: short-lived states are missed."

/** The ports with most connections in the time shown, the same ones at every step. */
const busiest = (expression: string, count = 6): string =>
  perInstance(
    `(${expression}) and on (${identity.port}) topk(${count}, max by (${identity.port}) (${highest('tcp_port_connections')}))`,
  )

const destination = `${identity.netns}, destination`
const destinations = (expression: string, rank: string): string =>
  perInstance(`(${expression}) and on (${destination}) topk(6, ${rank})`)
const toDestination = '{{destination}} {{instance}} {{netns}}'

export const connections: BoardSpec = {
  name: 'connections',
  title: 'Connections',
  description:
    'Every accepted connection has a receive queue and a send queue. Which side fails to empty them: the server or the client?',
  sections: [
    {
      panels: [
        graph({
          ...third,
          title: 'Connections by state',
          means: 'Connections of the chosen ports, by TCP state. LISTEN and half-open requests are left out.',
          worry:
            'close_wait grows: the process does not close connections that its peers have closed. fin_wait grows: peers do not close.',
          limits: 'Over all chosen ports, counted once a second. The axis has powers of ten; 0 has no line.',
          unit: unit.count,
          levels: levels.none,
          logarithmic: true,
          smallest: 1,
          empty: 'No connection in this time',
          queries: [[`sum by (state) (${lately('tcp_port_connections')}) > 0`, '{{state}}']],
        }),
        graph({
          ...third,
          title: 'Accepted, and never read',
          means:
            'Accepted connections on which data has arrived, all of it unread, and nothing was ever sent; and those on which neither side has sent a byte.',
          worry: 'Some for longer than a second: the process stands still, although its accept queue may be empty.',
          limits: `${oncePerSecond} Needs Linux 4.19.`,
          unit: unit.count,
          levels: levels.none,
          queries: [
            [busiest(lately('tcp_port_unserved_connections')), `unserved ${named.port}`],
            [busiest(lately('tcp_port_silent_connections')), `silent ${named.port}`, 'peak'],
          ],
        }),
        graph({
          ...third,
          title: 'How long a request has been unread',
          means:
            'The time since data last arrived at the unserved connection, and at the one with unread bytes (dashed), where that is longest ago.',
          worry: 'It grows by a second each second: nobody reads what clients ask.',
          limits: 'By port. No line while there is none.',
          unit: unit.seconds,
          levels: levels.wait,
          logarithmic: true,
          empty: 'No request has been left unread',
          queries: [
            [busiest(lately('tcp_port_unserved_oldest_seconds')), named.port],
            [busiest(lately('tcp_port_unread_oldest_seconds')), `unread ${named.port}`, 'peak'],
          ],
        }),
      ],
    },
    {
      panels: [
        graph({
          ...third,
          title: 'Received and not read (dashed: the largest)',
          means: 'Bytes over all connections of the port, and of the single connection with the most.',
          worry:
            'It stays high: the process reads too slowly. The largest is nearly as high as the sum: one stuck connection, not a slow process.',
          limits: `${oncePerSecond} Connections that wait to be accepted count too.`,
          unit: unit.bytes,
          levels: levels.none,
          reaches: 1000,
          queries: [
            [busiest(lately('tcp_port_receive_queue_bytes')), named.port],
            [busiest(lately('tcp_port_receive_queue_bytes_max')), `largest ${named.port}`, 'peak'],
          ],
        }),
        graph({
          ...third,
          title: 'Windows closed by this side',
          means:
            'How often a second this side closed its window to a peer because its receive buffer was full; reopened it; and would have closed it but was not allowed to shrink it.',
          worry: 'A steady rate of closing: our process reads too slowly, and its clients have to wait.',
          limits: 'For the chosen network namespaces together.',
          unit: unit.perSecond,
          levels: levels.notable,
          queries: [
            [`sum(${rate('node_netstat_TcpExt_TCPToZeroWindowAdv')})`, 'closed'],
            [`sum(${rate('node_netstat_TcpExt_TCPFromZeroWindowAdv')})`, 'opened again'],
            [`sum(${rate('node_netstat_TcpExt_TCPWantZeroWindowAdv')})`, 'wanted to close'],
          ],
        }),
        graph({
          ...third,
          title: 'Segments dropped for lack of buffer space',
          means:
            'Segments that arrived and were dropped: receive queue full, window closed, socket backlog full while its process held the socket, or received and pruned later.',
          worry: 'Any rate: they must be retransmitted.',
          limits: 'For the chosen network namespaces together.',
          unit: unit.perSecond,
          levels: levels.any,
          queries: [
            [`sum(${rate('node_netstat_TcpExt_TCPRcvQDrop')})`, 'receive queue full'],
            [`sum(${rate('node_netstat_TcpExt_TCPZeroWindowDrop')})`, 'window closed'],
            [`sum(${rate('node_netstat_TcpExt_TCPBacklogDrop')})`, 'backlog full'],
            [`sum(${rate('node_netstat_TcpExt_RcvPruned')})`, 'pruned'],
          ],
        }),
      ],
    },
    {
      panels: [
        graph({
          ...third,
          title: 'Sent and not acknowledged (dashed: the largest)',
          means:
            'Bytes not acknowledged or not sent yet, over all connections of the port, and of the one with the most.',
          worry:
            'It stays high: peers read slowly, or the network is slower than the process. The largest has filled its send buffer: that peer has stopped reading.',
          limits: oncePerSecond,
          unit: unit.bytes,
          levels: levels.none,
          reaches: 1000,
          queries: [
            [busiest(lately('tcp_port_send_queue_bytes')), named.port],
            [busiest(lately('tcp_port_send_queue_bytes_max')), `largest ${named.port}`, 'peak'],
          ],
        }),
        graph({
          ...third,
          title: 'Clients that do not read',
          means:
            'Connections whose peer accepts no more data until it reads; and those that are sending lost data again (dashed).',
          worry: 'Above a few for long: each slow client holds memory and, in many servers, a worker.',
          limits: oncePerSecond,
          unit: unit.count,
          levels: levels.notable,
          queries: [
            [busiest(lately('tcp_port_zero_window_connections')), named.port],
            [busiest(lately('tcp_port_retransmitting_connections')), `sending again ${named.port}`, 'peak'],
          ],
        }),
        graph({
          ...third,
          title: 'Opened and reset',
          means:
            'Connections that clients opened, counted at the final ACK, and established connections that ended in a reset, a second.',
          worry:
            'A burst of resets: a listener closed with clients in its queue, or a server closes connections with unread data.',
          limits: 'For the chosen network namespaces together; the resets include outgoing connections.',
          unit: unit.perSecond,
          levels: levels.none,
          queries: [
            [`sum(${rate('node_netstat_Tcp_PassiveOpens')})`, 'opened'],
            [`sum(${rate('node_netstat_Tcp_EstabResets')})`, 'reset'],
            [`sum(${rate('node_netstat_TcpExt_TCPAbortOnData')})`, 'closed with data unread'],
            [`sum(${rate('tcp_namespace_listener_close_resets_total')})`, 'reset by a closing listener'],
          ],
        }),
      ],
    },
    {
      heading: 'Outgoing connections: the side of a client',
      collapsed: true,
      panels: [
        graph({
          ...third,
          title: 'Source ports in use',
          means: 'Share of the source ports that connections to a destination hold, TIME_WAIT included.',
          worry: 'Near 100 %: connect() fails with EADDRNOTAVAIL, and no counter of the kernel tells.',
          limits: 'The six destinations with most. Read every five seconds.',
          unit: unit.share,
          levels: levels.fill,
          reaches: 1.1,
          empty: 'No outgoing connection',
          queries: [
            [
              destinations(
                `${lately('tcp_outgoing_ports_used')} / on (${identity.netns}) group_left () ${lately('tcp_outgoing_ports_limit')}`,
                highest('tcp_outgoing_ports_used'),
              ),
              toDestination,
            ],
          ],
        }),
        graph({
          ...third,
          title: 'Servers that do not answer',
          means: 'Outgoing connections that wait for a SYN-ACK, by destination.',
          worry: 'It stays above zero: that server does not answer, or its accept queue is full.',
          limits: 'The six destinations with most. Read every five seconds.',
          unit: unit.count,
          levels: levels.notable,
          empty: 'No connection waits for a SYN-ACK',
          queries: [
            [
              destinations(
                lately('tcp_outgoing_connections', 'state="syn_sent"'),
                highest('tcp_outgoing_connections', 'state="syn_sent"'),
              ),
              toDestination,
            ],
          ],
        }),
        graph({
          ...third,
          title: 'SYNs sent again',
          means: 'SYNs and SYN-ACKs retransmitted a second, in the six network namespaces with most.',
          worry: 'As a client: the servers it connects to are full. As a server: its clients do not answer.',
          limits: 'The kernel does not tell the two apart.',
          unit: unit.perSecond,
          levels: levels.notable,
          queries: [
            [
              perInstance(
                `${rate('node_netstat_TcpExt_TCPSynRetrans')} and on (${identity.netns}) topk(6, ${gained('node_netstat_TcpExt_TCPSynRetrans')})`,
              ),
              named.netns,
            ],
          ],
        }),
        graph({
          ...third,
          title: 'Round-trip time of nine tenths',
          means: 'Round-trip time to the clients of a port: nine tenths of the open connections have at most this.',
          worry: 'It rises together with retransmissions: a queue on the path, not in this host.',
          limits: 'The six ports with most connections. Of an idle connection it is as old as its last packet.',
          unit: unit.seconds,
          levels: levels.none,
          logarithmic: true,
          smallest: 0.00001,
          empty: 'No open connection',
          queries: [[busiest(lately('tcp_port_round_trip_seconds', 'share="0.9"')), named.port]],
        }),
      ],
    },
  ],
}
