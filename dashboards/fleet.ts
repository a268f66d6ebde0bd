/** The operators' home: which host, which listener, whose, since when, and where to look next. */
import type { BoardSpec } from './board.ts'
import { levels, unit } from './common.ts'
import { ofPort, runbook, toBoard } from './links.ts'
import { type GraphSpec, graph, number } from './panels.ts'
import {
  fillNow,
  firing,
  gained,
  highest,
  identity,
  lately,
  over,
  peakFill,
  peakFillNow,
  rate,
  select,
  synOverflows,
  turnedAwayNow,
  withOwner,
} from './select.ts'
import { answering } from './shared.ts'
import { rows } from './tables.ts'

const small = { width: 4, height: 3 }
/**
 * Names must be short where ten stand beside a graph. Where several listeners of a host have the same port and shard, in
 * other namespaces, on other addresses or for two jobs, a line is that of the worst; the table above tells them apart.
 */
const listener = '{{instance}} :{{port}} #{{shard}}'
const perListener = 'instance, port, shard'
const port = '{{instance}} :{{port}}'
const perPort = 'instance, port'

const timeFull = `sum without (fill) (${over('5m', 'tcp_listener_accept_queue_at_least_seconds_total', 'fill="1"')})`
/** Fullest at the peak first, and among the full ones those that were full for longest. */
const worst = `topk(10, ${peakFillNow} + on (${identity.listener}) ${timeFull})`
const ofTheWorst = (expression: string): string => withOwner(`(${expression}) and on (${identity.listener}) ${worst}`)

/** Ten lines or fewer, the same at every step: those of the highest in the time shown. */
const top = (by: string, expression: string, rank: string, count = 10): string =>
  `max by (${by}) (${expression}) and on (${by}) topk(${count}, max by (${by}) (${rank}))`

/** A queue beside TCP's: its peak, its limit, and how many more fit than the limit says. */
const unixQueue = ['unix_listener_accept_queue_peak', 'unix_listener_accept_queue_limit', 1] as const
const udpQueue = ['udp_socket_receive_queue_peak_bytes', 'udp_socket_receive_queue_limit_bytes', 0] as const
const fillOf = (ask: (metric: string) => string, [peak, limit, more]: readonly [string, string, number]): string =>
  `(${ask(peak)} / (${ask(limit)} + ${more}))`

const topTen = (spec: Omit<GraphSpec, 'width' | 'height'>) =>
  graph({ ...spec, width: 12, height: 8, legendAsTable: true })

