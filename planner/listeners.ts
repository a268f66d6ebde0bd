/** Which listeners are too small, by what an exporter has seen of them. Pure. */

import { duration, number, percent, rate } from '#common/quantities.ts'
import { type Answer, answerOf, type Setting } from './answer.ts'

/** One listener over a range of time, from the exporter's metrics. */
export interface ListenerHistory {
  netns: string
  address: string
  port: string
  shard: string
  process: string | undefined
  limit: number
  /** Highest length sampled; undefined where none is known. */
  peak: number | undefined
  /** sk_drops gained, and the most of them within two minutes. */
  drops: number
  worstDrops: number
  /** How long it stood full. */
  fullSeconds: number
  /** ListenOverflows gained by its whole namespace; undefined where it is not known. */
  overflows: number | undefined
  /** Connections accepted a second by its whole namespace, at most. */
  peakRate: number | undefined
  /** For how much of the range it was scraped, about; undefined where it is not known. */
  seenSeconds?: number | undefined
}

type ListenerVerdict = 'too small' | 'overloaded' | 'tight' | 'drops of another kind' | 'not known' | 'enough'

export interface ListenerAdvice {
  listener: ListenerHistory
  verdict: ListenerVerdict
  /** Undefined where another backlog is not the answer. */
  backlog: number | undefined
  /** By how much it is too small, at least and at most. */
  missing: { low: number; high: number } | undefined
  why: string
}

/** Above this share of the time, a full queue is no burst: the process does not keep up. */
const CHRONIC = 0.1
const TIGHT = 0.7
/** Who is dropped tries again after 1, 2, 3, 4, 5, 7, 11, 19, 35, 67 s: each may be counted eleven times in two minutes. */
const MOST_TRIES = 11

export function adviceFor(listener: ListenerHistory, rangeMs: number): ListenerAdvice {
  const { limit, drops, worstDrops, fullSeconds, overflows } = listener
  if (listener.peak === undefined && drops === 0)
    return {
      listener,
      verdict: 'not known',
      backlog: undefined,
      missing: undefined,
      why: 'There are no samples of its queue in this time. Is its exporter up, and does the Prometheus keep tcp_listener_accept_queue_peak?',
    }
  const peak = listener.peak ?? 0
  const wasFull = peak > limit || fullSeconds > 0
  if (drops > 0 && !wasFull)
    return {
      listener,
      verdict: 'drops of another kind',
      backlog: undefined,
      missing: undefined,
      why: `${number(drops)} drops are held against it although its queue never stood full in any sample (${number(peak)} of ${number(limit + 1)})${overflows === 0 ? ' and its namespace counts no overflow' : ''}: retransmitted SYNs, resets of half-open requests, or bursts between two samples. Compare ListenOverflows and TCPReqQFullDrop.`,
    }
  if (drops > 0 && fullSeconds * 1000 > CHRONIC * rangeMs)
    return {
      listener,
      verdict: 'overloaded',
      backlog: undefined,
      missing: undefined,
      why: `It stood full for ${duration(fullSeconds * 1000)}, ${percent((fullSeconds * 1000) / rangeMs)} of the time: the process does not accept fast enough, and no backlog mends that. More backends, or cheaper accepts.`,
    }
  if (drops > 0) {
    const missing = { low: Math.max(1, Math.ceil(worstDrops / MOST_TRIES)), high: Math.max(1, Math.ceil(worstDrops)) }
    return {
      listener,
      verdict: 'too small',
      missing,
      backlog: limit + missing.high,
      why: `It stood full (${number(peak)} of ${number(limit + 1)}) for ${duration(fullSeconds * 1000)} and dropped ${number(drops)} SYNs, ${number(worstDrops)} of them within two minutes. Each client dropped is counted once for each try, so between ${number(missing.low)} and ${number(missing.high)} places were missing.`,
    }
  }
  if (peak > TIGHT * (limit + 1))
    return {
      listener,
      verdict: 'tight',
      missing: undefined,
      backlog: Math.max(2 * peak, limit),
      why: `Nothing was dropped, but ${number(peak)} of ${number(limit + 1)} places were taken: a burst half as large again spills. Twice the peak is a usual margin.`,
    }
  return {
    listener,
    verdict: 'enough',
    backlog: undefined,
    missing: undefined,
    why: `At most ${number(peak)} of ${number(limit + 1)} places were taken, and nothing was dropped.`,
  }
}

