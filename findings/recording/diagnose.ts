/** What was wrong with the sockets of a port, by what was kept of them: judged in the spells in which they were full or dropped. */
import { duration, number, percent, plural, whole } from '#common/quantities.ts'
import { remedyFor } from '../cures.ts'
import type { HostFound, Mend } from '../host/finding.ts'
import { backlogOf, poolOf, somaxconnFor } from '../host/mend.ts'
import { type Between, inTwoDigits, missingOf } from './missing.ts'
import { type ListenerRecording, largest, limitAt, type PortRecording, within } from './recorded.ts'
import { type MeasuredWait, type Spell, spellsOf } from './spells.ts'
import { timesInWords, whenInWords } from './when.ts'

export interface Diagnosis extends HostFound {
  /** Whether a larger backlog is the cure; undefined where nobody can tell, or nothing has to be cured. */
  backlogCures: boolean | undefined
  /** For how long it stood full, at least and at most; undefined where it never did. */
  stallSeconds: Between | undefined
  /** The backlog that would have held everybody. */
  carries: Between | undefined
  /** How many spells of this kind there were. */
  times: number
}

/** A pause as a collection of garbage takes it, or a burst: who waits for so long is served before a dropped client comes back. */
const SHORT_S = 2
/** Of a spell: full in bursts, with pauses in between in which all are served. */
const IN_BURSTS = 0.25
/** Of the places, that a sibling may have taken without being in the same trouble. */
const CALM = 0.5
/** Of the time of a spell, for which a sibling may have been full too: a burst that it took and served. */
const MOMENT = 0.1
/** Of the readings. */
const MOSTLY = 0.5
/** Of the readings of a sibling, that have to be calm. */
const NEARLY_ALL = 0.9
/** Nothing was dropped, and one more burst like it spills. */
const TIGHT = 0.7
const FEW = 4

type Kind = 'short' | 'unseen' | 'stood' | 'moved' | 'not told' | 'otherwise'

/** Everything that was wrong at this port, worst first; nothing where all was well. */
export function diagnose(port: PortRecording): Diagnosis[] {
  const spells = port.shards.flatMap((shard) => spellsOf(shard, port))
  const kinds = Map.groupBy(spells, (spell) => `${codeOf(spell, spells, port)} ${kindOf(spell, port)}`)
  const found = [...kinds.values()].map((all) => inWords(worst(all), all, spells, port))
  const quiet = port.shards.filter((shard) => !spells.some((spell) => spell.shard === shard))
  return [...found.toSorted((a, b) => rank(a) - rank(b)), ...quiet.flatMap((shard) => tight(shard, port))]
}

const rank = ({ severity }: HostFound): number => ['critical', 'warning', 'note'].indexOf(severity)

const worst = (spells: readonly Spell[]): Spell =>
  spells.toSorted((a, b) => Number(b.lasts) - Number(a.lasts) || b.drops - a.drops || b.fullSeconds - a.fullSeconds)[0]!

/** What kind of trouble it was, whoever else had it. */
function kindOf(spell: Spell, port: PortRecording): Kind {
  const { fullSeconds, unbrokenSeconds, oldestWaitSeconds, from, to, overflows, limit, length = 0, stood } = spell
  if (fullSeconds === 0 && length <= limit)
    return overflows !== undefined && overflows > 0 && only(spell, port) ? 'unseen' : 'otherwise'
  const waited = oldestWaitSeconds ?? 0
  if (waited <= SHORT_S && (unbrokenSeconds <= SHORT_S || fullSeconds <= IN_BURSTS * (to - from))) return 'short'
  return stood === undefined ? 'not told' : stood ? 'stood' : 'moved'
}

/** Whether the overflows of the namespace can only be this socket's. */
const only = ({ shard, drops, overflows = 0 }: Spell, { alone, shards }: PortRecording): boolean =>
  alone && shards.every((other) => other === shard || (other.drops.at(-1)?.value ?? 0) === 0) && drops >= overflows

function codeOf(spell: Spell, spells: readonly Spell[], port: PortRecording): string {
  const { server } = spell.shard
  const kind = kindOf(spell, port)
  switch (kind) {
    case 'otherwise':
      return (spell.synQueueFull ?? 0) > 0 && (spell.listenDrops ?? 0) > (spell.overflows ?? 0)
        ? 'syn-queue-overflows'
        : 'syns-dropped-otherwise'
    case 'short':
    case 'unseen':
      return 'backlog-small'
  }
  if (calmSiblings(spell, spells, port).length > 0) return kind === 'moved' ? 'shards-uneven' : 'one-shard-stalled'
  if (server?.pool?.fills === 'requests') return 'workers-exhausted'
  if (kind === 'moved') return (spell.nobodyAccepts ?? 0) >= MOSTLY ? 'workers-exhausted' : 'accept-queue-overflows'
  if (spell.lasts && spell.nobodyAtLast)
    return server?.pool?.fills === 'connections' ? 'workers-exhausted' : 'nobody-accepts'
  return 'all-shards-stalled'
}

