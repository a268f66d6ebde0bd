/** Draws the queues of a host as lines of text for a terminal of some size. Pure: the same view and size give the same lines. */
import { bytes, duration, number, plural, UNKNOWN, whole } from '#common/quantities.ts'
import { doubtOf, unseenInWords } from '#findings/host/words.ts'
import { type HostRow, type HostView, MARKED_MS } from '#live/host/rows.ts'
import { type Line, lineRows, othersBehind } from '#live/line.ts'
import { bar, clip, type Paint, paintOf, wrap, wrapItems } from '../terminal/lines.ts'
import type { Choice } from './choice.ts'

export interface Screen {
  columns: number
  rows: number
  colour: boolean
  /** Where the numbers come from: `Linux 6.18, read here every 10 ms`. */
  source: string
  /** Sentences of the findings, worst first. */
  sentences: readonly string[]
  /** What the matter is while no view comes. */
  notice: string | undefined
  /** How old the view is. */
  ageMs: number
  /** Who waits in the row that is expanded; undefined before it is known, and where nobody can wait. */
  line?: Line | undefined
}

/** Anything older than this is marked as old. */
const OLD_MS = 2500
/** Above this the age of what was read is said. */
const AGE_SAID_MS = 500

interface Column {
  title: string
  width: number
  /** Columns of a higher rank go first when it is narrow. */
  rank: number
  cell(row: HostRow): string
}

const amount = ({ kind }: HostRow, value: number): string => (kind === 'udp' ? bytes(value) : whole(value))

const columns: Column[] = [
  { title: 'waiting', width: 14, rank: 0, cell: (row) => `${amount(row, row.length)} of ${amount(row, row.room)}` },
  { title: 'peak', width: 8, rank: 1, cell: (row) => amount(row, row.peak) },
  {
    title: 'full',
    width: 8,
    rank: 4,
    cell: ({ fullSeconds }) => (fullSeconds === undefined ? UNKNOWN : duration(fullSeconds * 1000)),
  },
  {
    title: 'oldest',
    width: 8,
    rank: 3,
    cell: ({ oldestWaitMs, waitIsBound }) =>
      oldestWaitMs === undefined ? UNKNOWN : `${waitIsBound && oldestWaitMs > 0 ? '≤ ' : ''}${duration(oldestWaitMs)}`,
  },
  {
    title: 'drops/s',
    width: 9,
    rank: 0,
    cell: ({ dropsPerSecond }) => (dropsPerSecond === undefined ? UNKNOWN : number(dropsPerSecond)),
  },
  { title: 'drops', width: 10, rank: 5, cell: ({ drops }) => (drops === undefined ? UNKNOWN : whole(drops)) },
]

/** Only where there are several. */
const namespaceColumn: Column = { title: 'netns', width: 14, rank: 2, cell: ({ netns }) => fit(netns, 14).trimEnd() }

const MARK_WIDTH = 2
const MIN_PLACE = 18
const MAX_PLACE = 40
const MIN_PROCESS = 10
const MAX_PROCESS = 24
const MIN_BAR = 6
const MAX_BAR = 24

interface Widths {
  shown: Column[]
  place: number
  process: number
  bar: number
}

/** The screen's lines, no longer than `columns` and no more than `rows`. */
export function draw(view: HostView, choice: Choice, screen: Screen): string[] {
  const paint = paintOf(screen.colour)
  const rows = choice.arrange(view.rows)
  const widths = widthsFor(rows, view.namespaces.length > 1, screen.columns)
  const below = belowTable(view, rows[choice.at], choice, screen, paint)
  const head = [...heading(view, rows, choice, screen, paint), '', paint.dim(titles(widths))]
  const room = Math.max(1, screen.rows - head.length - below.length)
  const first = Math.min(Math.max(0, choice.at - room + 1), Math.max(0, rows.length - room))
  const table = rows
    .slice(first, first + room)
    .map((row, index) => rowLine(row, first + index === choice.at, widths, paint))
  const lines = [...head, ...table, ...Array.from({ length: room - table.length }, () => ''), ...below]
  return lines.slice(0, screen.rows).map((line) => clip(line, screen.columns))
}

