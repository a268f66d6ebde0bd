/** Which counters of the handshake move together, and what that means: one screen. */
import { metrics } from '#services/exporter/catalogue.ts'
import type { BoardSpec } from './board.ts'
import { type Color, levels, unit } from './common.ts'
import { graph, type Lane, lanes, words } from './panels.ts'
import { fullestListeners, named, rate, turnedAway } from './select.ts'
import { synQueueLines } from './shared.ts'

const third = { width: 8, height: 6 }

/** A lane of the picture: what happens, in words and by the kernel's name. */
const counters: [what: string, field: string, color: Color][] = [
  ['Accept queue full', 'TcpExt_ListenOverflows', 'red'],
  ['Dropped, for any reason', 'TcpExt_ListenDrops', 'red'],
  ['SYN queue full, dropped', 'TcpExt_TCPReqQFullDrop', 'red'],
  ['SYN queue full, cookie', 'TcpExt_TCPReqQFullDoCookies', 'orange'],
  ['Cookies sent', 'TcpExt_SyncookiesSent', 'orange'],
  ['Cookies that came back', 'TcpExt_SyncookiesRecv', 'blue'],
  ['Cookies that were wrong', 'TcpExt_SyncookiesFailed', 'orange'],
  ['SYN or SYN-ACK again', 'TcpExt_TCPSynRetrans', 'yellow'],
  ['Timeouts', 'TcpExt_TCPTimeouts', 'yellow'],
  ['Segments sent again', 'Tcp_RetransSegs', 'yellow'],
  ['Attempts that failed', 'Tcp_AttemptFails', 'orange'],
  ['Half-open, then reset', 'TcpExt_EmbryonicRsts', 'orange'],
  ['Resets sent', 'Tcp_OutRsts', 'orange'],
  ['Established, then reset', 'Tcp_EstabResets', 'orange'],
  ['Final ACK set aside', 'TcpExt_TCPDeferAcceptDrop', 'blue'],
  ['Moved to a sibling', 'TcpExt_TCPMigrateReqSuccess', 'blue'],
  ['Not moved to a sibling', 'TcpExt_TCPMigrateReqFailure', 'red'],
  ['Fast Open: too many', 'TcpExt_TCPFastOpenListenOverflow', 'orange'],
  ['Reset for lack of memory', 'TcpExt_TCPAbortOnMemory', 'red'],
  ['Too many TIME_WAIT', 'TcpExt_TCPTimeWaitOverflow', 'yellow'],
]

const short = (field: string): string => field.replace(/^(TcpExt|Tcp)_/, '')

/** The words of the metrics reference. */
function help(field: string): string {
  const name = `node_netstat_${field}`
  const metric = metrics.find((candidate) => candidate.name === name)
  if (metric === undefined) throw new Error(`The exporter has no metric ${name}`)
  return metric.help
}

const lane = ([what, field, color]: (typeof counters)[number]): Lane => [
  // 1 while it rises: equal values are one bar, and rates would be cut at every step.
  `max(${rate(`node_netstat_${field}`)}) > bool 0`,
  `${what} · ${short(field)}`,
  color,
]

/** Rows that wrap would not fit beside the lanes: a few words each. */
const model = `
| what happens | what rises | the client |
| --- | --- | --- |
| SYN, accept queue full | ListenOverflows, ListenDrops | connects after 1, 3, 7 s |
| final ACK, accept queue full | the same; drops +2 | believes it is connected |
| the same, abort_on_overflow | and EmbryonicRsts, OutRsts | is reset |
| cookie back, accept queue full | ListenOverflows, SyncookiesRecv | is forgotten |
| SYN, SYN queue full, no cookies | TCPReqQFullDrop, ListenDrops | connects after 1, 3, 7 s |
| SYN, SYN queue full, cookies | …DoCookies, SyncookiesSent | notices nothing |
| SYN again for a half-open one | drops, TCPSynRetrans | gets its SYN-ACK again |
| RST for a half-open one | drops, EmbryonicRsts | has left |
| final ACK, DEFER_ACCEPT | drops, TCPDeferAcceptDrop | is connected |
| no route back, or forbidden | ListenDrops | connects after 1, 3, 7 s |
| SYN-ACK not answered | TCPTimeouts, TCPSynRetrans | is not there |
`.trim()

const all = (field: string): string => `sum(${rate(`node_netstat_${field}`)})`

