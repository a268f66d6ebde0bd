/** Handshakes that the kernel does not finish, for a reason other than a full accept queue. */
import { attempts, blame, by, drops, gained, lately, netstat, netstatRate, timeFull, withProcess } from './ask.ts'
import {
  type Alert,
  atOnce,
  fullestSynQueue,
  listenerOrNamespace,
  namespaceWords,
  type Pace,
  short,
  whenItLasts,
} from './spec.ts'

/** SYNs dropped although no queue was full. */
const otherDrops = (pace: Pace): string =>
  `(${['ListenDrops', 'ListenOverflows', 'TCPReqQFullDrop'].map((name) => gained(netstat(`TcpExt_${name}`), pace)).join(' - ')})`

const cookiesAre = (value: 0 | 2, pace: Pace): string =>
  `on (${by.netns}) ${lately('node_sysctl_net_ipv4_tcp_syncookies', pace)} == ${value}`

const ofAttempts = (gain: string, pace: Pace): string =>
  `${gain} / (${gained(netstat('TcpExt_ListenDrops'), pace)} + ${gained(netstat('Tcp_PassiveOpens'), pace)} > 0)`

const deferred = (pace: Pace): string => `(${netstatRate('TcpExt_TCPDeferAcceptDrop', pace)} > 0)`

export const handshakeAlerts: Alert[] = [
  {
    name: 'SynQueueOverflowing',
    finding: 'syn-queue-overflows',
    severity: 'warning',
    lasting: atOnce,
    expression: (pace) => `${netstatRate('TcpExt_TCPReqQFullDrop', pace)} > 0`,
    summary: 'A SYN queue overflows, and SYN cookies are off: clients are turned away',
    description: `On ${namespaceWords}, {{ $value | humanize }} SYNs a second are dropped because a SYN queue is full (TCPReqQFullDrop).${fullestSynQueue}`,
    board: 'handshake',
    critical: {
      lasting: whenItLasts,
      expression: (pace) =>
        `${netstatRate('TcpExt_TCPReqQFullDrop', pace)} / ${attempts(pace)} > 0.01 and ${netstatRate('TcpExt_TCPReqQFullDrop', short(pace))} > 0`,
      description: `On ${namespaceWords}, {{ $value | humanizePercentage }} of the attempts to connect are dropped because a SYN queue is full and tcp_syncookies is 0.${fullestSynQueue}`,
    },
  },
  {
    name: 'SynBacklogReserved',
    finding: 'syn-backlog-reserved',
    severity: 'warning',
    lasting: atOnce,
    expression: (pace) => `${otherDrops(pace)} > 0 and ${cookiesAre(0, pace)}`,
    summary:
      'SYNs are dropped although no queue is full: tcp_max_syn_backlog is nearly used up, and SYN cookies are off',
    description: `On ${namespaceWords}, {{ $value | humanize }} SYNs were dropped lately. Without SYN cookies the kernel keeps the last quarter of tcp_max_syn_backlog for clients that it knows; only ListenDrops counts this.${fullestSynQueue}`,
    board: 'handshake',
    critical: {
      lasting: whenItLasts,
      expression: (pace) =>
        `${ofAttempts(otherDrops(pace), pace)} > 0.01 and ${otherDrops(short(pace))} > 0 and ${cookiesAre(0, pace)}`,
      description: `On ${namespaceWords}, {{ $value | humanizePercentage }} of the attempts to connect are dropped although no queue is full: without SYN cookies the kernel keeps the last quarter of tcp_max_syn_backlog for clients that it knows.${fullestSynQueue}`,
    },
  },
  {
    name: 'SynsDroppedOtherwise',
    finding: 'syns-dropped-otherwise',
    severity: 'warning',
    lasting: atOnce,
    expression: (pace) => `${otherDrops(pace)} > 0 unless ${cookiesAre(0, pace)}`,
    summary: 'SYNs are dropped although no queue is full',
    description: `On ${namespaceWords}, {{ $value | humanize }} SYNs were dropped lately, and neither an accept queue nor a SYN queue was full: there is no route back to the client, no memory, or a security module refuses.`,
    board: 'handshake',
    critical: {
      lasting: whenItLasts,
      expression: (pace) =>
        `${ofAttempts(otherDrops(pace), pace)} > 0.01 and ${otherDrops(short(pace))} > 0 unless ${cookiesAre(0, pace)}`,
      description: `On ${namespaceWords}, {{ $value | humanizePercentage }} of the attempts to connect are dropped although no queue is full: there is no route back to the client, no memory, or a security module refuses.`,
    },
  },
  {
    name: 'SynCookiesSent',
    finding: 'syn-cookies-hide-overflow',
    severity: 'warning',
    lasting: { production: '1m', lab: '5s' },
    expression: (pace) => `${netstatRate('TcpExt_TCPReqQFullDoCookies', pace)} > 0 unless ${cookiesAre(2, pace)}`,
    summary: 'A SYN queue overflows; clients connect by SYN cookie',
    description: `On ${namespaceWords}, {{ $value | humanize }} SYNs a second find a SYN queue full. ListenDrops and the drops of the listeners do not rise.${fullestSynQueue}`,
    board: 'handshake',
  },
  {
    name: 'SynCookiesRefused',
    finding: 'syn-cookies-hide-overflow',
    severity: 'info',
    lasting: { production: '1m', lab: '5s' },
    expression: (pace) =>
      `${netstatRate('TcpExt_SyncookiesFailed', pace)} > 0 unless on (${by.netns}) ${netstatRate('TcpExt_ListenOverflows', pace)} > 0`,
    summary: 'ACKs arrive that carry no valid SYN cookie, and are reset',
    description: `On ${namespaceWords}, {{ $value | humanize }} ACKs a second belong to no request and carry no valid cookie: clients that answered too late, or a flood of ACKs. Each is answered with a reset.`,
    board: 'handshake',
  },
  {
    name: 'FinalAcksReset',
    finding: 'final-acks-reset',
    severity: 'warning',
    lasting: atOnce,
    // A client that resets its own request counts as a failed attempt too; one that the kernel resets does not.
    expression: (pace) =>
      `${gained(netstat('TcpExt_EmbryonicRsts'), pace)} - ${gained(netstat('Tcp_AttemptFails'), pace)} > 0 and on (${by.netns}) ${netstatRate('TcpExt_ListenOverflows', pace)} > 0`,
    summary: 'Clients that meet a full accept queue are reset: tcp_abort_on_overflow is on',
    description: `On ${namespaceWords}, {{ $value | humanize }} clients were reset lately because their final ACK met a full accept queue and tcp_abort_on_overflow is 1: they read "connection reset" where they could have tried again.`,
    board: 'handshake',
  },
  {
    name: 'DeferredClientsWait',
    finding: 'deferred-accept',
    severity: 'info',
    lasting: { production: '5m', lab: '10s' },
    expression: (pace) =>
      blame(
        deferred(pace),
        withProcess(
          `(${drops(pace)} > 0 and on (${by.port}) max_over_time(tcp_port_syn_queue_peak[${pace.gap}]) > 0) unless on (${by.listener}) ${timeFull(pace)} > 0`,
          pace,
        ),
      ),
    summary: 'Clients connect and send nothing, and TCP_DEFER_ACCEPT keeps them from the server',
    description: `${listenerOrNamespace} ignores {{ $value | humanize }} final ACKs a second because of TCP_DEFER_ACCEPT: the clients believe that they are connected, and the server does not see them until they send. Health checks that only connect look like this.`,
    board: 'handshake',
  },
]
