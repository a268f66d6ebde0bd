/** Recognises what wrote a log, and makes arrivals of its lines. */
import { UsageError } from '#common/errors.ts'
import { number, plural } from '#common/quantities.ts'
import { seededRandom } from '#load/random.ts'
import { type Recorded, recorded, type SaidOfRecording, withinTicks } from '../recorded.ts'
import { commonLog, envoyLog, haproxyLog, quotedRequests } from './access.ts'
import { tcpdumpText, tsharkText } from './capture.ts'
import type { Entry, LogFormat, LogReading } from './format.ts'
import { jsonLog } from './json.ts'

const formats: readonly LogFormat[] = [
  haproxyLog,
  commonLog,
  envoyLog,
  jsonLog,
  tcpdumpText,
  tsharkText,
  quotedRequests,
]

/** So many lines decide what a file is. */
const SAMPLE = 200

/** A client that has said nothing for so long begins another connection when it comes back: ports are used again. */
const IDLE_MS = 75_000

/** The format that most lines of a sample are in, where it is at least half of them, or some of them and the first. */
export function formatOf(lines: readonly string[]): LogFormat | undefined {
  const step = Math.max(1, Math.floor(lines.length / SAMPLE))
  const sample = lines.filter(
    (line, i) => (i < SAMPLE || i % step === 0) && line.trim() !== '' && !line.startsWith('#'),
  )
  const scored = formats.map((format) => ({ format, score: sample.filter((line) => format.matches(line)).length }))
  const best = scored.reduce((most, one) => (one.score > most.score ? one : most))
  // Bytes and continuations may stand between packets: then the first line has to say what it is.
  const needed = sample[0] !== undefined && best.format.matches(sample[0]) ? 0.1 : 0.5
  return best.score > 0 && best.score >= needed * sample.length ? best.format : undefined
}

/** Arrivals of a log in that format, and how it was read. Throws a UsageError that says what to do where it holds none. */
export function arrivalsOfLog(
  file: string,
  format: LogFormat,
  lines: readonly string[],
  said: SaidOfRecording,
): Recorded {
  return toldArrivals(file, format.read(file, lines, said), said)
}

/** The same of a log that has been read. */
export function toldArrivals(file: string, reading: LogReading, said: SaidOfRecording): Recorded {
  const { seed = 1 } = said
  // Lines are written when requests end: their order is not that of the beginnings.
  const byLine = reading.entries.toSorted((a, b) => a.atMs - b.atMs)
  const { entries, sentence } = connectionsOf(file, reading, byLine, said)
  const { times, note, spread } = withinTicks(
    entries.map(({ atMs }) => atMs),
    seed,
  )
  const begun = times.map((time, i) => time - (entries[i]?.tookMs ?? 0)).sort()
  return recorded(file, begun, {
    how: `${reading.format}, ${reading.times}`,
    // Of a fine clock `recorded` says it itself.
    notes: [...(spread && note !== undefined ? [note] : []), ...leftOutInWords(reading)],
    sentences: sentence === undefined ? [] : [sentence],
    seed,
  })
}

function leftOutInWords({ leftOut, unreadable }: LogReading): string[] {
  const others = [...leftOut].map(([what, count]) => `${number(count)} ${what}`)
  const shown = unreadable.slice(0, 5).map(number).join(', ')
  return [
    ...(others.length > 0 ? [`left out: ${others.join(', ')}`] : []),
    ...(unreadable.length > 0
      ? [
          `${plural(unreadable.length, 'line')} could not be read and ${unreadable.length === 1 ? 'is' : 'are'} left out: line ${shown}${unreadable.length > 5 ? ', …' : ''}`,
        ]
      : []),
  ]
}

/** Of a log of requests, those that are taken for new connections; and what that rests on. */
function connectionsOf(
  file: string,
  { of }: LogReading,
  entries: readonly Entry[],
  { requestsPerConnection, seed = 1 }: SaidOfRecording,
): { entries: readonly Entry[]; sentence: string | undefined } {
  if (of === 'connections') return { entries, sentence: undefined }
  const firsts = firstOfConnections(entries)
  const told =
    firsts === undefined || firsts.length === entries.length
      ? ''
      : ` The log tells ${number(firsts.length)} connections apart: --requests-per-connection logged takes the first request of each.`
  if (requestsPerConnection === undefined || requestsPerConnection === 1)
    return {
      entries,
      sentence:
        requestsPerConnection === 1
          ? undefined
          : of === 'lines'
            ? 'Each line is taken for a connection of its own; where several lines belong to one, --requests-per-connection N says how many'
            : `These are requests, each taken for a connection of its own; with keep-alive there are fewer connections, and --requests-per-connection N says how many requests one carries.${told}`.replace(
                /\.$/,
                '',
              ),
    }
  if (requestsPerConnection === 'logged') {
    if (firsts === undefined)
      throw new UsageError(
        `${file}: its lines do not say which connection a request came over`,
        'Give the average number of requests of a connection: --requests-per-connection N',
      )
    return {
      entries: firsts,
      sentence: `Of ${number(entries.length)} requests the first of each connection is taken, as the log tells connections apart`,
    }
  }
  const random = seededRandom(seed + 1)
  return {
    entries: entries.filter(() => random() < 1 / requestsPerConnection),
    sentence: `Of ${number(entries.length)} requests one in ${number(requestsPerConnection)}, chosen at random, is taken for a new connection`,
  }
}

/** Undefined where a line does not say to which connection it belongs. */
function firstOfConnections(entries: readonly Entry[]): Entry[] | undefined {
  if (entries.every(({ first }) => first !== undefined)) return entries.filter(({ first }) => first)
  const last = new Map<string, number>()
  const firsts: Entry[] = []
  for (const entry of entries) {
    if (entry.connection === undefined) return undefined
    const before = last.get(entry.connection)
    if (before === undefined || entry.atMs - before > IDLE_MS) firsts.push(entry)
    last.set(entry.connection, entry.atMs)
  }
  return firsts
}
