/** A report for people: a calm line for each listener, then what is wrong, worst first. */
import { duration, number, plural, whole } from '#common/quantities.ts'
import { isFull, listensForMs, perDay, type QueueEvidence } from '#findings/host/evidence.ts'
import type { HostFound, Severity } from '#findings/host/finding.ts'
import { placeWords } from '#live/host/place-words.ts'
import type { HostReport } from '#live/host/report.ts'
import { paintOf, paragraph } from '../terminal/lines.ts'
import { placeInWords } from './place.ts'

export interface Style {
  colour: boolean
  columns: number
}

const inks = { critical: 'red', warning: 'yellow', note: 'cyan', good: 'green', dim: 'dim', bold: 'bold' } as const
type Ink = keyof typeof inks

const painted = ({ colour }: Style, ink: Ink, text: string): string => paintOf(colour)[inks[ink]](text)

const wrapped = (text: string, { columns }: Style, indent: number): string =>
  paragraph(text, columns, indent).join('\n')

/** The whole report, ending in a line end. */
export function reportInWords(report: HostReport, style: Style): string {
  const blocks = [table(report, style), ...report.findings.map((found) => findingInWords(found, style))]
  for (const { text, met, words } of report.expectations)
    blocks.push(
      wrapped(
        `${painted(style, met ? 'good' : 'critical', met ? 'met    ' : 'not met')}  ${text}: ${words}.`,
        style,
        9,
      ),
    )
  return `${[...blocks, summary(report, style)].filter((block) => block !== '').join('\n\n')}\n`
}

interface Row {
  cells: string[]
  queue: QueueEvidence
}

const heads = ['LISTENER', 'WHO', 'WAIT', 'LIMIT', 'SET BY', 'DROPS']
const RIGHT = new Set([2, 3, 5])

