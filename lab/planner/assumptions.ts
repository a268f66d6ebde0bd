/** What every answer takes for granted, in words: said under "how sure". */
import { awakeShare, type Situation, serviceMs, utilisation } from './situation.ts'
import { duration, number, percent } from './words.ts'

export function assumptionsOf(situation: Situation): string[] {
  const { arrivals, client, stall, dealing, mode, backends, kernel } = situation
  const lines: string[] = []
  if (arrivals.shape === 'constant')
    lines.push(
      'Arrivals come evenly. Real clients come in clusters: Poisson arrivals need more room, a burst more still.',
    )
  if (arrivals.shape === 'poisson')
    lines.push(
      'Arrivals are independent of each other (Poisson). Clients that act together (a timer, a reconnect, a retry storm) break this.',
    )
  if (arrivals.shape === 'recorded') lines.push(`Arrivals: ${arrivals.source}. Another day may be worse.`)
  if (serviceMs(situation) === 0)
    lines.push(
      'Accepting is taken to cost nothing. With --accept TIME the queue after a stall, and overload, are seen too.',
    )
  else lines.push(`Load is ${percent(utilisation(situation))} of what the backends can accept.`)
  if (stall !== undefined && awakeShare(situation) === 1)
    lines.push(
      `One stall of ${duration(stall.ms)}, on ${stall.whom === 'one' ? 'one backend' : 'all at once'}; shares are of those who come during it.`,
    )
  if (mode === 'sharded' && backends > 1 && dealing === 'hash')
    lines.push(
      'The kernel deals by hash of address and port: even on average, and a retry meets the same backend. Few client addresses behind one proxy are still many ports.',
    )
  lines.push(
    `Clients wait ${duration(client.timeoutMs)} and send a dropped SYN again after ${client.synLinearTimeouts > 0 ? '1, 2, 3 s' : '1, 3, 7 s'}; round trip ${duration(client.rttMs)}; timers on the grid of ${number(kernel.hz)} Hz.`,
    'No packet is lost on the way, and two CPUs never race for the last place (on several CPUs the queue can hold one or two more than N + 1).',
  )
  return lines
}
