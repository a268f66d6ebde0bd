/**
 * Every finding, causes before symptoms: what somebody has done or what broke, then queues that spill and why, then what
 * that does to the clients, then what stands as it was set, and last what is left of something that is over.
 */
import {
  acceptQueueOverflows,
  backlogClamped,
  backlogClampedAndSpilling,
  catchingUp,
  closeCall,
  moreThanFits,
  overflowsForMoments,
  retriesFromBefore,
} from './accept-queue.ts'
import { acceptedAndNeverRead, backendsThatDoNotRead, noSourcePortLeft, peersWithClosedWindows } from './connections.ts'
import { lastAcksIgnored, lastAcksReset } from './final-ack.ts'
import type { Finding } from './finding.ts'
import { deadInTheAcceptQueue } from './hung-up.ts'
import {
  listenerClosed,
  migrated,
  nobodyListens,
  oneProcessTakesAll,
  processDown,
  sentToOneShard,
  somebodyElseListens,
} from './listeners.ts'
import { othersTooOld, queuesTooOld } from './readings.ts'
import { allShardsStalled, oneShardStalled } from './stalls.ts'
import {
  alwaysCookies,
  cookiesHideOverflow,
  deferredAccept,
  handshakesByHand,
  lastQuarterOfSynBacklog,
  synQueueDrops,
  synQueueFilling,
  synQueueLeftOver,
} from './syn-queue.ts'

export const catalogue: readonly Finding[] = [
  queuesTooOld,
  nobodyListens,
  processDown,
  migrated,
  noSourcePortLeft,
  allShardsStalled,
  oneShardStalled,
  backlogClampedAndSpilling,
  moreThanFits,
  acceptQueueOverflows,
  deadInTheAcceptQueue,
  lastAcksReset,
  lastAcksIgnored,
  deferredAccept,
  synQueueDrops,
  alwaysCookies,
  cookiesHideOverflow,
  lastQuarterOfSynBacklog,
  acceptedAndNeverRead,
  catchingUp,
  overflowsForMoments,
  peersWithClosedWindows,
  backendsThatDoNotRead,
  handshakesByHand,
  synQueueFilling,
  listenerClosed,
  somebodyElseListens,
  sentToOneShard,
  backlogClamped,
  oneProcessTakesAll,
  synQueueLeftOver,
  retriesFromBefore,
  closeCall,
  othersTooOld,
]
