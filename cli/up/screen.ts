/** Draws a lab as lines of text for a terminal of some size. Pure: the same view and size give the same lines. */
import { bytes, duration, UNKNOWN, whole } from '#common/quantities.ts'
import { noticeOf } from '#lab/parts.ts'
import { loadName } from '#live/names.ts'
import { type Ages, ageBeside, type ReadKind, waitInWords, worstAge } from '#live/reading.ts'
import type { ShardView } from '#live/state.ts'
import type { LabView } from '#live/view.ts'
import { wordsOf } from '#live/words.ts'
import { bar, clip, type Paint, paintOf, wrap, wrapItems } from '../terminal/lines.ts'

export interface Screen {
  columns: number
  rows: number
  colour: boolean
  metricsUrl: string
  /** Undefined without a board. */
  boardUrl?: string | undefined
  /** The load in words and keys, made by the controls. */
  loadLine: string
  /** What the person is typing, or what the last key did. */
  message: string
  showHelp: boolean
  /** How long no view has come, in milliseconds; default 0. */
  ageMs?: number
}

/** Ten views per second are due: anything older than this is marked as old. */
const OLD_MS = 500

/** A column of the shard table. The bar takes what width is left; columns of a higher `rank` go first when it is narrow. */
interface Column {
  title: string
  width: number
  rank: number
  cell(shard: ShardView): string
}

/** What a queue shows; without one there is nothing to tell. */
function ofQueue(cell: Column['cell']): Column['cell'] {
  return (shard) => (shard.state === 'listening' ? cell(shard) : UNKNOWN)
}

const columns: Column[] = [
  {
    title: 'waiting',
    width: 15,
    rank: 0,
    cell: (s) => (s.state === 'listening' ? `${whole(s.length)} of ${whole(s.limit + 1)}` : s.state),
  },
  { title: 'peak 30s', width: 10, rank: 2, cell: ofQueue((s) => whole(s.peak)) },
  { title: 'full 30s', width: 10, rank: 4, cell: ofQueue((s) => duration(s.fullSeconds * 1000)) },
  { title: 'drops/s', width: 9, rank: 1, cell: ofQueue((s) => whole(s.dropsPerSecond)) },
  { title: 'accepts/s', width: 11, rank: 3, cell: (s) => known(s.acceptsPerSecond, whole) },
  { title: 'oldest', width: 14, rank: 5, cell: ofQueue((s) => waitInWords(s.oldestWait)) },
]

const SHARD_WIDTH = 7
const MIN_BAR = 8
const MAX_BAR = 40

/** The screen's lines, no longer than `columns` and no more than `rows`. */
export function draw(view: LabView, screen: Screen): string[] {
  const paint = paintOf(screen.colour)
  const shown = chooseColumns(screen.columns)
  const tableWidth = SHARD_WIDTH + shown.reduce((sum, column) => sum + column.width, 0)
  const barWidth = Math.max(MIN_BAR, Math.min(MAX_BAR, screen.columns - tableWidth - 12))
  const lines = [
    ...heading(view, screen),
    '',
    paint.dim(
      `shard  ${'accept queue'.slice(0, barWidth).padEnd(barWidth)}${shown.map((column) => column.title.padStart(column.width)).join('')}`,
    ),
    ...view.shards.map((shard) => shardLine(shard, shown, barWidth, paint)),
    '',
    ...wrapItems(portItems(view), '   ', screen.columns),
    ...wrap(screen.loadLine, screen.columns),
  ]
  const words = isOld(screen) ? oldWords(view, screen) : wordsOf(view)
  lines.push('', ...(words === undefined ? [] : wrap(words, Math.min(screen.columns, 110)).map(paint.bold)))
  if (view.moved.length > 0 && !isOld(screen))
    lines.push(
      '',
      ...wrap(
        `moved  ${view.moved.map(({ name, perSecond }) => `${name} +${whole(perSecond)}/s`).join('  ')}`,
        screen.columns,
      ),
    )
  const footer = [
    '',
    ...(screen.showHelp ? helpLines.flatMap((line) => wrap(line, screen.columns)) : []),
    ...wrapItems(keys(view), '  ', screen.columns).map(paint.dim),
    ...wrap(screen.message, screen.columns),
  ]
  return [...lines.slice(0, Math.max(0, screen.rows - footer.length)), ...footer.slice(0, screen.rows)].map((line) =>
    clip(line, screen.columns),
  )
}

const isOld = ({ ageMs = 0 }: Screen): boolean => ageMs > OLD_MS

/** Shown in place of the explanation while there are no samples. */
function oldWords(view: LabView, { ageMs = 0 }: Screen): string {
  const old = `No sample for ${duration(ageMs)}: what is shown is old.`
  const notice = noticeOf(view.gaps, view.timeMs + ageMs)
  return notice === undefined ? old : `${old} ${notice}`
}

function heading(view: LabView, screen: Screen): string[] {
  const listening = view.shards.filter((shard) => shard.state === 'listening')
  const backlogs = [...new Set(listening.map((shard) => whole(shard.limit)))]
  const version = /^\d+\.\d+/.exec(view.kernel)?.[0] ?? view.kernel
  const left = [
    `Spillway   ${view.address}:${view.port}`,
    ...(view.server === undefined ? [] : [view.server.name]),
    view.mode === 'sharded'
      ? `${view.shards.length} shards`
      : view.mode === 'shared'
        ? 'one shared socket'
        : 'one process',
    ...(backlogs.length > 0 ? [`backlog ${backlogs.join(', ')}`] : []),
    `Linux ${version}`,
    ...(isOld(screen) ? [] : [worstAge(view.ages)].filter((words) => words !== undefined)),
  ].join(' · ')
  const right = [
    ...(screen.boardUrl === undefined ? [] : [`board ${screen.boardUrl}`]),
    `metrics ${screen.metricsUrl}/metrics`,
  ].join('   ')
  const gap = screen.columns - left.length - right.length
  return gap >= 3
    ? [`${left}${' '.repeat(gap)}${right}`]
    : [...wrap(left, screen.columns), ...wrap(right, screen.columns)]
}

