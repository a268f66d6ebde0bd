/**
 * Plain words for what is seen: what is happening, why, and what would fix it. One pure function, used wherever a lab or
 * a host is shown. It says the most important thing it is sure of, and nothing when it does not know.
 */
import {
  catchingUp,
  clampedBacklog,
  closeCall,
  everyShardFull,
  filling,
  moreThanFits,
  overflowsForMoments,
  retriesFromBefore,
  someShardsFull,
} from './accept-queue.ts'
import { backendsThatDoNotRead, noSourcePortLeft, peersWithClosedWindows } from './connections.ts'
import type { Evidence } from './evidence.ts'
import { lastAcksIgnored, lastAcksReset } from './final-ack.ts'
import {
  listenerClosed,
  migrated,
  oneProcessTakesAll,
  processDown,
  sentToOneShard,
  somebodyElseListens,
} from './listeners.ts'
import {
  deferredAccept,
  handshakesByHand,
  lastQuarterOfSynBacklog,
  synQueueCookies,
  synQueueDrops,
  synQueueFilling,
} from './syn-queue.ts'

/** One or two sentences, or undefined if there is nothing to say. */
export function explain(view: Evidence): string | undefined {
  for (const situation of situations) {
    const words = situation(view)
    if (words !== undefined) return words
  }
  return undefined
}

/** The most important first. */
const situations: ((view: Evidence) => string | undefined)[] = [
  processDown,
  noSourcePortLeft,
  migrated,
  deferredAccept,
  synQueueDrops,
  synQueueCookies,
  lastQuarterOfSynBacklog,
  lastAcksReset,
  lastAcksIgnored,
  moreThanFits,
  everyShardFull,
  someShardsFull,
  overflowsForMoments,
  clampedBacklog,
  filling,
  handshakesByHand,
  synQueueFilling,
  catchingUp,
  peersWithClosedWindows,
  backendsThatDoNotRead,
  listenerClosed,
  somebodyElseListens,
  sentToOneShard,
  oneProcessTakesAll,
  retriesFromBefore,
  closeCall,
]
