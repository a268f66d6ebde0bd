/** What clients do, as closed forms need it: who is under way, and when a dropped SYN comes again. */
import { MOST_HOSTS, synTimeoutMs } from '../simulator/timers.ts'
import { ratePerSecond, type Situation, socketsOf } from '../situation.ts'

/** The kernel's timers of a second have a grid of so many ticks: who was dropped within one comes back together. */
export const GRID_TICKS = 8

/** How many of those who come to one socket are on their way between their SYN and their final ACK. */
export const underWay = (situation: Situation): number =>
  (ratePerSecond(situation) * situation.client.rttMs) / 1000 / socketsOf(situation).sockets

/** How many SYNs one tick of a client machine's timers sends to a socket again, while all of them are dropped. */
export const bunch = (situation: Situation): number =>
  (ratePerSecond(situation) * GRID_TICKS) /
  situation.kernel.hz /
  socketsOf(situation).sockets /
  Math.min(situation.client.hosts, MOST_HOSTS)

/** How often a client sends its SYN before it gives up. */
export function attemptsOf({ client }: Situation): number {
  return 1 + retriesAtMs(client).length
}

/** When a dropped SYN is sent again, after the first one. */
export function retriesAtMs({ timeoutMs, synRetries, synLinearTimeouts }: Situation['client']): number[] {
  const moments: number[] = []
  let atMs = 0
  for (let retry = 1; ; retry++) {
    atMs += synTimeoutMs(retry, synRetries, synLinearTimeouts) ?? Number.POSITIVE_INFINITY
    if (atMs >= timeoutMs) return moments
    moments.push(atMs)
  }
}
