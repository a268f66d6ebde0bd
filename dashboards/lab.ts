/** Panels that only a lab can fill: its clients (k6) and its backends. They stand in rows that are closed at first. */
import { levels, quantile, unit } from './common.ts'
import { distribution, graph } from './panels.ts'
import { fromK6, lately, rate, select } from './select.ts'

const third = { width: 8, height: 7 }

const k6Rate = (metric: string, more = ''): string => `rate(${fromK6(metric, more)}[$__rate_interval])`

/** Over the loads of k6; its clients send several requests over a connection, and only the first includes connecting. */
const clientSeconds = (q: number, what: string): string =>
  `${quantile(q, `sum by (load) (${k6Rate(`k6_http_req_${what}_seconds`)})`)} > 0`

const needsK6 =
  'Needs k6 with remote write (load/k6/remote-write.env). Requests whose connection failed are counted as failures, not here.'
const noK6 = 'k6 does not run here: it measures what clients see'
const noBackends = 'No backend of a lab is scraped'

/** A count of what may not have happened yet: 0 for each load that runs. */
const counted = (metric: string, more = ''): string =>
  `sum by (load) (${k6Rate(metric, more)}) or sum by (load) (${k6Rate('k6_iterations_total')}) * 0`

export const clients = [
  graph({
    ...third,
    title: 'Clients: time to connect',
    means:
      'How long k6 took to connect, from the SYN to the SYN-ACK. This ends before the accept queue: the accept wait is not included.',
    worry:
      'Steps at 1, 3 and 7 s: SYNs were dropped and retransmitted. That is a full queue, whatever the averages say.',
    limits: `Requests over an open connection count as 0, so a few clients in trouble show in p99 first. ${needsK6}`,
    unit: unit.seconds,
    levels: levels.wait,
    logarithmic: true,
    empty: noK6,
    queries: [
      [clientSeconds(0.95, 'connecting'), '{{load}} p95'],
      [clientSeconds(0.99, 'connecting'), '{{load}} p99'],
    ],
  }),
  graph({
    ...third,
    title: 'Clients: time to the response',
    means:
      "From sending a request to the last byte of its response. A connection's first request includes its accept wait.",
    worry:
      'It rises while the request duration of the backends does not: the time is lost in the queues, before any application log begins.',
    limits: needsK6,
    unit: unit.seconds,
    levels: levels.wait,
    logarithmic: true,
    empty: noK6,
    queries: [
      [clientSeconds(0.5, 'duration'), '{{load}} p50'],
      [clientSeconds(0.95, 'duration'), '{{load}} p95'],
      [clientSeconds(0.99, 'duration'), '{{load}} p99'],
    ],
  }),
  graph({
    ...third,
    title: 'Clients: requests and failures',
    means:
      'Requests a second, and those that failed: refused, reset, timed out, or answered with an error. Not sent: clients for which k6 had no VU free.',
    worry: 'Any failure. Not sent: k6 measured less than it was asked to, so its latencies look better than they are.',
    limits: 'A failure counts when it is known: a timeout 10 s after its request began. Needs k6 with remote write.',
    unit: unit.perSecond,
    levels: levels.none,
    empty: noK6,
    queries: [
      [`sum by (load) (${k6Rate('k6_http_reqs_total')})`, '{{load}}'],
      [counted('k6_http_reqs_total', 'expected_response="false"'), '{{load}} failed'],
      [counted('k6_dropped_iterations_total'), '{{load}} not sent'],
    ],
  }),
]

const waits = rate('spillway_backend_accept_wait_seconds_bucket')

