/** The times in which a queue stood full or dropped, and what can be told of each. */
import { gainedIn, gains, type ListenerRecording, largest, limitAt, type PortRecording, within } from './recorded.ts'

/** Quiet for so long, and it is another one. */
const APART_S = 10
/** Of an interval: it was full from one reading to the next. */
const WHOLLY = 0.95
/** A connections' dump is a second old at most, where the exporter has its time. */
const WAIT_IS_OLD_S = 1.5
/** Each time that it was full lasted for so long: accept() ends such a time. */
const STANDS_S = 1
/** Shares of the time in which nobody was accepted, from which on a queue stood still. */
const STILL = 0.7

export interface Spell {
  shard: ListenerRecording
  /** The readings around it. */
  from: number
  to: number
  /** Whether it lasts until the last reading. */
  lasts: boolean
  /** For how long it was full, and at most without a break. */
  fullSeconds: number
  unbrokenSeconds: number
  drops: number
  limit: number
  /** The longest that was read; undefined where nothing was. */
  length: number | undefined
  oldestWaitSeconds: number | undefined
  /** Of those who were accepted meanwhile, as it was measured; undefined where it was not, or nobody was. */
  measured: MeasuredWait | undefined
  hungUp: number | undefined
  /** Whether nobody was accepted meanwhile; undefined where nobody looked while it was full. */
  stood: boolean | undefined
  /** Of the readings of who accepts, the share in which nobody did; undefined where there are none. */
  nobodyAccepts: number | undefined
  /** Whether the last of them says that nobody did. They are looked at every ten seconds or so: the first may be from before the spell. */
  nobodyAtLast: boolean
  /** Gained by the whole namespace; undefined where it is not known. */
  overflows: number | undefined
  listenDrops: number | undefined
  synQueueFull: number | undefined
  /** Longest time between two readings in it. */
  coarseSeconds: number
}

/** The longest wait of so many who were accepted, within the bounds of a histogram's bucket. */
export interface MeasuredWait {
  accepted: number
  leastSeconds: number
  /** Undefined above the last bound. */
  mostSeconds: number | undefined
}

interface Piece {
  from: number
  to: number
  full: number
  drops: number
}

/** All spells of one socket, in order. */
export function spellsOf(shard: ListenerRecording, port: PortRecording): Spell[] {
  const pieces = piecesOf(shard).filter(({ full, drops }) => full > 0 || drops > 0)
  const groups: Piece[][] = []
  for (const piece of pieces) {
    const last = groups.at(-1)?.at(-1)
    if (last !== undefined && piece.from - last.to <= APART_S) groups.at(-1)!.push(piece)
    else groups.push([piece])
  }
  return groups.map((group) => spellOf(group, shard, port))
}

/** What it gained in all that is kept of it, exactly: nothing is extrapolated to the ends of a range. */
export function totalsOf(shard: ListenerRecording): { drops: number; fullSeconds: number } {
  const pieces = piecesOf(shard)
  return {
    drops: pieces.reduce((sum, { drops }) => sum + drops, 0),
    fullSeconds: pieces.reduce((sum, { full }) => sum + full, 0),
  }
}

/** Between readings: both counters come in the same scrape. */
function piecesOf({ fullSeconds, drops, limits }: ListenerRecording): Piece[] {
  const pieces = new Map<number, Piece>()
  const add = (gain: { from: number; to: number; by: number }, what: 'full' | 'drops'): void => {
    const piece = pieces.get(gain.to) ?? { from: gain.from, to: gain.to, full: 0, drops: 0 }
    piece[what] += gain.by
    pieces.set(gain.to, piece)
  }
  for (const gain of gains(fromZero(fullSeconds, limits))) add(gain, 'full')
  for (const gain of gains(fromZero(drops, limits))) add(gain, 'drops')
  return [...pieces.values()].sort((a, b) => a.to - b.to)
}

/** A series begins with the first client, and its first value is what that one did: the socket was there before, with zero. */
function fromZero(
  readings: ListenerRecording['drops'],
  limits: ListenerRecording['limits'],
): ListenerRecording['drops'] {
  const [first] = readings
  if (first === undefined) return readings
  const before = limits.findLast(({ atSeconds }) => atSeconds < first.atSeconds)
  return before === undefined ? readings : [{ atSeconds: before.atSeconds, value: 0 }, ...readings]
}

