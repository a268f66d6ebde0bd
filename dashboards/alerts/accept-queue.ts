/** Accept queues that fill and spill, and servers that do not accept. */
import {
  attempts,
  blame,
  by,
  drops,
  filesUsedUp,
  lately,
  netstatRate,
  overflowing,
  rate,
  timeFull,
  whose,
  withProcess,
  withProcessOfPort,
} from './ask.ts'
import {
  type Alert,
  atOnce,
  forAWhile,
  listenerOrNamespace,
  listenerWords,
  type Pace,
  portWords,
  short,
  whenItLasts,
} from './spec.ts'

/** Of those who tried to connect: by the drops, or where many others connect to that namespace, by the time it was full. */
const turnedAway = (pace: Pace): string =>
  `(${overflowing(pace)} / on (${by.netns}) group_left () ${attempts(pace)} > 0.01 or on (${by.listener}) (${timeFull(pace)} > 0.05 and on (${by.listener}) ${overflowing(pace)}))`

/** Overflows that no listener accounts for which was seen full: the queue was full between two samples. */
const unseen = (pace: Pace): string => {
  const all = netstatRate('TcpExt_ListenOverflows', pace)
  const seen = `sum by (${by.netns}) ${overflowing(pace)}`
  return `(${all} - on (${by.netns}) ${seen} > 0.2 * ${all} or on (${by.netns}) (${all} > 0 unless on (${by.netns}) ${seen}))`
}

const fill = (pace: Pace): string =>
  `${lately('tcp_listener_accept_queue_length', pace)} / (${lately('tcp_listener_accept_queue_limit', pace)} + 1)`

const waits = (pace: Pace): string => lately('tcp_port_accept_wait_oldest_seconds', pace)

/** Clients wait, and nobody waits for them. */
const withoutAcceptor = (pace: Pace): string =>
  `(${lately('tcp_listener_accept_queue_length', pace)} > 0 and on (${by.listener}) ${lately('tcp_listener_acceptors', pace)} == 0)`

/** The oldest wait of the port grows as time does: whoever is first in a queue has not been accepted. */
const standsStill = ({ gap }: Pace): string => `deriv(tcp_port_accept_wait_oldest_seconds[${gap}]) > 0.8`

/** A server without a free file does not accept for another reason: FilesUsedUp tells it. */
const withFreeFiles = (listeners: string, pace: Pace): string =>
  `(${withProcess(listeners, pace)}) unless on (job, instance, ${whose}) ${filesUsedUp(pace)}`

export const acceptQueueAlerts: Alert[] = [
  {
    name: 'AcceptQueueOverflowing',
    finding: 'accept-queue-overflows',
    severity: 'warning',
    lasting: atOnce,
    expression: (pace) => withProcess(overflowing(pace), pace),
    summary: 'An accept queue overflows: clients are turned away',
    description: `${listenerWords} counts {{ $value | humanize }} drops a second, was full, and ListenOverflows of its namespace rises. A client whose SYN is dropped tries again after a second; a final ACK that is dropped counts twice.`,
    board: 'listener',
    critical: {
      lasting: whenItLasts,
      expression: (pace) => withProcess(`${turnedAway(pace)} and on (${by.listener}) ${drops(short(pace))} > 0`, pace),
      description: `${listenerWords} turns away about {{ $value | humanizePercentage }} of those who try to connect, because its accept queue is full. Each of them waits a second or more, or gives up.`,
    },
  },
  {
    name: 'AcceptQueueOverflowsBriefly',
    finding: 'accept-queue-overflows-briefly',
    severity: 'warning',
    lasting: atOnce,
    expression: (pace) =>
      blame(unseen(pace), withProcess(`(${drops(pace)} > 0) unless on (${by.listener}) ${timeFull(pace)} > 0`, pace)),
    summary: 'An accept queue overflows in moments too short to be sampled',
    description: `${listenerOrNamespace} turns clients away ({{ $value | humanize }} drops a second) although it was not seen full: bursts that are larger than the backlog.`,
    board: 'listener',
  },
  {
    name: 'AcceptQueueFilling',
    finding: 'accept-queue-fills',
    severity: 'info',
    lasting: whenItLasts,
    expression: (pace) =>
      withProcess(
        `sum without (fill) (${rate('tcp_listener_accept_queue_at_least_seconds_total{fill="0.9"}', pace)}) > 0.1 unless on (${by.listener}) ${overflowing(pace)}`,
        pace,
      ),
    summary: 'An accept queue is nearly full for more than a tenth of the time',
    description: `${listenerWords} was at least 90 % full for {{ $value | humanizePercentage }} of the time: no room is left for a burst. Nobody is turned away yet.`,
    board: 'listener',
  },
  {
    name: 'ShardStalled',
    finding: 'one-shard-stalled',
    severity: 'warning',
    lasting: forAWhile,
    expression: (pace) =>
      withProcess(
        `${fill(pace)} > 0.5 and on (${by.port}) (max by (${by.port}) (${fill(pace)}) - min by (${by.port}) (${fill(pace)}) > 0.5)`,
        pace,
      ),
    summary: 'One shard of a port is much fuller than another',
    description: `${listenerWords} is {{ $value | humanizePercentage }} full while another shard of the port is nearly empty. The kernel chooses a shard without looking at the queues, so the others do not help.`,
    board: 'listener',
  },
  {
    name: 'NobodyAccepts',
    finding: 'nobody-accepts',
    severity: 'warning',
    lasting: forAWhile,
    expression: (pace) => withFreeFiles(`${withoutAcceptor(pace)} and on (${by.port}) ${standsStill(pace)}`, pace),
    summary: 'Clients wait in a queue from which nobody accepts',
    description: `{{ $value | humanize }} clients wait at ${listenerWords} no process waits for them, and the first of them is not accepted. They believe that they are connected.`,
    board: 'listener',
  },
  {
    name: 'WorkersExhausted',
    finding: 'workers-exhausted',
    severity: 'warning',
    lasting: { production: '5m', lab: '10s' },
    expression: (pace) => withFreeFiles(`${withoutAcceptor(pace)} unless on (${by.port}) ${standsStill(pace)}`, pace),
    summary: 'All workers of a server are busy whenever somebody looks, and clients wait',
    description: `{{ $value | humanize }} clients wait at ${listenerWords} and no process waits for them: each worker is busy with another. The queue moves, but no worker is to spare.`,
    board: 'listener',
  },
  {
    name: 'AcceptWaitLong',
    finding: 'long-accept-wait',
    severity: 'warning',
    lasting: { production: '1m', lab: '5s' },
    expression: (pace) => withProcessOfPort(`${waits(pace)} > 1`, pace),
    summary: 'A connection has waited for more than a second to be accepted',
    description: `At ${portWords} the oldest has waited for {{ $value | humanizeDuration }}. Its client believes that it is connected, and no counter of the kernel shows it.`,
    board: 'listener',
  },
  {
    name: 'RequestsUnread',
    finding: 'accepted-and-never-read',
    severity: 'warning',
    lasting: { production: '1m', lab: '5s' },
    expression: (pace) => withProcessOfPort(`${lately('tcp_port_unserved_oldest_seconds', pace)} > 5`, pace),
    summary: 'Connections are accepted, and what their clients ask is not read',
    description: `At ${portWords} a request has been unread for {{ $value | humanizeDuration }} although its connection was accepted. The accept queue shows nothing of this.`,
    board: 'connections',
  },
]