const nameOf = ({ address, port, shard, netns, process }: ListenerHistory): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port} shard ${shard}${process === undefined || process === '' ? '' : ` (${process})`} in ${netns}`

/** The setting in the words of the process that listens, where they are known. */
function settingFor(listener: ListenerHistory, backlog: number): Setting {
  const { address, port, process, limit } = listener
  const host = address.includes(':') ? `[${address}]` : address
  const which = `${nameOf(listener)}, is ${limit}`
  switch (process) {
    case 'node':
      return { where: 'Node', text: `server.listen({ port, host, backlog: ${backlog} })   // ${which}` }
    case 'nginx':
      return { where: 'nginx', text: `listen ${host}:${port} backlog=${backlog};   # ${which}` }
    default:
      return { where: 'server', text: `listen(fd, ${backlog})   # ${which}` }
  }
}

const order: ListenerVerdict[] = ['too small', 'overloaded', 'tight', 'drops of another kind', 'not known', 'enough']

/** The same for all of them, the worst first. */
export function listenersAnswer(histories: readonly ListenerHistory[], rangeMs: number): Answer {
  const advice = histories
    .map((history) => adviceFor(history, rangeMs))
    .sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
  const wanting = advice.filter(({ verdict }) => verdict !== 'enough')
  const small = advice.filter(({ verdict }) => verdict === 'too small')
  const known = advice.filter(({ verdict }) => verdict !== 'not known').length
  const settings = small.map(({ listener, backlog = 0 }) => settingFor(listener, backlog))
  const largest = Math.max(0, ...small.map(({ backlog }) => backlog ?? 0))
  if (largest > 0)
    settings.unshift({
      where: 'sysctl',
      text: `# first: net.core.somaxconn must be ${largest} or more in the namespace of the listener; sysctl net.core.somaxconn says what it is`,
    })
  return answerOf({
    question: 'Which listeners are too small?',
    answer: [
      known === 0
        ? `Nothing is known of ${histories.length === 1 ? 'this listener' : `these ${number(histories.length)} listeners`} in the last ${duration(rangeMs)}.`
        : small.length === 0
          ? `None of ${number(known)} in the last ${duration(rangeMs)}.`
          : `${number(small.length)} of ${number(known)} in the last ${duration(rangeMs)}: ${small.map(({ listener, missing }) => `${nameOf(listener)} by ${number(missing!.low)} to ${number(missing!.high)} places`).join('; ')}.`,
      ...wanting
        .filter(({ verdict }) => verdict !== 'too small')
        .map(({ listener, verdict }) => `${nameOf(listener)}: ${verdict}.`),
    ],
    settings,
    table: {
      columns: ['listener', 'limit', 'peak', 'drops', 'full for', 'peak rate of its namespace', 'verdict', 'backlog'],
      rows: advice.map(({ listener, verdict, backlog }) => [
        nameOf(listener),
        number(listener.limit),
        listener.peak === undefined ? '–' : number(listener.peak),
        number(listener.drops),
        duration(listener.fullSeconds * 1000),
        listener.peakRate === undefined ? '–' : rate(listener.peakRate),
        verdict,
        backlog === undefined ? '–' : number(backlog),
      ]),
    },
    why: wanting.map(({ listener, why }) => `${nameOf(listener)}: ${why}`),
    howSure: [
      ...gapsInWords(histories, rangeMs),
      'Peaks are of samples (every 10 ms unless the exporter was told otherwise): what came and went in between shows in the drops only.',
      'What was dropped cannot say how long the queue would have become: the upper bound takes every drop for a client of its own, the lower one for the same few trying again.',
      'With tcp_syncookies=1 an overflowing SYN queue moves none of these numbers: see node_netstat_TcpExt_TCPReqQFullDoCookies.',
    ],
    data: { advice },
  })
}

/** Less than this share of the range is a gap, not a scrape that came late. */
const NEARLY_ALL = 0.95

function gapsInWords(histories: readonly ListenerHistory[], rangeMs: number): string[] {
  const gaps = histories.filter(({ seenSeconds = Infinity }) => seenSeconds * 1000 < NEARLY_ALL * rangeMs)
  if (gaps.length === 0) return []
  const least = Math.min(...gaps.map(({ seenSeconds = 0 }) => seenSeconds))
  return [
    `${gaps.length === histories.length ? 'None' : `${number(gaps.length)} of them`} ${gaps.length === histories.length ? 'of them was' : 'were not'} scraped for all of the ${duration(rangeMs)}, one for some ${duration(least * 1000)} only: they may be new, or the exporter was away. What happened meanwhile is not in these numbers.`,
  ]
}
