/** Reads a file of arrivals, whatever wrote it: a table, an access log, a capture as text, or counters that were pasted. */
import { UsageError } from '#common/errors.ts'
import { countersArrivals, isOfCounters } from './counters.ts'
import { parseCsv } from './csv.ts'
import { countsOfUniq, refuseForeign, requestsOfK6Json, requestsOfW3c, UNIQ_COUNTS } from './foreign.ts'
import { arrivalsOfLog, formatOf, toldArrivals } from './logs/log.ts'
import { bearsMoment, entriesOfText } from './logs/text.ts'
import type { Recorded, SaidOfRecording } from './recorded.ts'
import { arrivalsOfSar } from './sar.ts'
import { linesOf } from './table.ts'

/** Throws a UsageError that names the file, and the line where there is one, and says what to do. */
export function parseRecording(file: string, text: string, said: SaidOfRecording = {}): Recorded {
  // Messages quote what a file holds, and a terminal obeys control characters.
  const plain = text.replace(/^\uFEFF/, '').replaceAll(/[^\P{Cc}\t\n\r]/gu, '\uFFFD')
  refuseForeign(file, plain)
  const lines = jsonArrayLines(plain) ?? [...linesOf(plain)].map(unwrapped)
  const foreign = requestsOfW3c(lines) ?? requestsOfK6Json(lines)
  if (foreign !== undefined) return toldArrivals(file, foreign, said)
  const format = formatOf(lines)
  if (format !== undefined) return arrivalsOfLog(file, format, lines, said)
  if (isOfCounters(lines)) return countersArrivals(file, lines, said)
  const ofSar = arrivalsOfSar(file, lines, said)
  if (ofSar !== undefined) return ofSar
  const uniq = countsOfUniq(lines)
  if (uniq !== undefined) return parseCsv(file, uniq, { ...said, counts: UNIQ_COUNTS })
  // Who names a column says that it is a table.
  const isTable = said.column ?? said.counts ?? said.samples ?? said.timeUnit
  const told = isTable === undefined ? entriesOfText(file, lines) : undefined
  return told === undefined ? parseCsv(file, plain, said) : toldArrivals(file, told, said)
}

/**
 * What container runtimes wrap a line in: Kubernetes' `TIME stdout F LINE`, and Docker's JSON with the line in `log`. Their time is
 * kept where the line has none.
 */
function unwrapped(line: string): string {
  const [, atCri = '', cri] = /^(\d{4}-\d{2}-\d{2}T\S+) (?:stdout|stderr) [FP] (.*)$/.exec(line) ?? []
  if (cri !== undefined) return timed(cri, atCri)
  if (!line.startsWith('{"log":"')) return line
  try {
    const value: unknown = JSON.parse(line)
    const wrapped = typeof value === 'object' && value !== null && 'log' in value && 'stream' in value
    if (!wrapped || typeof value.log !== 'string') return line
    return timed(value.log.trimEnd(), 'time' in value ? String(value.time) : '')
  } catch {
    return line
  }
}

const timed = (line: string, time: string): string => (bearsMoment(line) ? line : `${time} ${line}`)

/** A JSON array of objects is read as lines of them. */
function jsonArrayLines(text: string): string[] | undefined {
  if (!/^\s*\[\s*\{/.test(text)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.map((one) => JSON.stringify(one)) : undefined
  } catch {
    return undefined
  }
}

/** What files that are no text begin with, in hexadecimal, and what to do with them. */
const binaries: readonly { begins: readonly string[]; is: string; remedy: string }[] = [
  {
    // pcap in both byte orders, with microseconds and with nanoseconds, and pcapng.
    begins: ['d4c3b2a1', 'a1b2c3d4', '4d3cb2a1', 'a1b23c4d', '0a0d0d0a'],
    is: 'a capture of packets, not text',
    remedy: "Print it: tcpdump -tt -n -r FILE 'tcp[13] & 18 = 2' > syns.txt",
  },
  {
    begins: ['504b0304'],
    is: 'a ZIP archive, or a spreadsheet in one',
    remedy: 'Unpack it, or save the spreadsheet as CSV',
  },
  { begins: ['28b52ffd', '425a68', 'fd377a585a'], is: 'compressed', remedy: 'Unpack it first' },
]

/** Throws a UsageError for a file whose first bytes say that it is no text. */
export function refuseBinary(file: string, begin: Uint8Array): void {
  const hex = Buffer.from(begin.subarray(0, 8)).toString('hex')
  const found = binaries.find(({ begins }) => begins.some((magic) => hex.startsWith(magic)))
  if (found !== undefined) throw new UsageError(`${file} is ${found.is}`, found.remedy)
}