function spellOf(pieces: readonly Piece[], shard: ListenerRecording, port: PortRecording): Spell {
  const [from, to] = [pieces[0]!.from, pieces.at(-1)!.to]
  const { counters } = port
  const acceptors = within(shard.acceptors, from, to)
  const last = shard.limits.at(-1)?.atSeconds ?? to
  const full = pieces.filter((piece) => piece.full > 0)
  const [fullFrom, fullTo] = [full[0]?.from ?? from, full.at(-1)?.to ?? to]
  const measured = longestWait(shard, from, to)
  const oldest = largest(within(waitsOf(shard, port), from, to))
  return {
    shard,
    from: fullFrom,
    to: fullTo,
    lasts: fullTo >= last && (shard.length.at(-1)?.value ?? 0) > shard.limit,
    fullSeconds: pieces.reduce((sum, piece) => sum + piece.full, 0),
    unbrokenSeconds: unbroken(pieces),
    drops: pieces.reduce((sum, piece) => sum + piece.drops, 0),
    limit: limitAt(shard, from),
    length: largest([...within(shard.length, from, to), ...within(shard.peak, from, to)]),
    oldestWaitSeconds: measured === undefined ? oldest : Math.max(measured.leastSeconds, oldest ?? 0),
    measured,
    hungUp: largest(within(port.hungUp, from, to)),
    stood: stoodStill(pieces, shard, port),
    nobodyAccepts:
      acceptors.length === 0 ? undefined : acceptors.filter(({ value }) => value === 0).length / acceptors.length,
    nobodyAtLast: acceptors.at(-1)?.value === 0,
    overflows: gainedIn(counters.overflows, from, to),
    listenDrops: gainedIn(counters.listenDrops, from, to),
    synQueueFull: gainedIn(counters.synQueueFull, from, to),
    coarseSeconds: Math.max(...pieces.map((piece) => piece.to - piece.from)),
  }
}

/** How long the first in line has waited: in its own, where that is known. */
const waitsOf = ({ oldestWaitSeconds = [] }: ListenerRecording, port: PortRecording): ListenerRecording['drops'] =>
  oldestWaitSeconds.length > 0 ? oldestWaitSeconds : port.oldestWaitSeconds

/** Whoever was first in a line that stood still is accepted when it goes on: the measured wait is as long as the stall. */
function longestWait({ waits = [], limits }: ListenerRecording, from: number, to: number): MeasuredWait | undefined {
  const buckets = waits
    .toSorted((a, b) => a.upToSeconds - b.upToSeconds)
    .map(({ upToSeconds, count }) => ({ upToSeconds, by: gainedIn(fromZero(count, limits), from, to) ?? 0 }))
  const accepted = buckets.at(-1)?.by ?? 0
  if (accepted === 0 || buckets.at(-1)?.upToSeconds !== Number.POSITIVE_INFINITY) return undefined
  const at = buckets.findIndex(({ by }) => by >= accepted)
  const { upToSeconds } = buckets[at]!
  return {
    accepted,
    leastSeconds: buckets[at - 1]?.upToSeconds ?? 0,
    mostSeconds: Number.isFinite(upToSeconds) ? upToSeconds : undefined,
  }
}

/** The longest that it can have been full without a break: what lies on both sides of a reading may belong together. */
function unbroken(pieces: readonly Piece[]): number {
  let longest = 0
  for (let i = 0; i < pieces.length; i++) {
    let sum = pieces[i]!.full
    let end = i
    while (end + 1 < pieces.length && pieces[end + 1]!.from === pieces[end]!.to) {
      end++
      sum += pieces[end]!.full
      if (!isWhole(pieces[end]!)) break
    }
    longest = Math.max(longest, sum)
  }
  return longest
}

const isWhole = ({ from, to, full }: Piece): boolean => full >= WHOLLY * (to - from)

/**
 * Whether nobody was accepted while it was full. Where it is counted how often it has become full, that tells: whoever is accepted ends
 * one such time. Otherwise whether the first in line stayed the first: it gets older by as long as passes. Where one reading alone fell into it, it had
 * waited for at least as long as the queue was full by then.
 */
function stoodStill(pieces: readonly Piece[], shard: ListenerRecording, port: PortRecording): boolean | undefined {
  const [from, to] = [pieces[0]!.from, pieces.at(-1)!.to]
  const times = gainedIn(fromZero(shard.timesFull ?? [], shard.limits), from, to) ?? 0
  if (times > 0) return pieces.reduce((sum, { full }) => sum + full, 0) / times >= STANDS_S
  const fullAt = new Set(
    within(shard.length, from, to)
      .filter(({ atSeconds, value }) => value > limitAt(shard, atSeconds))
      .map(({ atSeconds }) => atSeconds),
  )
  const waits = waitsOf(shard, port).filter(({ atSeconds }) => fullAt.has(atSeconds))
  let [passed, older] = [0, 0]
  for (const [i, { atSeconds, value }] of waits.entries()) {
    const before = waits[i - 1]
    if (before === undefined) continue
    passed += atSeconds - before.atSeconds
    older += Math.min(atSeconds - before.atSeconds, Math.max(0, value - before.value))
  }
  if (passed > 0) return older >= STILL * passed
  const [only] = waits
  if (only === undefined) return undefined
  const fullSoFar = pieces.reduce((sum, piece) => sum + (piece.to <= only.atSeconds ? piece.full : 0), 0)
  return only.value + WAIT_IS_OLD_S >= fullSoFar
}