/** Leaves out the least important columns until the bar fits. */
function chooseColumns(width: number): Column[] {
  let shown = columns
  const taken = (): number => SHARD_WIDTH + MIN_BAR + shown.reduce((sum, column) => sum + column.width, 0)
  for (let rank = 5; rank > 0 && taken() > width; rank--) shown = shown.filter((column) => column.rank < rank)
  return shown
}

function shardLine(shard: ShardView, shown: Column[], barWidth: number, paint: Paint): string {
  const level = shard.fill >= 1 ? paint.red : shard.fill >= 0.5 ? paint.yellow : paint.blue
  const remarks = remarksOf(shard).join(', ')
  const cells = shown.map((column) => {
    const cell = column.cell(shard).padStart(column.width)
    return column.title === 'drops/s' && shard.dropsPerSecond > 0 ? paint.red(cell) : cell
  })
  return `  ${String(shard.shard).padEnd(SHARD_WIDTH - 2)}${level(bar(shard.fill, barWidth))}${cells.join('')}${remarks === '' ? '' : `  ${paint.yellow(remarks)}`}`
}

/** What is odd about a shard: what was switched on, who of its queue has hung up, and a backlog that the kernel has capped. */
function remarksOf({ stalled, faults, state, hungUp, backlog, limit }: ShardView): string[] {
  const dead = state === 'listening' ? (hungUp?.least ?? 0) : 0
  return [
    ...(stalled ? ['stalled'] : []),
    ...faults,
    ...(dead > 0 ? [`${dead < (hungUp?.most ?? dead) ? '≥ ' : ''}${whole(dead)} hung up`] : []),
    ...(state === 'listening' && backlog > limit ? [`backlog ${whole(backlog)} asked, ${whole(limit)} in force`] : []),
  ]
}

function portItems(view: LabView): string[] {
  const port = view.portView
  if (port === undefined) return ['Nothing listens on the port.']
  const members = view.shards.filter((shard) => shard.state === 'listening').length
  return [
    aged(synItem(port.synQueue, members), view.ages, 'synQueue'),
    aged(`cookies ${whole(view.cookiesPerSecond)}/s`, view.ages, 'counters'),
    // These are of one reading.
    aged(`connections ${known(port.connections, whole)}`, view.ages, 'connections'),
    `receive ${known(port.receiveBytes, bytes)}`,
    `send ${known(port.sendBytes, bytes)}`,
    `zero windows ${known(port.zeroWindows, whole)}`,
  ]
}

/** With the age beside it, where it is old. */
function aged(item: string, ages: Ages, kind: ReadKind): string {
  const age = ageBeside(ages, kind)
  return age === '' ? item : `${item} (${age})`
}

/** What the exporter has not read lately is a dash. */
const known = (value: number | undefined, words: (value: number) => string): string =>
  value === undefined ? UNKNOWN : words(value)

function synItem(queue: NonNullable<LabView['portView']>['synQueue'], members: number): string {
  if (queue === undefined) return 'SYN queue  –'
  const fits = queue.limit + members
  return `SYN queue  ${bar(queue.length / fits, 8).trimEnd()} ${whole(queue.length)} of ${whole(fits)}`
}

function keys(view: LabView): string[] {
  const range = view.shards.length === 1 ? '[1]' : `[1-${Math.min(9, view.shards.length)}]`
  return [
    `${range} stall / release`,
    ...(view.server === undefined ? ['[b] backlog'] : serverKeys(view)),
    `[l] ${loadName('gentle')}`,
    '[+ -] rate',
    `[f] ${loadName('half-open')}`,
    `[r] ${loadName('slow-read')}`,
    '[?] what am I seeing',
    '[q] quit',
  ]
}

/** What can be done to a server that is not ours. */
const serverKeys = ({ server, shards }: LabView): string[] => [
  shards.every(({ state }) => state === 'down') ? '[k] start again' : '[k] kill',
  '[s] stop',
  ...(server?.reloads === true ? ['[h] reload'] : []),
  ...(server?.cpuPercent === undefined ? [] : [server.cpuPercent === 0 ? '[c] slow' : '[c] full speed']),
]

const helpLines = [
  'accept queue: connections whose handshake is complete and that the backend has not accepted yet; with limit N it holds N + 1.',
  'peak, full: highest length, and time at N + 1, in the last 30 s; sampled every few milliseconds, so a shorter burst shows only in drops.',
  'drops: what the kernel counts against the socket (sk_drops): 1 for a dropped SYN, 2 for a dropped final ACK; a retransmitted SYN counts too.',
  'oldest: how long the first in line has waited; ≤ where it is only known to be no longer, since a waiting connection does not name its shard. – where nothing bounds it.',
  'hung up: clients whose FIN or RST has come while they waited: they keep their places until accept(). Who has only finished sending cannot be told from them.',
  'SYN queue: half-open requests of all shards together, of as many as fit in all. receive, send: bytes in the queues of all connections. old: how long ago that was read at most.',
]
