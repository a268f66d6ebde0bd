/** `plan --from`: what was wrong with the listeners that a Prometheus knows, and whether a larger backlog mends it. */
import { UsageError } from '#common/errors.ts'
import { duration, number, plural, rate, whole } from '#common/quantities.ts'
import { between, type Diagnosis, diagnose } from '#findings/recording/diagnose.ts'
import { gains, type ListenerRecording, type PortRecording } from '#findings/recording/recorded.ts'
import { totalsOf } from '#findings/recording/spells.ts'
import { type ListenerOverview, type Recordings, recordingsOf } from '#live/host/recordings.ts'
import { type Answer, answerOf, type Setting } from '#planner/answer.ts'
import { Prometheus } from '#planner/inputs/prometheus.ts'
import type { PlanCommand } from './command.ts'
import { credentialsFrom } from './credentials.ts'

const HOUR_MS = 3_600_000

/** Throws a UsageError where other options are given with it, or the Prometheus knows no listeners. */
export async function answerFromPrometheus(
  { said, question, names, confirm }: PlanCommand,
  address: string,
): Promise<Answer> {
  const other = Object.keys(said).find((name) => name !== 'range' && name !== 'auth-file')
  if (other !== undefined || question !== undefined)
    throw new UsageError(
      `--from reads what was recorded from a Prometheus: ${other === undefined ? `'${question}'` : names[other as keyof typeof names]} cannot be combined with it`,
      'Only --range and --auth-file can',
    )
  if (confirm) throw new UsageError('--confirm needs a load that a lab can play', 'Give --rate, or --arrivals')
  const rangeMs = said.range ?? HOUR_MS
  const prometheus = new Prometheus(address, credentialsFrom(said['auth-file']))
  const recordings = await recordingsOf(prometheus, rangeMs)
  if (recordings.listeners.length === 0)
    throw new UsageError(
      `The Prometheus at ${prometheus} has no tcp_listener_accept_queue_limit: it does not scrape a Spillway exporter, or none has been up within --range`,
      'Make it scrape spillway exporter: see docs/metrics.md',
    )
  return recordingsAnswer(recordings, rangeMs)
}

/** The answer to what was recorded. */
export function recordingsAnswer({ listeners: overview, ports, leftOut }: Recordings, rangeMs: number): Answer {
  const exact = new Map(ports.flatMap(({ shards }) => shards.map((shard) => [recordingKey(shard), totalsOf(shard)])))
  const listeners = overview.map((one): ListenerOverview => ({ ...one, ...exact.get(keyOf(one)) }))
  const found = ports.flatMap((port) => diagnose(port).map((diagnosis) => ({ diagnosis, port })))
  const order = ['critical', 'warning', 'note']
  found.sort((a, b) => order.indexOf(a.diagnosis.severity) - order.indexOf(b.diagnosis.severity))
  const said = new Map<string, Diagnosis>()
  for (const { diagnosis } of found) {
    const key = placeKey(diagnosis)
    if (!said.has(key)) said.set(key, diagnosis)
  }
  const unknown = listeners.filter((one) => one.peak === undefined && one.drops === undefined)
  return answerOf({
    question: 'What was wrong with these listeners, and is a larger backlog the cure?',
    answer: [
      headline(
        found.map(({ diagnosis }) => diagnosis),
        listeners.length,
        unknown.length,
        rangeMs,
      ),
      ...found.map(({ diagnosis }) => `${placeInWords(diagnosis)}: ${diagnosis.words}`),
    ],
    settings: settingsOf(found.map(({ diagnosis }) => diagnosis)),
    table: {
      columns: [
        'listener',
        'limit',
        'peak',
        'drops',
        'full for',
        'finding',
        'backlog the cure?',
        'would have held all',
      ],
      rows: listeners
        .toSorted((a, b) => Number(said.has(keyOf(b))) - Number(said.has(keyOf(a))) || (b.drops ?? 0) - (a.drops ?? 0))
        .map((one) => row(one, said.get(keyOf(one)))),
    },
    why: [
      ...new Set(found.filter(({ diagnosis }) => diagnosis.times > 0).map(({ port }) => busiestInWords(port))),
    ].filter((words) => words !== ''),
    howSure: [
      ...gapsInWords(listeners, rangeMs),
      ...(unknown.length === 0 || unknown.length === listeners.length
        ? []
        : [`${plural(unknown.length, 'listener')} had no client in this time, or none that was sampled.`]),
      ...(leftOut > 0
        ? [
            `${plural(leftOut, 'more port')} dropped less than these, and ${leftOut === 1 ? 'was' : 'were'} not looked into.`,
          ]
        : []),
      ...(found.some(({ diagnosis }) => diagnosis.carries !== undefined)
        ? [
            'How many places were short follows from the drops: at most each was a client of its own, at least the same few tried again at 1, 2, 3, 4, 5, 7, … s, with a final ACK that counts two.',
          ]
        : []),
      ...waitsInWords(ports),
      'Times are those of the scrapes around it; for how long a queue stood full is counted by the exporter at each of its samples, however seldom it is scraped.',
      'With tcp_syncookies=1 an overflowing SYN queue moves none of these numbers: see node_netstat_TcpExt_TCPReqQFullDoCookies.',
    ],
    data: { findings: found.map(({ diagnosis }) => diagnosis), listeners },
  })
}

