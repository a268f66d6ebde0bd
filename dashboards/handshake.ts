/** Every counter that concerns the handshake, each with what it means. The words are those of the metrics reference. */
import { metrics } from '#services/exporter/catalogue.ts'
import type { BoardSpec, Section } from './board.ts'
import { byListener, byNetns, byPort, type Level, levels, rate, unit } from './common.ts'
import { graph, type PanelBuilder, words } from './panels.ts'

const size = { width: 6, height: 6 }

/** A counter of the network namespace, explained as docs/metrics.md explains it. */
function counter(field: string, alarming: Level[]): PanelBuilder {
  const name = `node_netstat_${field}`
  const metric = metrics.find((candidate) => candidate.name === name)
  if (metric === undefined) throw new Error(`The exporter has no metric ${name}`)
  return graph({
    ...size,
    title: field.replace(/^(TcpExt|Tcp)_/, ''),
    means: metric.help,
    worry: metric.worry,
    limits: `For the whole network namespace, from ${metric.source}. On a kernel without this counter the panel stays empty.`,
    unit: unit.perSecond,
    levels: alarming,
    queries: [[rate(name, byNetns), '{{netns}}']],
  })
}

const counters = (heading: string, alarming: Level[], fields: string[]): Section => ({
  heading,
  panels: fields.map((field) => counter(field, alarming)),
})

const model = `
| what happens | ListenOverflows | ListenDrops | drops of the listener | other counters | what the client sees |
| --- | --- | --- | --- | --- | --- |
| new SYN, accept queue full | +1 | +1 | +1 | | connects a second later, or three, or seven |
| new SYN, SYN queue full, cookies off | | +1 | +1 | TCPReqQFullDrop | the same |
| new SYN, SYN queue full, cookies on | | | | TCPReqQFullDoCookies, SyncookiesSent | nothing: it connects by cookie |
| any SYN, tcp_syncookies=2 | | | | TCPReqQFullDoCookies, SyncookiesSent | nothing; no queue is full |
| final ACK, accept queue full | +1 | +1 | +2 | | believes it is connected |
| the same with tcp_abort_on_overflow=1 | +1 | +1 | +2 | EmbryonicRsts, OutRsts | connection reset |
| cookie comes back, accept queue full | +1 | +1 | +1 | SyncookiesRecv | believes it is connected, and the server has forgotten it |
| SYN retransmitted for a half-open request | | | +1 | TCPSynRetrans, RetransSegs | gets the SYN-ACK again |
| RST for a half-open request | | | +1 | EmbryonicRsts, AttemptFails | |
| final ACK without data, TCP_DEFER_ACCEPT | | | +1 | TCPDeferAcceptDrop | connected |
| no route back, or refused by a security module | | +1 | +1 | | as for a dropped SYN |
| SYN-ACK not answered in time | | | | TCPTimeouts, TCPSynRetrans, RetransSegs | |
`.trim()

export const handshake: BoardSpec = {
  name: 'handshake',
  title: 'Handshake and drops',
  description: 'Which counter rises when, and what it means. Each number is a rate in the selected network namespace.',
  sections: [
    {
      panels: [
        words(
          {
            title: 'Which counters rise when',
            means: 'What the kernel counts for each event that can happen to a handshake.',
            worry: 'Counters rise together in the panels below: the row with the same counters says what happens.',
            limits:
              'Linux 5.10 to 7.2. One event can match two rows: a SYN that meets a full SYN queue and a full accept queue.',
          },
          model,
          24,
          12,
        ),
      ],
    },
    {
      heading: 'The accept queue is full',
      panels: [
        counter('TcpExt_ListenOverflows', levels.any),
        counter('TcpExt_ListenDrops', levels.any),
        graph({
          ...size,
          title: 'ListenDrops that are not overflows',
          means: 'ListenDrops minus ListenOverflows: SYNs dropped although the accept queue had room.',
          worry:
            'Any rate: a full SYN queue without cookies, the last quarter of tcp_max_syn_backlog, no route back, or a security module.',
          limits: 'For the whole network namespace.',
          unit: unit.perSecond,
          levels: levels.any,
          queries: [
            [
              `${rate('node_netstat_TcpExt_ListenDrops', byNetns)} - ${rate('node_netstat_TcpExt_ListenOverflows', byNetns)}`,
              '{{netns}}',
            ],
          ],
        }),
        graph({
          ...size,
          title: 'Drops of each listener',
          means: 'sk_drops of the socket, a second.',
          worry: 'It rises together with ListenOverflows.',
          limits:
            'A final ACK dropped by an overflow counts twice; rows 8 to 10 of the table above count although nothing overflows.',
          unit: unit.perSecond,
          levels: levels.any,
          queries: [[rate('tcp_listener_drops_total', byListener), 'shard {{shard}} of :{{port}}']],
        }),
      ],
    },
    {
      heading: 'The SYN queue is full',
      panels: [
        graph({
          ...size,
          title: 'Half-open requests',
          means:
            'Requests whose SYN-ACK is sent and whose final ACK has not arrived or was dropped, and the highest number within the peak window.',
          worry: 'Near the limit: clients do not answer, or their final ACKs are dropped.',
          limits: 'By port, sampled every 100 ms. With cookies on, no more are stored than the backlog allows.',
          unit: unit.connections,
          levels: levels.none,
          queries: [
            [`tcp_port_syn_queue_length{${byPort}}`, 'length :{{port}}'],
            [`tcp_port_syn_queue_peak{${byPort}}`, 'peak :{{port}}'],
          ],
        }),
        counter('TcpExt_TCPReqQFullDrop', levels.any),
        counter('TcpExt_TCPReqQFullDoCookies', levels.notable),
        counter('TcpExt_SyncookiesSent', levels.notable),
        counter('TcpExt_SyncookiesRecv', levels.none),
        counter('TcpExt_SyncookiesFailed', levels.notable),
      ],
    },
    counters('Handshakes that take longer, or fail', levels.none, [
      'Tcp_PassiveOpens',
      'TcpExt_TCPSynRetrans',
      'TcpExt_TCPTimeouts',
      'Tcp_AttemptFails',
      'TcpExt_EmbryonicRsts',
      'Tcp_OutRsts',
      'Tcp_RetransSegs',
      'TcpExt_TCPDeferAcceptDrop',
    ]),
    counters('Restarts, and the rest', levels.notable, [
      'TcpExt_TCPMigrateReqSuccess',
      'TcpExt_TCPMigrateReqFailure',
      'Tcp_EstabResets',
      'TcpExt_TCPFastOpenListenOverflow',
      'TcpExt_TCPAbortOnMemory',
      'TcpExt_TCPTimeWaitOverflow',
    ]),
  ],
}