/** Those of the same port that were well meanwhile. */
function calmSiblings(
  { shard, from, to, fullSeconds }: Spell,
  spells: readonly Spell[],
  { shards }: PortRecording,
): ListenerRecording[] {
  return shards.filter((other) => {
    if (other === shard) return false
    const meanwhile = spells.filter((spell) => spell.shard === other && spell.from < to && spell.to > from)
    if (meanwhile.reduce((sum, spell) => sum + spell.fullSeconds, 0) > MOMENT * fullSeconds) return false
    const lengths = within(other.length, from, to)
    const calm = lengths.filter(({ value }) => value <= CALM * (limitAt(other, from) + 1))
    return lengths.length > 0 && calm.length >= NEARLY_ALL * lengths.length
  })
}

function inWords(spell: Spell, all: readonly Spell[], spells: readonly Spell[], port: PortRecording): Diagnosis {
  const { shard, limit, drops, fullSeconds, unbrokenSeconds, oldestWaitSeconds } = spell
  const kind = kindOf(spell, port)
  const code = codeOf(spell, spells, port)
  const short = kind === 'short' || kind === 'unseen'
  const stall = stallOf(spell, kind)
  // Any queue fills that gets more than is accepted.
  const carries = kind === 'otherwise' || kind === 'moved' || drops === 0 ? undefined : carriedBy(spell)
  const backlogCures = kind === 'otherwise' ? false : short ? true : kind === 'not told' ? undefined : false
  const meanwhile = calmSiblings(spell, spells, port)
  const wanted = carries?.high ?? limit + 1
  const sentences = [
    `${seenOf(spell, kind, code, port, meanwhile.length)}${droppedWords(spell, kind)}.`,
    cureWords(spell, kind, code, carries, stall),
    ...(all.length > 1 ? [timesInWords(all, spell)] : []),
    ...deadWords(spell),
  ]
  return {
    code,
    severity: kind === 'otherwise' && code !== 'syn-queue-overflows' ? 'note' : spell.lasts ? 'critical' : 'warning',
    sure:
      kind === 'not told' || kind === 'unseen' || kind === 'otherwise'
        ? 'possible'
        : kind === 'short'
          ? 'certain'
          : 'likely',
    about: placeOf(shard, port),
    who: shard.who,
    words: sentences.filter((sentence) => sentence !== '').join(' '),
    evidence: {
      limit,
      ...(spell.length === undefined ? {} : { length: spell.length }),
      drops,
      full_seconds: fullSeconds,
      full_without_a_break_seconds: Math.min(unbrokenSeconds, fullSeconds),
      ...(oldestWaitSeconds === undefined ? {} : { oldest_wait_seconds: oldestWaitSeconds }),
      ...measuredEvidence(spell),
      ...(spell.stood === undefined ? {} : { stood_still: spell.stood ? 'yes' : 'no' }),
      from: new Date(spell.from * 1000).toISOString(),
      to: new Date(spell.to * 1000).toISOString(),
    },
    mends: mendsOf(shard, port, code, short ? wanted : undefined),
    backlogCures,
    stallSeconds: kind === 'otherwise' ? undefined : stall,
    carries,
    times: all.length,
  }
}

const placeOf = (
  { netns, own, host, address, port, path, shard }: ListenerRecording,
  { shards }: PortRecording,
): HostFound['about'] & { shards: number } => ({
  netns,
  own,
  ...(host === undefined ? {} : { host }),
  ...(address === undefined ? {} : { address }),
  ...(port === undefined ? {} : { port }),
  ...(path === undefined ? {} : { path }),
  shard,
  shards: shards.length,
})

/** A queue that stands still fills first: the first in line waited for longer than it was full. */
function stallOf(
  { fullSeconds, unbrokenSeconds, coarseSeconds, oldestWaitSeconds = 0, measured, lasts }: Spell,
  kind: Kind,
): Between {
  const unbroken = Math.min(unbrokenSeconds, fullSeconds)
  if (kind !== 'stood') return { low: 0, high: unbroken }
  const low = Math.max(Math.min(unbroken, fullSeconds), oldestWaitSeconds)
  // Whoever was accepted at its end tells how long it was; otherwise it went on until the next reading at most.
  if (!lasts && measured?.mostSeconds !== undefined && measured.mostSeconds >= low)
    return { low, high: Math.min(measured.mostSeconds, low + coarseSeconds) }
  return { low, high: low + coarseSeconds }
}

