/** What slow motion says of a moment, and of what is known around it. Pure. */
import { duration, number, plural } from '#common/quantities.ts'
import { type Past, type PastEvent, paceOf } from './past.ts'

/** `−12.34 s`, before the end of what is shown. */
export const momentInWords = (past: Past, atMs: number): string =>
  `−${Math.max(0, (past.toMs - atMs) / 1000).toFixed(2)} s`

/** `14:03:10.160`, by this machine's clock. */
export function clockInWords(wallMs: number): string {
  const time = new Date(wallMs)
  return `${time.toTimeString().slice(0, 8)}.${String(time.getMilliseconds()).padStart(3, '0')}`
}

/** How finely the half minute is known. */
export function resolutionInWords(past: Past, resentMs: readonly number[], synQueueMs: readonly number[]): string {
  const queues = paceOf(past.moments)
  if (queues === undefined) return ''
  const longest =
    queues.longestMs > 2.5 * queues.everyMs ? `, once only after ${duration(Math.round(queues.longestMs))}` : ''
  if (!past.hasSamples)
    return `States every ${every(queues.everyMs)}${longest}; between them nothing is known. No samples are kept here.`
  const others = [['SYN queue', paceOf(synQueueMs)] as const, ['SYNs sent again', paceOf(resentMs)] as const].flatMap(
    ([what, pace]) => (pace === undefined ? [] : [`${what}: every ${every(pace.everyMs)}`]),
  )
  return `Accept queues: a sample every ${every(queues.everyMs)}${longest}; between them nothing is known. ${others.join(', ')}. Rates and bytes are those of the second before.`
}

const every = (ms: number): string => duration(Math.max(1, Math.round(ms)))

/** What the sample at this index found, and what became of it. */
export function sampleInWords(past: Past, index: number, atMs: number): string {
  const ms = past.moments[index]!
  const dropped = past.drops.filter((drop) => drop.atMs === ms)
  const last = past.drops.findLast((drop) => drop.atMs <= atMs)
  if (dropped.length > 0) return `${dropped.map(droppedInWords).join('; ')}.${returnInWords(past, dropped[0]!)}`
  const back = past.returns.findLast((event) => event.atMs <= atMs && atMs - event.atMs < 60)
  if (back !== undefined)
    return `${plural(back.count, 'SYN')} sent again within the ${every(back.atMs - back.sinceMs)} before (TCPSynRetrans of the clients’ namespace).`
  if (last === undefined || atMs - last.atMs > 2000) return 'Nothing is dropped here.'
  return `${droppedInWords(last)}, ${duration(Math.round(atMs - last.atMs))} ago.${returnInWords(past, last)}`
}

const droppedInWords = ({ shard, count, atMs, sinceMs }: PastEvent): string =>
  `Shard ${shard} dropped ${number(count)} within ${duration(Math.max(1, Math.round(atMs - sinceMs)))}`

function returnInWords(past: Past, drop: PastEvent): string {
  const back = past.returnOf(drop)
  return back === undefined
    ? ' Whether they came back is not in this half minute.'
    : ` SYNs were sent again ${duration(Math.round(back.atMs - drop.atMs))} later, at ${momentInWords(past, back.atMs)}.`
}
