import { duration, number, percent, plural, rate } from '#common/quantities.ts'
import { type Answer, answerOf } from '../answer.ts'
import { ratePerSecond, type Situation } from '../situation.ts'

/** The kernel's own, no sysctl: docs/kernel-facts.md#time_wait. */
const TIME_WAIT_MS = 60_000
/** tcp_tw_reuse_delay; the age from which a port may be taken again for the same destination. */
const REUSE_AFTER_MS = 1000
/** 32768 to 60999, as ip_local_port_range is unless it is set. */
const USUAL_PORTS = 28_232
/** What can be had: above the privileged ones. */
const MOST_PORTS = 64_511
const NEARLY = 0.8

/** The client's side: a proxy, a load generator, a service that calls another. */
export interface PortsPlan {
  /** How many ip_local_port_range gives. */
  ports: number
  /** Own addresses, and addresses with a port that are connected to: ports are counted for each pair (docs/kernel-facts.md#source-port-exhaustion). */
  sources: number
  destinations: number
  /** How long a connection is open before it is closed. */
  openMs: number
  /** net.ipv4.tcp_tw_reuse: 1 anywhere, 2 on loopback only. */
  reuse: 0 | 1 | 2
}

export const usualPorts: PortsPlan = { ports: USUAL_PORTS, sources: 1, destinations: 1, openMs: 0, reuse: 2 }

/** Whether the source ports of a client last for the rate at which it connects. */
export function portsQuestion(situation: Situation): Answer {
  const plan = situation.ports ?? usualPorts
  const { ports, sources, destinations, openMs, reuse } = plan
  const perSecond = ratePerSecond(situation)
  const pairs = sources * destinations
  const held = (waitMs: number): number => (perSecond * (openMs + waitMs)) / 1000
  const most = (waitMs: number): number => (pairs * ports * 1000) / (openMs + waitMs)
  const waitMs = reuse === 1 ? REUSE_AFTER_MS : TIME_WAIT_MS
  const needed = held(waitMs)
  const room = pairs * ports
  const enough = needed <= room
  const share = needed / room
  const emptyAfterMs = (room / perSecond) * 1000
  return answerOf({
    question: `Are there enough source ports for ${rate(perSecond)}?`,
    answer: [
      enough
        ? `Yes: ${number(Math.ceil(needed))} of ${number(room)} are in use at the same time (${percent(share)}).${share > NEARLY ? ' That is close: a burst is enough to run out of them.' : ''}`
        : `No: ${number(Math.ceil(needed))} would be in use at the same time, and there are ${number(room)}. After ${duration(emptyAfterMs)} connect() fails with EADDRNOTAVAIL, without a packet and without a counter.`,
      `The most that they last for is ${rate(Math.floor(most(waitMs)))}.`,
      ...(reuse === 1
        ? ['tcp_tw_reuse=1 takes a port in TIME_WAIT again after a second, where both sides use TCP timestamps.']
        : [
            `Each port is held for ${duration(TIME_WAIT_MS)} after this side has closed first (TIME_WAIT)${reuse === 2 ? '; on loopback a second is enough (tcp_tw_reuse=2)' : ''}. If the other side closes first, it holds the TIME_WAIT, and the port is free at once.`,
          ]),
      ...(enough ? [] : helpInWords(plan, perSecond)),
    ],
    settings: enough ? [] : settingsFor(plan),
    table: {
      columns: ['', 'in use', 'of', 'lasts for'],
      rows: [
        ['as it is', waitMs],
        ['tcp_tw_reuse=1', REUSE_AFTER_MS],
        ['the other side closes first', 0],
      ].flatMap(([name, ms]) =>
        typeof ms === 'number'
          ? [
              [
                String(name),
                number(Math.ceil(held(ms))),
                number(room),
                openMs + ms === 0 ? '–' : rate(Math.floor(most(ms))),
              ],
            ]
          : [],
      ),
    },
    why: [
      `${rate(perSecond)} × (${duration(openMs)} open + ${duration(waitMs)} ${reuse === 1 ? 'until it may be reused' : 'in TIME_WAIT'}) = ${number(Math.ceil(needed))}. ${number(ports)} ports × ${plural(sources, 'own address', 'own addresses')} × ${plural(destinations, 'destination')} = ${number(room)}.`,
    ],
    howSure: [
      'Arithmetic. A port is taken for one own address, one address of the other side and one port there: other destinations do not share them.',
      'Connections are taken to be spread evenly over destinations; the busiest of them runs out first.',
      'connect() looks for a free port one by one, and takes longer the fewer there are.',
      'A program that binds to a port before it connects (without IP_BIND_ADDRESS_NO_PORT) takes it for all destinations.',
    ],
    data: { enough, needed, room, mostPerSecond: most(waitMs), emptyAfterMs: enough ? null : emptyAfterMs },
  })
}

function helpInWords({ ports, sources, destinations, reuse }: PortsPlan, perSecond: number): string[] {
  return [
    `What helps, in this order: connections that are kept open and used again (a pool, keep-alive: ${rate(perSecond)} of requests need no more than a few); the other side closing first; ${reuse === 1 ? '' : 'tcp_tw_reuse=1; '}${ports < MOST_PORTS ? 'more ports (ip_local_port_range); ' : ''}more ${sources <= destinations ? 'own addresses' : 'destinations'}.`,
  ]
}

function settingsFor({ ports, reuse }: PortsPlan): Answer['settings'] {
  return [
    ...(reuse === 1
      ? []
      : [{ where: 'sysctl', text: 'sysctl -w net.ipv4.tcp_tw_reuse=1   # for outgoing connections with timestamps' }]),
    ...(ports < MOST_PORTS
      ? [
          {
            where: 'sysctl',
            text: `sysctl -w net.ipv4.ip_local_port_range="1024 65535"   # ${number(MOST_PORTS + 1)} ports, good for ${rate(Math.floor(((MOST_PORTS + 1) * 1000) / TIME_WAIT_MS))}`,
          },
        ]
      : []),
  ]
}