/** Its places, and those who found none. */
function carriedBy({ limit, drops, fullSeconds }: Spell): Between {
  const missing = missingOf({ drops, seconds: fullSeconds })
  return inTwoDigits({ low: limit + missing.low, high: limit + missing.high })
}

const nameOf = ({ who }: ListenerRecording): string => who ?? 'its process'

/** What was seen, as one sentence without its end. */
function seenOf(spell: Spell, kind: Kind, code: string, { shards }: PortRecording, calm: number): string {
  const { shard, limit, length, oldestWaitSeconds, unbrokenSeconds, fullSeconds, lasts } = spell
  const name = nameOf(shard)
  const which = shards.length === 1 ? '' : `, shard ${shard.shard} of ${shards.length}`
  const begin = `${whenInWords(spell)}${which}:`
  const first =
    spell.measured !== undefined && !lasts
      ? `, the longest for ${measuredInWords(spell.measured)} (exact, measured at accept())`
      : oldestWaitSeconds === undefined || oldestWaitSeconds === 0
        ? ''
        : `, the first for ${seconds(oldestWaitSeconds)}`
  const wait = `${whole(Math.max(length ?? 0, limit + 1))} of ${whole(limit + 1)} wait${lasts ? '' : 'ed'}${first}`
  const still = `for ${seconds(stallOf(spell, kind).low)} or more`
  const others = calm === shards.length - 1 ? 'the others' : `${calm} of the others`
  switch (kind) {
    case 'short':
      return `${begin} ${wait}; full for ${seconds(fullSeconds)}${spell.coarseSeconds < spell.to - spell.from ? ' in all' : ''}, by a burst or a pause of ${name}`
    case 'unseen':
      return `${begin} ${packets(spell)} of clients that connect ${spell.drops === 1 ? 'was' : 'were'} dropped because the queue was full (ListenOverflows), for less than the time between two samples of its length`
    case 'stood':
      if (calm > 0) return `${begin} ${wait}. It stood still ${still} while ${others} accepted`
      return code === 'workers-exhausted'
        ? `${begin} ${wait}. All workers of ${name} were busy or stood still ${still}`
        : `${begin} ${wait}. ${shards.length > 1 ? 'All shards stood still' : `${name} accepted nobody`} ${still}`
    case 'moved':
      return `${begin} ${wait}. It was full for ${seconds(fullSeconds)}, though ${name} kept accepting${code === 'workers-exhausted' ? ': all its workers were busy' : ''}${calm > 0 ? `, while ${others} had room` : ''}`
    case 'not told':
      return `${begin} ${wait}. It was full for up to ${seconds(unbrokenSeconds)} without a break, and no reading fell into it that tells whether anybody was accepted${calm > 0 ? `; ${others} had room` : ''}`
    case 'otherwise':
      return `${begin} ${packets(spell)} ${spell.drops === 1 ? 'was' : 'were'} counted as dropped, and its queue was full in no sample (${length === undefined ? 'no length was read' : `${whole(length)} of ${whole(limit + 1)} at most`})`
  }
}

function measuredInWords({ leastSeconds, mostSeconds }: MeasuredWait): string {
  if (mostSeconds === undefined) return `more than ${seconds(leastSeconds)}`
  return leastSeconds === 0 ? `${seconds(mostSeconds)} at most` : `${seconds(leastSeconds)} to ${seconds(mostSeconds)}`
}

const measuredEvidence = ({ measured }: Spell): Record<string, number> =>
  measured === undefined
    ? {}
    : {
        accepted: measured.accepted,
        longest_accepted_wait_seconds_at_least: measured.leastSeconds,
        ...(measured.mostSeconds !== undefined && { longest_accepted_wait_seconds_at_most: measured.mostSeconds }),
      }

/** In no more digits than readings tell. */
const seconds = (value: number): string =>
  duration(1000 * (value < 10 ? Number(value.toPrecision(2)) : Math.round(value)))

const packets = ({ drops }: Pick<Spell, 'drops'>): string => plural(Math.round(drops), 'packet')

function droppedWords({ drops, lasts }: Spell, kind: Kind): string {
  if (kind === 'otherwise' || kind === 'unseen') return ''
  if (drops === 0) return ', and nobody was dropped'
  return `, and ${packets({ drops })} ${drops === 1 ? 'was' : 'were'} dropped${lasts ? ' so far' : ''} (each try of a client counts)`
}