/** All of it as text that is printed once. */
export function table(view: HostView, choice: Choice, screen: Screen): string[] {
  const paint = paintOf(screen.colour)
  const rows = choice.arrange(view.rows)
  const widths = widthsFor(rows, view.namespaces.length > 1, screen.columns)
  const words = wordsBelow(view, screen, paint)
  return [
    ...heading(view, rows, choice, screen, paint),
    '',
    paint.dim(titles(widths)),
    ...rows.map((row) => rowLine(row, false, widths, paint)),
    ...(words.length > 0 ? ['', ...words] : []),
  ].map((line) => clip(line, screen.columns).trimEnd())
}

function heading(view: HostView, rows: readonly HostRow[], choice: Choice, screen: Screen, paint: Paint): string[] {
  const { namespaces } = view
  const all = view.rows.length
  const count = rows.length === all ? plural(all, 'queue') : `${whole(rows.length)} of ${plural(all, 'queue')}`
  const full = view.rows.filter(({ length, room }) => length >= room).length
  const age = !choice.frozen && screen.ageMs > OLD_MS ? screen.ageMs : 0
  const items = [
    count,
    ...(namespaces.length === 1 ? [] : [`in ${plural(namespaces.length, 'network namespace')}`]),
    ...(full > 0 ? [paint.red(`${full} full`)] : []),
    screen.source,
    `order: ${choice.order}`,
    ...(choice.filter !== '' || choice.typing ? [`filter: ${choice.filter}${choice.typing ? '_' : ''}`] : []),
    ...(choice.frozen ? [paint.yellow(`frozen, ${duration(screen.ageMs)} old`)] : []),
    ...(age > 0 ? [paint.red(`no reading for ${duration(age)}`)] : []),
    ...(age === 0 && !choice.frozen ? agesOf(view) : []),
  ]
  return wrapItems(items, ' · ', screen.columns)
}

/** How old what is shown is, where it is old enough to matter. */
function agesOf({ ages }: HostView): string[] {
  const said = (name: string, age: number | undefined): string[] =>
    age === undefined || age <= AGE_SAID_MS ? [] : [`${name} up to ${duration(age)} old`]
  return [...said('queues', ages.listeners), ...said('waits', ages.connections)]
}

function widthsFor(rows: readonly HostRow[], several: boolean, width: number): Widths {
  const longest = (of: (row: HostRow) => string, least: number, most: number): number =>
    Math.min(most, Math.max(least, ...rows.slice(0, 60).map((row) => of(row).length)))
  let shown = (several ? [...columns, namespaceColumn] : columns).map((column) => ({
    ...column,
    width: longest(column.cell, column.width - 1, 24) + 1,
  }))
  const taken = (): number =>
    MARK_WIDTH + MIN_PLACE + MIN_PROCESS + MIN_BAR + shown.reduce((sum, column) => sum + column.width, 0)
  for (let rank = 5; rank > 0 && taken() > width; rank--) shown = shown.filter((column) => column.rank < rank)
  let left = Math.max(0, width - taken())
  const take = (wanted: number): number => {
    const given = Math.min(left, Math.max(0, wanted))
    left -= given
    return given
  }
  const place = MIN_PLACE + take(longest(placeIn, MIN_PLACE, MAX_PLACE) + 1 - MIN_PLACE)
  const process = MIN_PROCESS + take(longest(processIn, MIN_PROCESS, MAX_PROCESS) + 1 - MIN_PROCESS)
  return { shown, place, process, bar: MIN_BAR + take(MAX_BAR - MIN_BAR) }
}

