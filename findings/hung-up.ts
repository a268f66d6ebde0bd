/** Connections whose client has hung up while they waited: they keep their places until accept(). */
import { whole } from '#common/quantities.ts'
import { type Evidence, listening, type ShardEvidence } from './evidence.ts'
import type { Finding } from './finding.ts'
import { standsStill } from './stalls.ts'
import { ofThatFit } from './words.ts'

/** Clients that close as soon as they have sent are accepted within moments: a few of them are no news. */
const FEW = 5
const SHARE = 0.1
const worthTelling = (dead: number, waiting: number): boolean => dead >= FEW && dead >= waiting * SHARE

export const deadInTheAcceptQueue: Finding = {
  code: 'dead-in-the-accept-queue',
  from: ['listeners', 'connections'],
  beside: true,
  says(view) {
    const told = listening(view).filter(({ hungUp, length }) => worthTelling(hungUp?.least ?? 0, length))
    const [one] = told
    return told.length === 1 && one !== undefined ? ofOne(one) : ofAll(view)
  },
}

function ofOne(shard: ShardEvidence): string {
  const { least, most } = shard.hungUp ?? { least: 0, most: 0 }
  const dead = least === most ? whole(least) : `at least ${whole(least)}`
  return `In shard ${shard.shard} ${ofThatFit(shard)} wait, ${dead} of them have hung up and keep their places: ${later(least, 1, standsStill(shard))}`
}

function ofAll(view: Evidence): string | undefined {
  const { connections = 0, finished = 0, reset = 0 } = view.portView?.waiting ?? {}
  const dead = finished + (reset ?? 0)
  const open = listening(view)
  // Clients that have sent an RST are in the queues, and not among the connections.
  const waiting = Math.max(connections + (reset ?? 0), 0)
  if (!worthTelling(dead, waiting)) return undefined
  const one = open.length === 1 ? open[0] : undefined
  const wait =
    one !== undefined && one.length >= waiting ? `${ofThatFit(one)} wait` : `${whole(waiting)} connections wait`
  return `${wait}, ${whole(dead)} of them have hung up and keep their places: ${later(dead, open.length, open.some(standsStill))}`
}

/** First in, first out: whoever comes later stands behind them. */
const later = (dead: number, backends: number, still: boolean): string =>
  `${still ? 'when released, the' : 'the'} ${backends === 1 ? 'backend accepts' : 'backends accept'} ${dead === 1 ? 'this corpse' : `${whole(dead)} corpses`} before anybody who came after them. The length of the queue does not show this.`