function table({ queues }: HostReport, style: Style): string {
  if (queues.length === 0) return ''
  const rows = [...rowsOf(queues)]
  const widths = heads.map((head, at) =>
    rows.reduce((widest, { cells }) => Math.max(widest, cells[at]?.length ?? 0), head.length),
  )
  shrink(widths, style.columns - 2 * (heads.length - 1))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => {
        const width = widths[at] ?? 0
        const text = cut(cell, width, at === 0)
        return RIGHT.has(at) ? text.padStart(width) : text.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [
    painted(style, 'dim', line(heads)),
    ...rows.map(({ cells, queue }) => (isFull(queue) ? painted(style, 'critical', line(cells)) : line(cells))),
  ].join('\n')
}

/** Shards of one address that are alike are one line. */
function* rowsOf(queues: readonly QueueEvidence[]): Generator<Row> {
  const groups = new Map<string, { place: string; queue: QueueEvidence; group: QueueEvidence[] }>()
  for (const queue of queues) {
    const place = placeInWords(queue)
    const key = `${place} ${queue.who} ${queue.limit}`
    const same = groups.get(key)
    if (same === undefined) groups.set(key, { place, queue, group: [queue] })
    else same.group.push(queue)
  }
  for (const { place, queue, group } of groups.values()) {
    const lengths = group.map(({ length }) => length)
    const drops = group.every(({ drops }) => drops === undefined)
      ? undefined
      : group.reduce((sum, { drops = 0 }) => sum + drops, 0)
    yield {
      queue: group.find(isFull) ?? queue,
      cells: [
        `${place}${group.length > 1 ? ` ×${group.length}` : ''}`,
        whoOf(queue),
        whole(Math.max(...lengths)),
        whole(queue.limit),
        setBy(queue),
        dropsOf(drops, listensForMs(queue)),
      ],
    }
  }
}

function whoOf(queue: QueueEvidence): string {
  const { who, processes } = queue
  const { unit, container, pod } = placeWords(queue)
  const workload = pod ?? (unit.replace(/\.service$/, '') || container || queue.pod.slice(0, 8))
  const name = who ?? (processes.length > 0 ? '?' : '–')
  return workload === '' || workload === name ? name : `${name}, ${workload}`
}

function setBy({ setBy: by }: QueueEvidence): string {
  switch (by.by) {
    case 'somaxconn':
      return by.asked === undefined ? 'somaxconn' : `somaxconn, asked ${number(by.asked)}`
    case 'command line':
      return 'command line'
    case 'default':
      return 'its default'
    case 'application':
      return 'its program'
  }
}

function dropsOf(drops: number | undefined, forMs: number | undefined): string {
  if (drops === undefined) return '–'
  if (drops === 0 || forMs === undefined || forMs < 2 * 86_400_000) return whole(drops)
  return `${whole(drops)} (${number(perDay(drops, forMs))}/d)`
}

/** Takes from the widest text columns until all fits. */
function shrink(widths: number[], columns: number): void {
  const flexible = [0, 1, 4]
  for (let sum = widths.reduce((a, b) => a + b, 0); sum > columns; sum--) {
    const widest = flexible.reduce((a, b) => ((widths[b] ?? 0) > (widths[a] ?? 0) ? b : a))
    if ((widths[widest] ?? 0) <= 8) return
    widths[widest]! -= 1
  }
}

/** Of a path the end tells more, of a name the beginning. */
function cut(text: string, width: number, path: boolean): string {
  if (text.length <= width) return text
  return path ? `…${text.slice(text.length - width + 1)}` : `${text.slice(0, width - 1)}…`
}

const labels: Record<Severity, string> = { critical: 'CRITICAL', warning: 'WARNING', note: 'note' }

function findingInWords({ code, severity, sure, about, who, words, mends }: HostFound, style: Style): string {
  const label = painted(style, severity, labels[severity].padEnd(8))
  const place = [placeInWords(about), who].filter((part) => part !== undefined && part !== '').join(' ')
  const head = `${label}  ${painted(style, 'bold', place === '' ? 'this host' : place)}`
  const tail = painted(style, 'dim', `(${code}, ${sure})`)
  const lines = [head, wrapped(`          ${words}`, style, 10), `          ${tail}`]
  for (const [at, { line, where, after }] of mends.entries())
    lines.push(
      `${at === 0 ? '  mend    ' : '  or      '}${painted(style, 'good', line)}`,
      wrapped(`            ${where}; ${after}`, style, 12),
    )
  return lines.join('\n')
}

function summary({ host, queues, findings, narrowed, expectations }: HostReport, style: Style): string {
  const spaces = narrowed ? new Set(queues.map(({ netns }) => netns)).size : host.namespaces.length
  const seen = `${plural(queues.length, 'listener')}${spaces > 1 ? ` in ${plural(spaces, 'network namespace')}` : ''}`
  const of = (severity: Severity): number => findings.filter((found) => found.severity === severity).length
  const [critical, warnings, notes] = [of('critical'), of('warning'), of('note')]
  const up = host.machine.uptimeMs
  const span =
    host.overMs !== undefined
      ? `over the last ${duration(host.overMs)}`
      : `two looks ${duration(Math.round(host.apartMs / 10) * 10)} apart${up === undefined || narrowed ? '' : `, and counters since boot ${duration(up)} ago`}`
  const hidden =
    host.hidden > 0 && queues.some(({ processes }) => processes.length === 0)
      ? `\n${wrapped(`Whose some listeners are cannot be seen: this user may not look into ${plural(host.hidden, 'process', 'processes')}. As root all are named.`, style, 0)}`
      : ''
  const unmet = expectations.filter(({ met }) => !met).length
  const verdict =
    critical + warnings > 0
      ? [
          critical > 0 ? `${critical} critical` : '',
          warnings > 0 ? plural(warnings, 'warning') : '',
          notes > 0 ? plural(notes, 'note') : '',
        ]
          .filter((part) => part !== '')
          .join(', ')
      : unmet > 0
        ? plural(unmet, 'expectation is not met', 'expectations are not met')
        : queues.length === 0
          ? 'Nothing listens here'
          : `Nothing is wrong: ${queues.every(({ length }) => length === 0) ? 'no client waits' : 'whoever waits is accepted soon'}, and none is turned away`
  const ink: Ink = critical > 0 || unmet > 0 ? 'critical' : warnings > 0 ? 'warning' : 'good'
  return `${wrapped(`${painted(style, ink, verdict)}. ${seen}; ${span}.`, style, 0)}${exactness(host, queues, style)}${hidden}${unread(host, style)}`
}

/** Said where several sockets share a port and somebody waits, or is half-open: of one alone both ways tell the same. */
function exactness({ exact }: HostReport['host'], queues: readonly QueueEvidence[], style: Style): string {
  const matters = queues.some(
    ({ shards, length, synQueue, path }) =>
      path === undefined && shards > 1 && (length > 0 || (synQueue?.length ?? 0) > 0),
  )
  if (!matters || exact === undefined) return ''
  const words =
    exact === null
      ? `Waits are exact, of each shard${halfOpenWords(queues)}.`
      : `Waits are sampled, and of each port: which of its shards they belong to is not known. ${exact.replace(/\.?$/, '.')}`
  return `\n${wrapped(words, style, 0)}`
}

/** The SYN queue of each shard, at the ports at which any is not empty. */
function halfOpenWords(queues: readonly QueueEvidence[]): string {
  const ports = Map.groupBy(
    queues.filter(({ shards, halfOpen }) => shards > 1 && halfOpen !== undefined),
    (queue) => placeInWords(queue),
  )
  const said = [...ports].flatMap(([place, group]) =>
    group.every(({ halfOpen }) => halfOpen === 0)
      ? []
      : [
          `${group
            .toSorted((a, b) => a.shard - b.shard)
            .map(({ halfOpen = 0 }) => number(halfOpen))
            .join(', ')} at ${place}`,
        ],
  )
  return said.length === 0 ? '' : `, and so are half-open requests, shard by shard: ${said.join('; ')}`
}

/** What `--netns all` could not look at. */
function unread(
  { unread: { namespaces, processes } = { namespaces: 0, processes: 0 } }: HostReport['host'],
  style: Style,
): string {
  const parts = [
    ...(namespaces > 0 ? [`enter ${plural(namespaces, 'network namespace')}`] : []),
    ...(processes > 0 ? [`see in which ${plural(processes, 'process runs', 'processes run')}`] : []),
  ]
  return parts.length === 0
    ? ''
    : `\n${wrapped(`Not all network namespaces were looked at: this user may not ${parts.join(', nor ')}. As root of the host all are.`, style, 0)}`
}
