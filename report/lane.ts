/** What the plots draw: one lane for each case of each run, its tables as series. */
import type { Run, Table } from '#lab/experiment/folder.ts'
import type { CaseSummary } from '#lab/experiment/verdict.ts'
import type { Point } from './thin.ts'

export interface Lane {
  /** What distinguishes it from the others: the run, the case, or both. Empty if it is the only one. */
  label: string
  run: Run
  summary: CaseSummary
  /** Beginning and end of what is shown, in milliseconds since the first phase began. */
  span: [fromMs: number, toMs: number]
  shards: Shard[]
  synQueue: { length: Point[]; limit: Point[] }
  port: Record<PortColumn, Point[]>
  /** Growth since the first phase, by the kernel's name. */
  counters: Map<string, Point[]>
  connections: Connection[]
}

export interface Shard {
  number: number
  length: Point[]
  limit: Point[]
  drops: Point[]
}

export type PortColumn = (typeof portColumns)[number]
const portColumns = ['established', 'waiting', 'oldest_wait_ms', 'receive_bytes', 'send_bytes', 'zero_windows'] as const

/** A connection of the clients; NaN for what did not happen or is not known. */
export interface Connection {
  backend: string | undefined
  outcome: string
  startedMs: number
  connectMs: number
  acceptWaitMs: number
  firstByteMs: number
  totalMs: number
  /** From start to end, whatever the outcome. */
  lastedMs: number
}

/** A shard that stops listening leaves a gap in its samples, and so does a delayed sampler. */
const HOLE_SAMPLES = 10
const HOLE_MS = 100

/** How much of the time before the first phase is shown, as a share of the whole. */
const LEAD = 0.03

export function lanesOf(runs: readonly Run[], labels: readonly string[]): Lane[] {
  return runs.flatMap((run, at) =>
    run.verdict.cases.map((summary) => {
      const words = [runs.length > 1 && labels[at], run.verdict.cases.length > 1 && summary.name]
      return laneOf(run, summary, words.filter((word) => typeof word === 'string').join(' · '))
    }),
  )
}

function laneOf(run: Run, summary: CaseSummary, label: string): Lane {
  const { accept_queue, syn_queue, port, counters, connections } = run.tables
  const series = (table: Table, column: string, rows = rowsOf(table, summary.name)): Point[] =>
    rows
      .map((row) => ({ t: number(table, 't_ms', row), v: number(table, column, row) }))
      .filter(({ t }) => Number.isFinite(t))
  const holeMs = Math.max(HOLE_MS, HOLE_SAMPLES * summary.plan.sampleIntervalMs)
  const listening = rowsOf(accept_queue, summary.name)
  const numbers = [...new Set(listening.map((row) => number(accept_queue, 'shard', row)))]
    .filter(Number.isFinite)
    .sort((a, b) => a - b)
  const shards = numbers.map((shard): Shard => {
    const rows = listening.filter((row) => number(accept_queue, 'shard', row) === shard)
    const column = (name: string): Point[] => withHoles(series(accept_queue, name, rows), holeMs)
    return { number: shard, length: column('length'), limit: column('limit'), drops: column('drops') }
  })
  const columns = portColumns.map((name): [PortColumn, Point[]] => [name, series(port, name)])
  const moments = [
    ...summary.phases.flatMap(({ tMs, endMs }) => [tMs, endMs ?? tMs]),
    ...[...shards.flatMap((shard) => shard.length), ...columns[0]![1]].map(({ t }) => t),
  ]
  const end = largest(moments, 1)
  const begin = Math.max(smallest(moments, 0), -LEAD * end)
  return {
    label,
    run,
    summary,
    shards,
    span: [begin, end > begin ? end : begin + 1],
    synQueue: { length: series(syn_queue, 'length'), limit: series(syn_queue, 'limit') },
    port: Object.fromEntries(columns) as Record<PortColumn, Point[]>,
    counters: growth(counters, summary),
    connections: rowsOf(connections, summary.name).map((row) => connectionOf(connections, row)),
  }
}

/** The rows of one case. */
const rowsOf = (table: Table, name: string): number[] =>
  (table.case ?? []).flatMap((value, row) => (value === name ? [row] : []))

function number(table: Table, column: string, row: number): number {
  const value = table[column]?.[row]
  return typeof value === 'number' ? value : Number.NaN
}

/** Marks gaps: no sample for longer than the sampling interval explains. */
function withHoles(points: readonly Point[], holeMs: number): Point[] {
  return points.flatMap((point, at) => {
    const next = points[at + 1]
    return next !== undefined && next.t - point.t > holeMs ? [point, { t: point.t, v: Number.NaN }] : [point]
  })
}

/** Each counter that moved, as its increase since the first phase began. */
function growth(table: Table, { name, counters }: CaseSummary): Map<string, Point[]> {
  const found = new Map<string, Point[]>()
  const moved = new Map(
    counters.flatMap(({ host, name, before }) => (host === 'server' ? [[bareName(name), before]] : [])),
  )
  for (const row of rowsOf(table, name)) {
    const counter = table.name?.[row]
    if (typeof counter !== 'string') continue
    const before = moved.get(counter)
    if (before === undefined) continue
    const points = found.get(counter) ?? []
    points.push({ t: number(table, 't_ms', row), v: number(table, 'value', row) - before })
    found.set(counter, points)
  }
  return found
}

/** A counter's name as the kernel's files have it, without the name of the group. */
export const bareName = (name: string): string => name.replace(/^Tcp(Ext)?_/, '')

function connectionOf(table: Table, row: number): Connection {
  const at = (column: string): number => number(table, column, row)
  const [scheduled, started, closed] = [at('scheduled_t_ms'), at('started_t_ms'), at('closed_t_ms')]
  const [backend, outcome] = [table.backend?.[row], String(table.outcome?.[row] ?? 'unknown')]
  return {
    outcome,
    startedMs: started,
    backend: typeof backend === 'string' ? backend : undefined,
    connectMs: at('connected_t_ms') - started,
    acceptWaitMs: at('accept_wait_ms'),
    firstByteMs: at('first_byte_t_ms') - scheduled,
    totalMs: outcome === 'ok' ? closed - scheduled : Number.NaN,
    lastedMs: closed - started,
  }
}

/** The largest number of a series that may be long and have gaps. */
export const largest = (values: readonly number[], atLeast = Number.NEGATIVE_INFINITY): number =>
  values.reduce((most, value) => (value > most ? value : most), atLeast)

export const smallest = (values: readonly number[], atMost = Number.POSITIVE_INFINITY): number =>
  values.reduce((least, value) => (value < least ? value : least), atMost)

/** The highest value of several series; 0 if there is none. */
export const peakOf = (...series: readonly (readonly Point[])[]): number =>
  largest(
    series.flatMap((points) => points.map(({ v }) => v)),
    0,
  )