export const ofBackends = [
  graph({
    ...third,
    title: 'Accept wait of accepted connections',
    means: 'How long connections had waited when each backend accepted them, read by it right after accept().',
    worry: 'A client waits all of it before its first byte.',
    limits:
      'Resolution: one tick of the kernel (1 to 10 ms), and a fifth of the value, up to five minutes. A stalled backend accepts nothing, so its lines end.',
    unit: unit.seconds,
    levels: levels.wait,
    logarithmic: true,
    empty: noBackends,
    queries: [
      [`${quantile(0.5, `sum by (backend, le) (${waits})`)} > 0`, '{{backend}} p50', 'peak'],
      [`${quantile(0.99, `sum by (backend, le) (${waits})`)} > 0`, '{{backend}} p99'],
    ],
  }),
  graph({
    ...third,
    title: 'Accepts of each backend',
    means: 'Connections that each process accepted from its queue, a second.',
    worry:
      'One falls to zero while the others continue: its event loop is blocked. All fall while clients keep connecting: look at the drops.',
    limits:
      'The kernel spreads connections over the shards by a hash of the addresses and ports: with few clients the shares are uneven, and nothing is wrong.',
    unit: unit.perSecond,
    levels: levels.none,
    empty: noBackends,
    queries: [[`sum by (backend) (${rate('spillway_backend_accepts_total')})`, '{{backend}}']],
  }),
  graph({
    ...third,
    title: 'Responses by status',
    means: 'HTTP responses of all backends, by status code, a second.',
    worry: 'Anything but 200 in the lab.',
    limits: 'A client that the kernel turned away never gets a response and is not included.',
    unit: unit.perSecond,
    levels: levels.none,
    empty: noBackends,
    queries: [[`sum by (code) (${rate('spillway_backend_responses_total')})`, '{{code}}']],
  }),
]

/** The same backends in depth, for the board of one listener. */
export const backendsInDepth = [
  distribution({
    title: 'Accept wait of every accepted connection',
    means:
      'How long connections had waited when a backend accepted them, all backends together: the brighter, the more.',
    worry: 'Bright cells above 100 ms: clients notice. Two bands: connections wait at some shards and not at others.',
    limits: 'Resolution: one tick of the kernel (1 to 10 ms). Connections still waiting are not included.',
    unit: unit.seconds,
    levels: levels.wait,
    width: 12,
    empty: noBackends,
    queries: [[`sum by (le) (${waits})`, '{{le}}']],
  }),
  graph({
    title: 'Event loop lag',
    means: 'How late the event loop of the shared port answered its last heartbeat.',
    worry: 'It grows by a second each second: the loop is blocked, and nothing is accepted.',
    limits:
      'For the loop that accepts. The control port answers from another thread, so this is known during a stall too.',
    unit: unit.seconds,
    levels: levels.wait,
    logarithmic: true,
    width: 12,
    empty: noBackends,
    queries: [[`max by (backend) (${lately('spillway_backend_loop_lag_seconds')}) > 0`, '{{backend}}']],
  }),
  graph({
    title: 'Request duration within the backend',
    means: 'From the head of a request until its response was handed to the kernel.',
    worry:
      'It rises: the backend itself is slow. It stays low while clients wait longer: the time is lost in the queues.',
    limits: 'The accept wait is not included: no application log shows it. Resolution: a fifth of the value.',
    unit: unit.seconds,
    levels: levels.wait,
    logarithmic: true,
    width: 12,
    empty: noBackends,
    queries: [
      [
        `${quantile(0.99, `sum by (backend, le) (${rate('spillway_backend_request_duration_seconds_bucket')})`)} > 0`,
        '{{backend}} p99',
      ],
    ],
  }),
  graph({
    title: 'Open in each backend, and its faults',
    means: 'Connections that a backend has accepted and not closed, and how many faults of it are on.',
    worry: 'One backend holds nearly all of them, or someone left a fault on.',
    limits: 'Counted by the backend. A connection that waits to be accepted is not included.',
    unit: unit.count,
    levels: levels.none,
    width: 12,
    empty: noBackends,
    queries: [
      [`sum by (backend) (${lately('spillway_backend_open_connections')})`, '{{backend}} open'],
      [`sum by (backend) (${select('spillway_backend_fault')} > bool 0)`, '{{backend}} faults', 'peak'],
    ],
  }),
]
