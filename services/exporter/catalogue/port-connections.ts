/** Who waits in the accept queues of a port, what became of those it has accepted, and how their packets fare. */
import type { Metric } from './metric.ts'
import { connectionDump, eachPort, onePerPort, portLabels } from './port-rows.ts'

const milliseconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000)

/** The age of the oldest of some connections; an age of none is no number. */
const ageOf = (count: number | undefined, ms: number | undefined): number | undefined =>
  count === undefined || count === 0 ? undefined : milliseconds(ms)

const whileAccepted = ' Given for ports that have accepted connections.'
const resolution = 'Resolution: one tick of the kernel (1 to 10 ms). Absent while there is none.'

export const waitingMetrics: readonly Metric[] = [
  {
    name: 'tcp_port_accept_queue_connections',
    type: 'gauge',
    labels: [...portLabels, 'client'],
    help:
      'Places in the accept queues of this port, by what the client has done: open; sent_fin, which has hung up, or has ' +
      'only finished sending (shutdown) and still waits for its answer; reset, which has sent an RST and keeps its place ' +
      'until accept() all the same. reset is counted only where it is certain: in queues that have had the same length ' +
      'for a second and ten samples, in a namespace that has never had a TCP Fast Open connection. Only counts above 0 ' +
      'are given.',
    source: `ESTABLISHED and CLOSE_WAIT records without an inode; reset: the lengths of the queues less these; ${connectionDump}`,
    worry:
      'Most of them have sent_fin or are reset: clients give up before they are served, and the process will first ' +
      'accept the dead ones.',
    read: eachPort(({ waiting, waitingFinished, waitingReset }, labels) =>
      [
        { client: 'open', value: (waiting ?? 0) - (waitingFinished ?? 0) },
        { client: 'sent_fin', value: waitingFinished ?? 0 },
        { client: 'reset', value: waitingReset ?? 0 },
      ]
        .filter(({ value }) => value > 0)
        .map(({ client, value }) => ({ labels: { ...labels, client }, value })),
    ),
  },
]

export const pastAcceptMetrics: readonly Metric[] = [
  {
    name: 'tcp_port_unserved_connections',
    type: 'gauge',
    labels: portLabels,
    help:
      'Accepted connections on which data has arrived, all of it unread, and nothing was ever sent: nobody has taken ' +
      `care of them yet. Needs Linux 4.19.${whileAccepted}`,
    source: `idiag_rqueue equal to tcpi_bytes_received, and tcpi_bytes_sent 0; ${connectionDump}`,
    worry:
      'Some for longer than a second, see the oldest: the process stands still, although its accept queue may be empty ' +
      "because io_uring's multishot accept or another thread goes on accepting.",
    read: onePerPort(({ pastAccept }) => pastAccept?.unserved),
  },
  {
    name: 'tcp_port_unserved_oldest_seconds',
    type: 'gauge',
    labels: portLabels,
    help:
      'How long ago data last arrived at the unserved connection where that is longest ago: its client has waited at ' +
      `least this long. ${resolution}`,
    source: `tcpi_last_data_recv; ${connectionDump}`,
    worry: 'Above a second and growing: nobody reads what clients ask.',
    read: onePerPort(({ pastAccept }) => ageOf(pastAccept?.unserved, pastAccept?.unservedOldestMs)),
  },
  {
    name: 'tcp_port_unread_connections',
    type: 'gauge',
    labels: portLabels,
    help:
      'Accepted connections with received bytes that nobody has read, whether or not they were served before: also a ' +
      `later request of a keep-alive connection. An idle one has none.${whileAccepted}`,
    source: `idiag_rqueue, less 1 for a FIN; ${connectionDump}`,
    worry: 'As for the unserved ones. A process that reads no more because it is about to close leaves some for good.',
    read: onePerPort(({ pastAccept }) => pastAccept?.unread),
  },
  {
    name: 'tcp_port_unread_oldest_seconds',
    type: 'gauge',
    labels: portLabels,
    help:
      'How long ago data last arrived at the connection with unread bytes where that is longest ago: the bytes have ' +
      `been unread for at least this long. ${resolution}`,
    source: `tcpi_last_data_recv; ${connectionDump}`,
    worry: 'It grows steadily: a worker is stuck, or a connection was forgotten.',
    read: onePerPort(({ pastAccept }) => ageOf(pastAccept?.unread, pastAccept?.unreadOldestMs)),
  },
  {
    name: 'tcp_port_silent_connections',
    type: 'gauge',
    labels: portLabels,
    help:
      'Accepted connections that are ESTABLISHED and on which neither side has sent a byte. Needs Linux 4.19.' +
      whileAccepted,
    source: `tcpi_bytes_received and tcpi_bytes_sent both 0; ${connectionDump}`,
    worry:
      'On a server that greets first (SMTP, SSH, MySQL): it stands still. On another: clients that connect ahead of ' +
      'need, or hold connections without using them.',
    read: onePerPort(({ pastAccept }) => pastAccept?.silent),
  },
  {
    name: 'tcp_port_silent_oldest_seconds',
    type: 'gauge',
    labels: portLabels,
    help: `Age of the oldest silent connection, since the end of its handshake. ${resolution}`,
    source: `tcpi_last_data_sent of a connection that has sent nothing; ${connectionDump}`,
    worry: 'Above a second on a server that greets first.',
    read: onePerPort(({ pastAccept }) => ageOf(pastAccept?.silent, pastAccept?.silentOldestMs)),
  },
]

export const networkMetrics: readonly Metric[] = [
  {
    name: 'tcp_port_syn_queue_retried',
    type: 'gauge',
    labels: portLabels,
    help:
      'Half-open requests of this port whose SYN-ACK was sent again at least once. Given while the SYN queue holds any ' +
      'request.',
    source: 'idiag_retrans of SYN_RECV records',
    worry:
      'Most of the SYN queue: the clients do not answer, or the accept queue is full and their final ACKs are dropped.',
    read: onePerPort(({ synQueueRetried }) => synQueueRetried),
  },
  {
    name: 'tcp_port_retransmitting_connections',
    type: 'gauge',
    labels: portLabels,
    help:
      'Connections of this port that are sending lost data again at the moment of the dump. Given for ports that have ' +
      'open connections.',
    source: `tcpi_ca_state Recovery or Loss, or tcpi_retransmits above 0; ${connectionDump}`,
    worry: 'More than a few per cent of the established ones: the network loses packets, or clients have vanished.',
    read: onePerPort(({ retransmitting }) => retransmitting),
  },
  {
    name: 'tcp_port_round_trip_seconds',
    type: 'gauge',
    labels: [...portLabels, 'share'],
    help:
      'Round-trip time to the clients of the connections that are open at the moment of the dump, as the kernel smooths ' +
      'it: half and nine tenths of them have at most this (off by at most 5 %), and the highest. Of a connection that ' +
      'is idle it is as old as its last packet. share="0.5" means half of them.',
    source: `tcpi_rtt; ${connectionDump}`,
    worry: 'It rises together with the retransmitting connections: a queue on the path, not in this host.',
    read: eachPort(({ roundTripUs }, labels) =>
      Object.entries(roundTripUs ?? {}).map(([share, us]) => ({ labels: { ...labels, share }, value: us / 1e6 })),
    ),
  },
]