/** The place, and which of those that share it. */
const placeIn = ({ place, kind, mptcp, shard, shards }: HostRow): string =>
  `${kind === 'udp' ? 'udp ' : mptcp === true ? 'mptcp ' : ''}${place}${shards > 1 ? ` #${shard}` : ''}`

const processIn = ({ process, pids }: HostRow): string => {
  const [first] = pids
  return first === undefined ? process || UNKNOWN : `${process} ${first}`.trim()
}

const titles = ({ shown, place, process, bar: width }: Widths): string =>
  `${' '.repeat(MARK_WIDTH)}${'listener'.padEnd(place)}${'process'.padEnd(process)}${'queue'.slice(0, width).padEnd(width)}${shown
    .map(({ title, width: cell }) => title.padStart(cell))
    .join('')}`

function rowLine(row: HostRow, chosen: boolean, widths: Widths, paint: Paint): string {
  const fill = row.length / Math.max(1, row.room)
  const level = fill >= 1 ? paint.red : fill >= 0.5 ? paint.yellow : paint.blue
  const mark = row.happenedMs === undefined ? ' ' : paint.red(row.happenedMs < MARKED_MS / 2 ? '●' : '○')
  const cells = widths.shown.map((column) => {
    const cell = column.cell(row).padStart(column.width)
    return column.title === 'drops/s' && (row.dropsPerSecond ?? 0) > 0 ? paint.red(cell) : cell
  })
  const names = `${fit(placeIn(row), widths.place)}${fit(processIn(row), widths.process)}`
  return `${chosen ? paint.bold('>') : ' '}${mark}${chosen ? paint.bold(names) : names}${level(bar(fill, widths.bar))}${cells.join('')}`
}

/** Cuts in the middle: of an address or a path both ends tell. */
function fit(text: string, width: number): string {
  if (text.length < width) return text.padEnd(width)
  const tail = Math.floor((width - 2) / 2)
  return `${text.slice(0, width - 2 - tail)}…${text.slice(-tail)} `
}

function belowTable(view: HostView, row: HostRow | undefined, choice: Choice, screen: Screen, paint: Paint): string[] {
  const width = screen.columns
  const isExpanded = choice.expanded && row !== undefined
  const details = isExpanded ? detailsOf(row).flatMap((line) => wrap(line, width)) : []
  return [
    '',
    ...details,
    ...(isExpanded && screen.line !== undefined ? lineOf(screen.line, width) : []),
    ...wordsBelow(view, screen, paint),
    ...(choice.help ? helpLines.flatMap((line) => wrap(line, width)) : []),
    ...wrapItems(keys, '  ', width).map(paint.dim),
  ]
}

/** What is the matter, and the counters that say that somebody was turned away. */
function wordsBelow(view: HostView, screen: Screen, paint: Paint): string[] {
  const moved = view.namespaces.flatMap(({ netns, movedPerSecond }) =>
    movedPerSecond.map(
      ({ name, perSecond }) => `${view.namespaces.length > 1 ? `${netns} ` : ''}${name} +${number(perSecond)}/s`,
    ),
  )
  const words = screen.notice === undefined ? screen.sentences.slice(0, 2) : [screen.notice]
  return [
    ...words.flatMap((sentence) => shortened(wrap(sentence, Math.min(screen.columns, 110)), 3).map(paint.bold)),
    ...wrapItems(moved, '  ', screen.columns).slice(0, 2),
  ]
}

/** As many lines as there is room for; where more follow, the last one says so. */
const shortened = (lines: readonly string[], most: number): string[] =>
  lines.slice(0, most).map((line, at) => (at === most - 1 && lines.length > most ? `${line.slice(0, -1)}…` : line))