function cureWords(spell: Spell, kind: Kind, code: string, carries: Between | undefined, stall: Between): string {
  const { shard, limit, lasts } = spell
  const remedy = remedyFor(code, nameOf(shard), lasts)
  const range = carries === undefined ? undefined : between(carries)
  const wouldWait = `let clients wait up to ${seconds(stall.high)} instead`
  const held = range === undefined ? 'a larger one would have' : `${range} would have held everybody, and`
  switch (kind) {
    case 'short':
    case 'unseen':
      return range === undefined
        ? `The backlog of ${whole(limit)} was just enough: nobody was dropped, and a little more would have spilled.`
        : `A larger backlog is the cure: ${range} would have held everybody.`
    case 'stood':
      return `No backlog is the cure: ${held} ${wouldWait}. ${remedy}`
    case 'moved':
      return code === 'workers-exhausted'
        ? `No backlog is the cure: it fills too, and then all wait for longer. ${remedy}`
        : `No backlog is the cure: more came than were accepted, so that any queue fills. ${remedy}`
    case 'not told':
      return `If ${nameOf(shard)} stood still once, ${range === undefined ? 'a larger backlog' : `a backlog of ${range}`} would have ${wouldWait}; if it kept accepting and more came than that, no backlog is the cure. Readings at shorter intervals tell.`
    case 'otherwise':
      return otherwiseWords(spell, code)
  }
}

function otherwiseWords({ overflows, listenDrops, synQueueFull }: Spell, code: string): string {
  if (code === 'syn-queue-overflows')
    return `Its SYN queue was full and SYN cookies are off (TCPReqQFullDrop ${whole(synQueueFull ?? 0)}): turn them on before you enlarge anything.`
  const others = (listenDrops ?? 0) - (overflows ?? 0)
  if ((overflows ?? 0) > 0)
    return 'Its network namespace counts overflows, perhaps of another listener, or of bursts between two samples: which, these numbers do not tell.'
  if (listenDrops === undefined)
    return 'Its network namespace’s counters are not kept: whether clients were turned away is not known.'
  return others > 0
    ? `Its network namespace dropped ${whole(others)} SYNs for another reason than a full queue: no way back to the client, no memory, or a security module. No backlog is the cure.`
    : 'No SYN was turned away (ListenDrops stood still): these are SYNs that came twice, resets of half-open requests, or final ACKs that TCP_DEFER_ACCEPT ignores. Nothing has to be mended.'
}

export const between = ({ low, high }: Between): string =>
  low === high ? `about ${whole(low)}` : `between ${whole(low)} and ${whole(high)}`

function deadWords({ hungUp, length, limit }: Spell): string[] {
  const most = Math.max(length ?? 0, limit + 1)
  if (hungUp === undefined || hungUp < FEW) return []
  return [
    `Up to ${number(hungUp)} of those who waited (${percent(Math.min(1, Number((hungUp / most).toPrecision(1))))}) had hung up: they keep their place, and are served for nothing.`,
  ]
}

function mendsOf(
  shard: ListenerRecording,
  { somaxconn }: PortRecording,
  code: string,
  backlog: number | undefined,
): Mend[] {
  if (code === 'workers-exhausted' || code === 'accept-queue-overflows') return poolOf(shard)
  if (code !== 'backlog-small' || backlog === undefined) return []
  return [...somaxconnFor(shard, backlog, somaxconn), ...backlogOf(shard, backlog)]
}

/** One that never spilled, and nearly did. */
function tight(shard: ListenerRecording, port: PortRecording): Diagnosis[] {
  const peak = largest([...shard.peak, ...shard.length])
  if (peak === undefined || peak <= TIGHT * (shard.limit + 1) || peak > shard.limit + 1) return []
  const backlog = 2 * peak
  return [
    {
      code: 'accept-queue-fills',
      severity: 'note',
      sure: 'certain',
      about: placeOf(shard, port),
      who: shard.who,
      words: `${port.shards.length === 1 ? '' : `Shard ${shard.shard} of ${port.shards.length}: `}nobody was dropped, but ${whole(peak)} of ${whole(shard.limit + 1)} places were taken: a burst half as large again spills. Twice the peak is a usual margin.`,
      evidence: { peak, limit: shard.limit },
      mends: [...somaxconnFor(shard, backlog, port.somaxconn), ...backlogOf(shard, backlog)],
      backlogCures: undefined,
      stallSeconds: undefined,
      carries: undefined,
      times: 0,
    },
  ]
}
