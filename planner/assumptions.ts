/** What every answer takes for granted, in words: said under "how sure". */

import { duration, number, percent } from '#common/quantities.ts'
import { GRID_TICKS, retriesAtMs } from './closed/clients.ts'
import { awakeShare, type Situation, serviceMs, utilisation } from './situation.ts'
import { spanMs } from './system-of.ts'

export function assumptionsOf(situation: Situation): string[] {
  const { arrivals, client, stall, steering, mode, backends, kernel, closedLoop } = situation
  const lines: string[] = []
  if (closedLoop !== undefined)
    lines.push(
      'Clients think for an exponential time, each on its own. If they act together (a timer, a restart), more of them wait at once, though never more than there are.',
    )
  else if (arrivals.shape === 'constant')
    lines.push(
      'Arrivals come evenly. Real clients come in clusters: Poisson arrivals need more room, a burst more still.',
    )
  else if (arrivals.shape === 'poisson')
    lines.push(
      'Arrivals are independent of each other (Poisson). Clients that act together (a timer, a reconnect, a retry storm) break this.',
    )
  if (arrivals.shape === 'recorded') lines.push('Arrivals are those of one recording. Another day may be worse.')
  if (serviceMs(situation) === 0)
    lines.push(
      'Accepting is taken to cost nothing. With --accept TIME the queue after a stall, and overload, are seen too.',
    )
  else if (closedLoop === undefined) lines.push(loadInWords(situation))
  if (stall !== undefined && awakeShare(situation) === 1)
    lines.push(
      `One stall of ${duration(stall.ms)}, on ${stall.whom === 'one' ? 'one backend' : 'all at once'}; shares are of those who come during it.`,
    )
  if (mode === 'sharded' && backends > 1 && steering === 'hash')
    lines.push(
      'The kernel chooses a socket by a hash of address and port: even on average, and a retry meets the same backend. Few client addresses behind one proxy are still many ports.',
    )
  lines.push(
    `Clients wait ${duration(client.timeoutMs)} and ${retriesInWords(client)}; round trip ${duration(client.rttMs)}.`,
    client.hosts === 1
      ? `Clients are on one machine: what was dropped within ${duration((GRID_TICKS * 1000) / kernel.hz)} comes back in one tick (${number(kernel.hz)} Hz), and meets each other.`
      : `Clients are on ${number(client.hosts)} machines, which do not retry in step. Behind one proxy they do (--client-hosts 1), and a small queue then drops more.`,
    'No packet is lost on the way, and two CPUs never race for the last place (on several CPUs the queue can hold one or two more than N + 1).',
  )
  return lines
}

function loadInWords(situation: Situation): string {
  if (situation.arrivals.shape === 'recorded') return workInWords(situation, situation.arrivals.atMs)
  const load = utilisation(situation)
  const words = `Load is ${percent(load)} of what the backends can accept${situation.slow === undefined ? '' : ', if none were slow'}`
  return load < 1
    ? `${words}.`
    : `${words}: queues fill whatever their backlog is, and the numbers are those of ${duration(spanMs(situation))}.`
}

/** A recording has an end: its load is the work that it brings, and how long it lasts. */
function workInWords(situation: Situation, atMs: Float64Array): string {
  const { backends } = situation
  const spanMs = (atMs.at(-1) ?? 0) - (atMs[0] ?? 0)
  const workMs = (atMs.length * serviceMs(situation)) / backends / awakeShare(situation)
  const words = `The recording brings ${duration(workMs)} of work${backends > 1 ? ' to each backend on average' : ''} within ${duration(spanMs)}`
  return workMs < spanMs
    ? `${words}: the load is ${percent(workMs / spanMs)} on average.`
    : `${words}: whoever comes last waits for the others.`
}

function retriesInWords(client: Situation['client']): string {
  const [first, ...more] = retriesAtMs(client)
  if (first === undefined) return 'never send a dropped SYN again in that time'
  const times = [first, ...more.slice(0, 2)].map((ms) => number(ms / 1000))
  return `send a dropped SYN again after ${times.join(', ')}${more.length > 2 ? ' … ' : ' '}s`
}
