/** Counters of the kernel as nstat, netstat -s, /proc and exporters print them, pasted twice or more; and what ss prints. */
import { UsageError } from '#common/errors.ts'
import { number, plural } from '#common/quantities.ts'
import { type Counted, countedArrivals } from './counts.ts'
import { momentMs } from './logs/dates.ts'
import type { Recorded, SaidOfRecording } from './recorded.ts'

/** Connections that a final ACK made: what a listener hands to its accept queue (kernel-facts.md, PassiveOpens). */
const PASSIVE = 'TcpPassiveOpens'
const nstatLine = /^\s*([A-Z][A-Za-z0-9]+)\s+(\d+)\s+\d+(?:\.\d+)?\s*$/
const nstatJson = /"TcpPassiveOpens"\s*:\s*(\d+)/
const netstatLine = /^\s*(\d+) passive connection openings/
/** Of the text that a Prometheus scrapes from an exporter; the moment behind a value is in milliseconds. */
const scraped = /^\s*node_netstat_Tcp_PassiveOpens(\{[^}]*\})?\s+([\d.e+]+)(?:\s+(\d{13}))?\s*$/
/** So many counters never all rise from one second to the next, unless they are totals. */
const TELLING = 10

interface Block {
  line: number
  opens: number
  all: Map<string, number>
  /** When it was printed, where a line before it says so. */
  atMs: number | undefined
  kind: 'total' | 'since-last' | undefined
}

/** Whether a text is the output of nstat, netstat -s, /proc/net/snmp, ss or an exporter. */
export const isOfCounters = (lines: readonly string[]): boolean =>
  lines.some((line) => nstatLine.test(line) || netstatLine.test(line) || nstatJson.test(line) || scraped.test(line)) ||
  lines.some((line) => /^Tcp: .*\bPassiveOpens\b/.test(line)) ||
  isOfSs(lines)

const ssHead = /^(?:Netid\s+)?State\s+Recv-Q\s+Send-Q\b/
const ssListener = /^(?:tcp\s+)?LISTEN\s+\d+\s+\d+\s+\S+:\S+/
const ssTotal = /^TCP:\s+\d+ \(estab \d+/
const isOfSs = (lines: readonly string[]): boolean =>
  lines.some((line) => ssHead.test(line) || ssTotal.test(line) || ssListener.test(line))

/** What came between one output and the next. Throws a UsageError that asks for what the outputs do not say. */
export function countersArrivals(file: string, lines: readonly string[], said: SaidOfRecording): Recorded {
  refuseSeveral(file, lines)
  const blocks = blocksOf(lines)
  if (blocks.length === 0) throw withoutOpens(file, lines)
  if (blocks.length === 1)
    throw new UsageError(
      `${file} shows ${PASSIVE} once (${number(blocks[0]!.opens)}, line ${blocks[0]!.line}), and one reading of a counter says nothing of a rate`,
      'Run nstat -az TcpPassiveOpens again some seconds later, and add its output',
    )
  const kind = kindOf(file, blocks, said)
  const intervals: Counted[] = []
  for (const [i, block] of blocks.entries()) {
    const before = blocks[i - 1]
    if (before === undefined) continue
    const length = lengthMs(file, before, block, said)
    const fromMs = intervals.at(-1)?.toMs ?? 0
    if (kind === 'total' && block.opens < before.opens)
      throw new UsageError(
        `${file} line ${block.line}: ${PASSIVE} falls from ${number(before.opens)} to ${number(block.opens)}, so it is no total, or the machine was started again`,
        'If nstat printed what each grew by since the last time, say --counters since-last',
      )
    const count = kind === 'total' ? block.opens - before.opens : block.opens
    intervals.push({ fromMs, toMs: fromMs + length, count })
  }
  const how =
    kind === 'total'
      ? `${PASSIVE} in ${plural(blocks.length, 'output')}, as totals`
      : `${PASSIVE} in ${plural(blocks.length, 'output')}, each since the one before (the first is left out: since when it counts is not known)`
  const read = { how, seed: said.seed }
  return countedArrivals(file, intervals, { ...read, notes: ['what was dropped is not in it'] })
}

/** Of several network namespaces a scrape has a series each. */
function refuseSeveral(file: string, lines: readonly string[]): void {
  const series = [...new Set(lines.flatMap((line) => scraped.exec(line)?.[1] ?? []))]
  if (series.length < 2) return
  throw new UsageError(
    `${file} has the counters of ${number(series.length)} series: ${series.slice(0, 3).join(', ')}${series.length > 3 ? ', …' : ''}`,
    `Keep those of one: grep -F '${series[0]}' '${file}' > one.txt`,
  )
}

function lengthMs(file: string, before: Block, block: Block, { betweenMs }: SaidOfRecording): number {
  if (betweenMs !== undefined) return betweenMs
  if (before.atMs === undefined || block.atMs === undefined)
    throw new UsageError(
      `${file}: how much time lies between its outputs of ${PASSIVE} (lines ${before.line} and ${block.line}) is not written there`,
      'Say it with --between, for example --between 10s',
    )
  if (block.atMs <= before.atMs)
    throw new UsageError(
      `${file} line ${block.line}: this output is not later than the one before`,
      'Give --between TIME',
    )
  return block.atMs - before.atMs
}

function kindOf(file: string, blocks: readonly Block[], { counters }: SaidOfRecording): 'total' | 'since-last' {
  const known = counters ?? blocks.find(({ kind }) => kind !== undefined)?.kind
  if (known !== undefined) return known
  let compared = 0
  for (const [i, { all }] of blocks.entries())
    for (const [name, value] of blocks[i - 1]?.all ?? []) {
      const now = all.get(name)
      if (now === undefined) continue
      if (now < value) return 'since-last'
      compared++
    }
  if (compared >= TELLING) return 'total'
  throw new UsageError(
    `${file}: nstat prints totals with -a, and else what each counter grew by since the last time; ${blocks.map(({ opens }) => number(opens)).join(', then ')} may be either`,
    'Say which: --counters total, or --counters since-last',
  )
}

/** `Thu Nov 26 15:20:47 UTC 2026` of date(1), in the C locale, and what momentMs reads. */
function stampOf(line: string): number | undefined {
  const text = line.trim()
  const c = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}:\d{2}:\d{2})(?: [A-Z]{2,5})? (\d{4})$/.exec(text)
  if (c !== null) return momentMs(`${c[2]}/${c[1]}/${c[4]}:${c[3]}`)
  return momentMs(text)
}