export const handshake: BoardSpec = {
  name: 'handshake',
  title: 'Handshake',
  description:
    'Which counters move together, and what that means. All counters are those of the chosen network namespaces.',
  sections: [
    {
      panels: [
        lanes(
          {
            title: 'Which counters move together',
            means: `A lane is coloured while its counter rises in any of the chosen namespaces.\n${counters.map(([, field]) => `- ${short(field)}: ${help(field)}`).join('\n')}`,
            worry: 'Several begin together: the row of the table with the same counters says what happens.',
            limits: 'For whole network namespaces. A counter that this kernel does not have has no lane.',
            unit: unit.count,
            reads: { 0: 'stands still', 1: 'rises' },
            width: 14,
            height: 13,
          },
          counters.map(lane),
        ),
        words(
          {
            title: 'What that means',
            means:
              'What the kernel counts for each event that can happen to a handshake; drops are those of the listener.',
            worry: 'Counters rise together on the left: the row with the same counters says what happens.',
            limits:
              'Linux 5.10 to 7.2. One event can match two rows: a SYN that meets a full SYN queue and a full accept queue. With tcp_syncookies=2 every SYN is answered with a cookie, and no queue is full.',
          },
          model,
          10,
          13,
        ),
      ],
    },
    {
      panels: [
        graph({
          ...third,
          title: 'Accept queues that overflow',
          means:
            'ListenOverflows; ListenDrops that are not overflows (a full SYN queue without cookies, no route back, a security module); and the drops of each listener, dashed.',
          worry: 'Overflows and the drops of one listener rise together: it is that queue.',
          limits:
            'The six fullest listeners. A final ACK dropped by an overflow counts twice in the drops; retransmitted SYNs, resets and deferred accepts count there although nothing overflows.',
          unit: unit.perSecond,
          levels: levels.any,
          queries: [
            [all('TcpExt_ListenOverflows'), 'overflows'],
            [
              `clamp_min(sum(${rate('node_netstat_TcpExt_ListenDrops')} - ${rate('node_netstat_TcpExt_ListenOverflows')}), 0)`,
              'other drops',
            ],
            [fullestListeners(6, rate('tcp_listener_drops_total')), named.listener, 'dashed'],
          ],
        }),
        graph({
          ...third,
          title: 'SYN queues',
          means: 'Half-open requests, the highest number within the peak window, and the sum of the limits.',
          worry: 'Near the limit: clients do not answer, or their final ACKs are dropped.',
          limits:
            'The two ports with the fullest accept queues, sampled every 100 ms. Only with one listener is the limit exact.',
          unit: unit.count,
          levels: levels.none,
          queries: synQueueLines,
        }),
        graph({
          ...third,
          title: 'When a SYN queue is full',
          means: 'SYNs answered with a cookie, SYNs dropped where cookies are off, and the cookies that came back.',
          worry:
            'Far fewer come back than are sent: a flood. Nearly all: real clients, and a backlog too small for them.',
          limits: 'With tcp_syncookies=2 every SYN is answered with a cookie, and no queue is full.',
          unit: unit.perSecond,
          levels: levels.notable,
          queries: [
            [all('TcpExt_SyncookiesSent'), 'answered by cookie'],
            [all('TcpExt_TCPReqQFullDrop'), 'dropped'],
            [all('TcpExt_SyncookiesRecv'), 'cookies back'],
            [all('TcpExt_SyncookiesFailed'), 'wrong cookies'],
          ],
        }),
      ],
    },
    {
      panels: [
        graph({
          ...third,
          title: 'Share of attempts turned away',
          means: 'ListenDrops as a share of all attempts to connect.',
          worry: 'Above 1 %: people notice.',
          limits: 'A client that tries three times counts as three attempts. No line while nobody tries.',
          unit: unit.share,
          levels: levels.turnedAway,
          reaches: 0.05,
          empty: 'Nobody has tried to connect',
          queries: [[turnedAway, 'turned away']],
        }),
        graph({
          ...third,
          title: 'Sent again',
          means:
            'SYNs and SYN-ACKs sent again, all segments sent again, and, to compare, handshakes that were completed.',
          worry: 'SYNs rise in step with overflows: stuck handshakes. Segments rise alone: the network loses packets.',
          limits: 'SYNs of this host as a client are counted too.',
          unit: unit.perSecond,
          levels: levels.none,
          queries: [
            [all('TcpExt_TCPSynRetrans'), 'SYN and SYN-ACK'],
            [all('Tcp_RetransSegs'), 'segments'],
            [all('Tcp_PassiveOpens'), 'handshakes done'],
          ],
        }),
        graph({
          ...third,
          title: 'Resets',
          means:
            'Resets sent, connections and half-open requests that ended in one, and clients reset by closing listeners.',
          worry: 'A burst when a listener closes: its queue was reset.',
          limits: 'Resets of outgoing connections are counted too.',
          unit: unit.perSecond,
          levels: levels.none,
          queries: [
            [all('Tcp_OutRsts'), 'RST sent'],
            [all('Tcp_EstabResets'), 'established, then reset'],
            [all('TcpExt_EmbryonicRsts'), 'half-open, then reset'],
            [`sum(${rate('tcp_namespace_listener_close_resets_total')})`, 'by a closing listener'],
          ],
        }),
      ],
    },
  ],
}