/** All that is known of one listener. */
function detailsOf(row: HostRow): string[] {
  const { portSample: port } = row
  const held =
    row.kind === 'udp'
      ? 'whose it is is not looked for'
      : row.pids.length === 0
        ? 'held by processes that may not be seen'
        : `held by ${row.pids.join(', ')}`
  const accepting =
    row.acceptors === undefined
      ? row.unseen === undefined
        ? []
        : [`whether anybody waits for connections is not known: ${unseenInWords(row.unseen)}`]
      : row.acceptors.length === 0
        ? [`nobody waited in accept() or polled it when it was last looked${doubtOf(row)}`]
        : [`${row.acceptors.join(', ')} wait${row.acceptors.length === 1 ? 's' : ''} for connections`]
  const where = [
    ...(row.unit === '' ? [] : [row.unit]),
    ...(row.pod === undefined ? (row.container === '' ? [] : [`container ${row.container}`]) : [`pod ${row.pod}`]),
    ...(row.netns === '' ? [] : [`network namespace ${row.netns}`]),
  ]
  const dead = (port?.waitingFinished ?? 0) + (port?.waitingReset ?? 0)
  const { accepted, unserved, unservedOldestMs = 0 } = port?.pastAccept ?? {}
  const connections = [
    ...(port?.waiting === undefined
      ? []
      : [`${plural(port.waiting, 'connection waits', 'connections wait')} at this port`]),
    ...(dead > 0 ? [`${whole(dead)} of them ${dead === 1 ? 'has' : 'have'} hung up`] : []),
    ...(accepted === undefined ? [] : [`${whole(accepted)} accepted`]),
    ...(unserved === undefined || unserved === 0
      ? []
      : [`${whole(unserved)} of them never read, the oldest for ${duration(unservedOldestMs)}`]),
    ...(port?.synQueue === undefined ? [] : [`${whole(port.synQueue.length)} half-open`]),
  ]
  const lines = [
    `${placeIn(row)} ${row.process}`.trim(),
    [held, ...accepting].join('; '),
    where.join(' · '),
    connections.join(' · '),
    row.drops === undefined
      ? 'The kernel counts no drops of UNIX sockets: who finds the queue full is refused at once.'
      : `${whole(row.drops)} dropped since it listens`,
  ]
  return lines.filter((line) => line !== '')
}

/** So many of those who wait are shown below the table, in order. */
const MOST_IN_LINE = 8

/** Who waits, in order: each with its age. */
function lineOf(line: Line, width: number): string[] {
  if ('why' in line) return wrap(line.why, width)
  if (line.length === 0) return ['nobody waits (exact)']
  const first = line.first.slice(0, MOST_IN_LINE)
  const rows = lineRows({ ...line, first })
  const longest = (of: 'place' | 'client' | 'wait'): number => Math.max(...rows.map((row) => row[of].length))
  const [place, client, wait] = [longest('place'), longest('client'), longest('wait')]
  const behind = othersBehind({ ...line, first })
  return [
    'in the order in which accept() takes them (exact):',
    ...rows.map((row) =>
      [
        `  ${row.place.padStart(place)}  ${row.client.padEnd(client)}  ${row.wait.padStart(wait)}`,
        ...(row.unread === '' ? [] : [`${row.unread} unread`]),
        ...(row.gone === '' ? [] : [row.gone]),
      ].join('  '),
    ),
    ...(behind === '' ? [] : [`  ${behind}`]),
  ]
}

const keys = [
  '[↑ ↓] choose',
  '[enter] details',
  '[s] order',
  '[/] filter',
  '[space] freeze',
  '[?] what am I seeing',
  '[q] quit',
]

const helpLines = [
  'waiting: connections in the accept queue and how many fit (the limit plus one); of UDP the bytes in the fullest socket.',
  'peak, full: highest length, and time at which nothing fitted, in the last 30 s (of an exporter: its peak window). They are of all moments where the head says exact; otherwise sampled, and a shorter burst shows only in drops.',
  'oldest: how long the first in line has waited; ≤ where several shards of a port have somebody waiting. drops: what the kernel counts against the socket since it listens.',
  '● something was dropped, or the queue was full, within 5 s; ○ within 10 s. – is not known.',
]