/** Whose waits are known to the clock, and whose by what a scrape happened to see. */
function waitsInWords(ports: readonly PortRecording[]): string[] {
  const shards = ports.flatMap((port) => port.shards)
  const measured = shards.filter(({ waits = [] }) => waits.length > 0).length
  if (measured === 0) return []
  const others = shards.length - measured
  return [
    `Waits of ${measured === shards.length ? 'these listeners' : plural(measured, 'listener')} are exact: each was measured at accept() (tcp_listener_accept_wait_seconds, of an exporter with --exact)${others === 0 ? '' : `; those of ${plural(others, 'other')} are sampled, by how old the first in line was at a scrape`}.`,
  ]
}

function headline(found: readonly Diagnosis[], listeners: number, unknown: number, rangeMs: number): string {
  const last = `in the last ${duration(rangeMs)}`
  if (unknown === listeners)
    return `Nothing is known of ${listeners === 1 ? 'this listener' : `these ${number(listeners)} listeners`} ${last}: no client was seen, or no sample was kept.`
  const wrong = found.filter(({ severity }) => severity !== 'note')
  if (wrong.length === 0)
    return `Nothing was wrong with ${listeners === 1 ? 'this listener' : `any of the ${number(listeners)} listeners`} ${last}: nobody was turned away by a full queue.`
  const cured = wrong.filter(({ backlogCures }) => backlogCures === true).length
  const open = wrong.filter(({ backlogCures }) => backlogCures === undefined).length
  const all = `${plural(wrong.length, 'finding')} ${last}`
  if (cured === wrong.length) return `${all}: a larger backlog is the cure.`
  if (cured === 0 && open === 0) return `${all}: no larger backlog is the cure.`
  return `${all}: a larger backlog is the cure of ${cured === 0 ? 'none' : number(cured)}${open === 0 ? '' : `, and of ${number(open)} that is not known`}.`
}

const keyOf = ({ labels }: ListenerOverview): string =>
  [labels.instance, labels.netns, labels.address, Number(labels.port), Number(labels.shard)].join(' ')

const recordingKey = ({ host, netns, address, port, shard }: ListenerRecording): string =>
  [host, netns, address, port, shard].join(' ')

function placeKey({ about }: Diagnosis): string {
  return about !== undefined && 'shard' in about
    ? [about.host, about.netns, about.address, about.port, about.shard].join(' ')
    : ''
}

const addressOf = (address: string, port: string | number): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`

function placeInWords({ about, who }: Diagnosis): string {
  if (about === undefined || !('shard' in about)) return 'The machine'
  return `${addressOf(about.address ?? '', about.port ?? 0)}${who === undefined ? '' : ` (${who})`} on ${about.host ?? ''}${about.netns === 'host' ? '' : `, ${about.netns}`}`
}

function row(one: ListenerOverview, diagnosis: Diagnosis | undefined): string[] {
  const { labels, process, limit, peak, drops, fullSeconds } = one
  const known = peak !== undefined || drops !== undefined
  return [
    `${labels.instance} ${addressOf(labels.address ?? '', labels.port ?? '')} shard ${labels.shard}${process === undefined ? '' : ` (${process})`}`,
    number(limit),
    peak === undefined ? '–' : number(peak),
    drops === undefined ? '–' : whole(drops),
    fullSeconds === undefined ? '–' : duration(fullSeconds * 1000),
    diagnosis?.code ?? (known ? 'none' : 'not known'),
    diagnosis === undefined || diagnosis.times === 0 || diagnosis.severity === 'note'
      ? '–'
      : diagnosis.backlogCures === undefined
        ? 'not known'
        : diagnosis.backlogCures
          ? 'yes'
          : 'no',
    diagnosis?.carries === undefined ? '–' : between(diagnosis.carries),
  ]
}

function settingsOf(found: readonly Diagnosis[]): Setting[] {
  const lines = found
    .filter(({ severity }) => severity !== 'note')
    .flatMap(({ mends, about, who }) =>
      mends.map(({ line, where, after }) => ({
        where: line.startsWith('sysctl ') ? 'sysctl' : (who ?? 'server'),
        text: `${line}   # ${about !== undefined && 'port' in about ? `port ${about.port}: ` : ''}${where}, then ${after.replace(/^then /, '')}`,
      })),
    )
  return [...new Map(lines.map((line) => [line.text, line])).values()]
}

/** Never an average over minutes: the most between two scrapes, and how far apart these were. */
function busiestInWords({ counters, shards }: PortRecording): string {
  const most = gains(counters.opens)
    .filter(({ from, to }) => to > from)
    .map(({ from, to, by }) => ({ perSecond: by / (to - from), seconds: to - from }))
    .toSorted((a, b) => b.perSecond - a.perSecond)[0]
  if (most === undefined) return ''
  return `The network namespace of port ${shards[0]?.port} on ${shards[0]?.host} made at most ${rate(Number(most.perSecond.toPrecision(2)))} connections, on average over the ${duration(most.seconds * 1000)} between two scrapes; within them more may have come at once.`
}

/** Less than this share of the range is a gap, not a scrape that came late. */
const NEARLY_ALL = 0.95

function gapsInWords(listeners: readonly ListenerOverview[], rangeMs: number): string[] {
  const gaps = listeners.filter(({ seenSeconds = Infinity }) => seenSeconds * 1000 < NEARLY_ALL * rangeMs)
  if (gaps.length === 0) return []
  const least = Math.min(...gaps.map(({ seenSeconds = 0 }) => seenSeconds))
  const all = gaps.length === listeners.length
  return [
    `${all ? 'None of them was' : `${number(gaps.length)} of them ${gaps.length === 1 ? 'was' : 'were'} not`} scraped for all of the ${duration(rangeMs)}, one for some ${duration(least * 1000)} only: they may be new, or the exporter was away. What happened meanwhile is not in these numbers.`,
  ]
}