function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = []
  let stamp: number | undefined
  let command: Block['kind']
  let all = new Map<string, number>()
  const found = (line: number, opens: number, kind: Block['kind']): void => {
    blocks.push({ line, opens, all, atMs: stamp, kind })
    stamp = undefined
  }
  let columns: string[] = []
  for (const [i, text] of lines.entries()) {
    stamp = stampOf(text) ?? stamp
    const asked = /(?:^|[\s#$%>;|])nstat\b(.*)$/.exec(text)
    if (asked !== null && !text.startsWith('#kernel')) {
      const flags = (asked[1] ?? '').match(/(?<=^|\s)-[a-z]+|--\w+/g) ?? []
      command = flags.some((flag) => flag === '--ignore' || (flag[1] !== '-' && flag.includes('a')))
        ? 'total'
        : 'since-last'
    }
    // A head, or a counter that comes again, begins another output.
    const [, name, value] = nstatLine.exec(text) ?? []
    if (/^#kernel/.test(text) || (name !== undefined && all.has(name))) all = new Map()
    if (name !== undefined) {
      all.set(name, Number(value))
      if (name === PASSIVE) found(i + 1, Number(value), command)
      continue
    }
    const total = netstatLine.exec(text)
    if (total !== null) found(i + 1, Number(total[1]), 'total')
    const metric = scraped.exec(text)
    if (metric?.[3] !== undefined) stamp = Number(metric[3])
    if (metric !== null) found(i + 1, Number(metric[2]), 'total')
    const json = nstatJson.exec(text)
    if (json !== null) found(i + 1, Number(json[1]), command)
    if (!text.startsWith('Tcp: ')) continue
    const cells = text.split(' ')
    if (cells.includes('PassiveOpens')) columns = cells
    else if (columns.length === cells.length) found(i + 1, Number(cells[columns.indexOf('PassiveOpens')]), 'total')
  }
  return blocks.filter(({ opens }) => Number.isFinite(opens))
}

/** Where no counter of connections is in it: what there is instead. */
function withoutOpens(file: string, lines: readonly string[]): UsageError {
  const remedy = 'Paste nstat -az TcpPassiveOpens twice, and say with --between how long lies between'
  if (!isOfSs(lines)) return new UsageError(`${file} has counters of the kernel, but not ${PASSIVE}`, remedy)
  const listener = lines.map((line) => /LISTEN\s+(\d+)\s+(\d+)\s+(\S+)/.exec(line)).filter((match) => match !== null)
  const queues = new Map<string, string[]>()
  for (const [, held, limit, address = ''] of listener)
    queues.set(address, [...(queues.get(address) ?? []), `${held} of ${Number(limit) + 1}`])
  const busiest = [...queues].toSorted(
    ([, a], [, b]) => Math.max(...b.map(Number.parseFloat)) - Math.max(...a.map(Number.parseFloat)),
  )[0]
  const shown = busiest === undefined ? '' : ` (${busiest[0]} held ${busiest[1].join(', then ')})`
  return new UsageError(
    `${file} is output of ss, which shows ${listener.length > 0 ? `how long queues are at one moment${shown}` : 'how many sockets there are at one moment'}, and not how many connections arrive`,
    remedy,
  )
}