export const fleet: BoardSpec = {
  name: 'fleet',
  title: 'Fleet',
  description: 'All hosts: is any queue full, whose is it, since when, and who is turned away?',
  shows: { from: 'now-1h', refresh: '30s' },
  sections: [
    {
      panels: [
        number({
          ...small,
          ...answering,
        }),
        number({
          ...small,
          title: 'Queues full now',
          means: 'Accept queues that hold N + 1 connections with a limit of N, of TCP ports and UNIX sockets.',
          worry: 'Any: the next client is turned away.',
          limits: 'At the last scrape. A queue that fills and drains between two scrapes shows in the peak.',
          unit: unit.count,
          levels: levels.any,
          queries: [
            [
              `sum(${fillNow} >= bool 1) + (sum(${select('unix_listener_accept_queue_length')} / (${select('unix_listener_accept_queue_limit')} + 1) >= bool 1) or 0 * count(${select('tcp_listener_accept_queue_limit')}))`,
              'full',
            ],
          ],
        }),
        number({
          ...small,
          title: 'Turned away',
          means: 'ListenDrops as a share of all attempts to connect: those dropped and those that led to a connection.',
          worry: 'Above 1 %: people notice. Each dropped SYN costs its client a second, then three, then seven.',
          limits: 'A client that tries three times counts as three attempts. UNIX sockets have no such counter.',
          unit: unit.share,
          levels: levels.turnedAway,
          empty: 'no attempts',
          queries: [[turnedAwayNow, 'share']],
        }),
        number({
          ...small,
          title: 'SYN queues that overflow',
          means: 'Network namespaces in which SYNs find a SYN queue full, whether answered with a cookie or dropped.',
          worry: 'Any: a flood, or a backlog that is too small for real clients.',
          limits: 'With tcp_syncookies=2 every SYN gets a cookie and nothing is full: that is not counted.',
          unit: unit.count,
          levels: levels.notable,
          queries: [[`sum(${synOverflows})`, 'namespaces']],
        }),
        number({
          ...small,
          title: 'Longest wait for accept()',
          means: 'How long the connection that has waited longest has been in an accept queue.',
          worry: 'Above a second, and growing: a process does not accept.',
          limits: 'Read once a second; as old as the last scrape.',
          unit: unit.seconds,
          levels: levels.wait,
          queries: [[`max(${select('tcp_port_accept_wait_oldest_seconds')})`, 'oldest']],
        }),
        number({
          ...small,
          title: 'Highest peak of 30 s',
          means: 'The highest fill of any accept queue within the peak window of its exporter.',
          worry: 'Near 100 % while no queue is full now: bursts use up a whole backlog.',
          limits:
            'Sampled every 10 ms. For half a minute after a limit was raised, a peak from before is divided by the new one.',
          unit: unit.share,
          levels: levels.fill,
          queries: [[`max(${peakFillNow})`, 'peak']],
        }),
      ],
    },
    {
      panels: [
        rows({
          title: 'Worst listeners',
          means: 'The ten with the highest peak; among the full ones, those that were full for longest.',
          worry: 'A red row. Its port leads to the listener, its host to the handshakes of that host.',
          limits:
            'Peak: of the last 30 s. Time full and drops: of the last 5 minutes. Process: as far as the exporter may look.',
          width: 24,
          height: 12,
          sortedBy: 'Rank',
          labels: [
            { label: 'job', title: 'Job' },
            {
              label: 'instance',
              title: 'Host',
              link: { title: 'Handshakes of this host', url: toBoard('handshake', ofPort) },
            },
            { label: 'process', title: 'Process' },
            { label: 'pid', title: 'PID', width: 70 },
            { label: 'unit', title: 'Unit' },
            {
              label: 'port',
              title: 'Port',
              width: 70,
              link: { title: 'This listener', url: toBoard('listener', [...ofPort, 'shard']) },
            },
            { label: 'shard', title: '#', width: 40 },
            { label: 'address', title: 'Address' },
            { label: 'netns', title: 'Namespace' },
          ],
          numbers: [
            { title: 'Rank', expression: withOwner(worst), unit: unit.count, levels: levels.none, hidden: true },
            {
              title: 'Limit',
              expression: ofTheWorst(select('tcp_listener_accept_queue_limit')),
              unit: unit.count,
              levels: levels.none,
              width: 70,
            },
            {
              title: 'Now',
              expression: ofTheWorst(fillNow),
              unit: unit.share,
              levels: levels.fill,
              filled: true,
              width: 80,
            },
            {
              title: 'Peak',
              expression: ofTheWorst(peakFillNow),
              unit: unit.share,
              levels: levels.fill,
              filled: true,
              width: 80,
            },
            {
              title: 'Time full',
              expression: ofTheWorst(timeFull),
              unit: unit.share,
              levels: levels.any,
              width: 90,
            },
            {
              title: 'Drops',
              expression: ofTheWorst(over('5m', 'tcp_listener_drops_total')),
              unit: unit.perSecond,
              levels: levels.any,
              width: 90,
            },
          ],
        }),
      ],
    },
    {
      panels: [
        rows({
          title: 'Alerts that fire',
          means: 'Firing alerts of the chosen instances, and since when their condition has held.',
          worry: 'Any that is critical. Its runbook says what to do.',
          limits: 'Those of Spillway alone. Empty too where its rules are not loaded in this Prometheus.',
          empty: 'No alert of Spillway fires, or its rules are not loaded',
          width: 12,
          height: 8,
          labels: [
            { label: 'alertname', title: 'Alert' },
            { label: 'finding', title: 'Runbook', link: { title: 'Why, and what to do', url: runbook } },
            { label: 'severity', title: 'Severity', width: 80 },
            { label: 'job', title: 'Job', width: 110 },
            {
              label: 'instance',
              title: 'Host',
              link: { title: 'Queues of this host', url: toBoard('queues', ofPort) },
            },
            { label: 'netns', title: 'Namespace', width: 100 },
            { label: 'port', title: 'Port', width: 60 },
          ],
          numbers: [
            {
              title: 'Since',
              expression: firing,
              unit: unit.since,
              levels: levels.none,
              width: 130,
            },
          ],
        }),
        topTen({
          title: 'Accept queues: the ten fullest',
          means: 'The highest fill within the peak window, of the ten listeners that were fullest in the time shown.',
          worry: 'A line at 100 %: that listener turns clients away.',
          limits:
            'Sampled every 10 ms. The ten are chosen once for the whole time shown. Listeners of a host with the same port and shard are one line: the worst.',
          unit: unit.share,
          levels: levels.fill,
          reaches: 1.1,
          queries: [
            [
              top(
                perListener,
                peakFill,
                `${highest('tcp_listener_accept_queue_peak')} / (${highest('tcp_listener_accept_queue_limit')} + 1)`,
              ),
              listener,
            ],
          ],
        }),
      ],
    },
    {
      panels: [
        topTen({
          title: 'Drops: the ten listeners with most',
          means: 'Drops that the kernel counts for the socket (sk_drops), a second.',
          worry: 'Any while that queue is full.',
          limits:
            'Not all are overflows: retransmitted SYNs, resets of half-open requests and deferred accepts count too.',
          unit: unit.perSecond,
          levels: levels.any,
          empty: 'No listener has dropped anything in this time',
          queries: [
            [top(perListener, rate('tcp_listener_drops_total'), `${gained('tcp_listener_drops_total')} > 0`), listener],
          ],
        }),
        topTen({
          title: 'Waits for accept(): the ten longest',
          means: 'The oldest connection in the accept queues of a port, of the ten ports with the longest waits.',
          worry: 'It grows by a second each second: nobody accepts there.',
          limits: 'By port, not by shard. A port where nobody waits has no line.',
          unit: unit.seconds,
          levels: levels.wait,
          logarithmic: true,
          empty: 'Nobody has waited in this time',
          queries: [
            [
              top(
                perPort,
                `${lately('tcp_port_accept_wait_oldest_seconds')} > 0`,
                `${highest('tcp_port_accept_wait_oldest_seconds')} > 0`,
              ),
              port,
            ],
          ],
        }),
      ],
    },
    {
      panels: [
        topTen({
          title: 'SYN queues that overflow: the ten worst',
          means: 'SYNs that find a SYN queue full, a second: answered with a cookie, or dropped where cookies are off.',
          worry:
            'Any. Compare with the cookies that come back on the board Handshake: few are a flood, most are clients.',
          limits: 'For a whole network namespace. With tcp_syncookies=2 every SYN counts as answered with a cookie.',
          unit: unit.perSecond,
          levels: levels.notable,
          empty: 'No SYN queue has overflowed in this time',
          queries: [
            [
              top(
                'instance, netns',
                rate('node_netstat_TcpExt_TCPReqQFullDoCookies'),
                `${gained('node_netstat_TcpExt_TCPReqQFullDoCookies')} > 0`,
                5,
              ),
              '{{instance}} cookies {{netns}}',
            ],
            [
              top(
                'instance, netns',
                rate('node_netstat_TcpExt_TCPReqQFullDrop'),
                `${gained('node_netstat_TcpExt_TCPReqQFullDrop')} > 0`,
                5,
              ),
              '{{instance}} dropped {{netns}}',
            ],
          ],
        }),
        topTen({
          title: 'UNIX sockets and UDP: the ten fullest',
          means:
            'Peak of UNIX accept queues as a share of the N + 1 that fit, and memory of unread datagrams as a share of its limit: five each.',
          worry: '100 %: clients of a UNIX socket are refused at once, and datagrams are lost. No TCP counter tells.',
          limits: 'Sampled every 100 ms or less often. A queue that has held nothing in the time shown has no line.',
          unit: unit.share,
          levels: levels.fill,
          reaches: 1.1,
          empty: 'No UNIX or UDP queue has held anything in this time',
          queries: [
            [
              top('instance, path', fillOf(lately, unixQueue), `${fillOf(highest, unixQueue)} > 0`, 5),
              '{{instance}} {{path}}',
            ],
            [
              top(perPort, fillOf(lately, udpQueue), `${fillOf(highest, udpQueue)} > 0`, 5),
              '{{instance}} UDP :{{port}}',
            ],
          ],
        }),
      ],
    },
  ],
}
