/**
 * The SYN queue under clients that never answer: Little's law over the life of a request. A request lives 63 s with
 * tcp_synack_retries 5 (1 + 2 + … + 32). While the queue is more than half full older ones are given up sooner, but only
 * as far as the queue holds many times what came in the last second (reqsk_timer_handler): it settles at about eight
 * seconds' worth. docs/kernel-facts.md#syn-ack-timer and docs/kernel-facts.md#syn-queue-pruning.
 */

/** How long an unanswered request lives, if nothing hurries it. */
export const lifeMs = (synAckRetries: number): number => 1000 * (2 ** (synAckRetries + 1) - 1)

/** At two retries, the fewest that pruning leaves, the queue must hold 8 × the young ones: 8 seconds of arrivals. */
const PRUNED_SECONDS = 8

export interface SynQueueLoad {
  /** Requests that stand in the queue, on average. */
  length: number
  /** How many fit. */
  room: number
  regime: 'unhurried' | 'half full' | 'pruned' | 'full'
  /** Seconds until it first overflows; infinite if it never does. */
  fullAfterSeconds: number
  /** The share of SYNs, of good clients too, that finds it full once it is. */
  fullShare: number
}

export interface SynQueueSetting {
  backlog: number
  synAckRetries: number
  syncookies: 0 | 1 | 2
  maxSynBacklog: number
}

/**
 * How many half-open requests fit one listener: N + 1, without cookies also three quarters of tcp_max_syn_backlog
 * (docs/kernel-facts.md#last-quarter-of-tcp_max_syn_backlog).
 */
export function roomForRequests({ backlog, syncookies, maxSynBacklog }: SynQueueSetting): number {
  const quarterRule = maxSynBacklog - (maxSynBacklog >> 2) + 1
  return syncookies === 0 ? Math.min(backlog + 1, quarterRule) : backlog + 1
}

/** One listener that gets so many half-open SYNs a second; requests that are answered stand in it too, so many at a time. */
export function synQueueLoad(perSecond: number, setting: SynQueueSetting, answered = 0): SynQueueLoad {
  const room = roomForRequests(setting)
  if (setting.syncookies === 2)
    return { length: 0, room, regime: 'unhurried', fullAfterSeconds: Number.POSITIVE_INFINITY, fullShare: 0 }
  const life = lifeMs(setting.synAckRetries) / 1000
  const half = Math.max(8, setting.backlog) / 2
  const unhurried = perSecond * life + answered
  // Those that are answered are young too, and keep the old ones in.
  const pruned = Math.min(unhurried, PRUNED_SECONDS * (perSecond + answered))
  // Where less than half of the backlog fits, as a small tcp_max_syn_backlog has it, nothing is ever hurried.
  const needed = room <= half ? unhurried : pruned
  const [length, regime] =
    room <= half && unhurried >= room
      ? ([room, 'full'] as const)
      : unhurried <= half
        ? ([unhurried, 'unhurried'] as const)
        : pruned < half
          ? ([half, 'half full'] as const)
          : pruned < room
            ? ([pruned, 'pruned'] as const)
            : ([room, 'full'] as const)
  if (regime !== 'full') return { length, room, regime, fullAfterSeconds: Number.POSITIVE_INFINITY, fullShare: 0 }
  const fullAfterSeconds = Math.max(0, room - answered) / perSecond
  return { length, room, regime, fullAfterSeconds, fullShare: 1 - room / needed }
}
