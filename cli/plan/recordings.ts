/** Recorded arrivals: a CSV, the folder of a run, or a Prometheus. */
import fs from 'node:fs'
import path from 'node:path'
import { UsageError } from '#common/errors.ts'
import { readFolder } from '#lab/experiment/folder.ts'
import { MOST_ARRIVALS, parseCsv, type Recorded, recorded } from './csv.ts'
import { Prometheus } from './prometheus.ts'

export interface RangeQuery {
  query: string | undefined
  rangeMs: number
  stepMs: number
  seed: number
}

/** Reads arrivals from wherever `where` leads. */
export async function readArrivals(where: string, range: RangeQuery): Promise<Recorded> {
  if (/^https?:/.test(where)) return await fromPrometheus(where, range)
  const found = fs.statSync(where, { throwIfNoEntry: false })
  if (found === undefined)
    throw new UsageError(`--arrivals '${where}' is neither poisson nor constant, and no such file exists`)
  return found.isDirectory() ? await fromRun(where) : parseCsv(where, fs.readFileSync(where, 'utf8'))
}

/** The connections of a run as they were scheduled; of a comparison, those of its first case. */
async function fromRun(folder: string): Promise<Recorded> {
  if (!fs.existsSync(path.join(folder, 'connections.parquet')))
    throw new UsageError(`${folder} is no run's folder: it has no connections.parquet`)
  const { tables } = await readFolder(folder)
  const { case: cases = [], scheduled_t_ms: scheduled = [] } = tables.connections
  const times = scheduled.filter((time, row): time is number => typeof time === 'number' && cases[row] === cases[0])
  return recorded(
    folder,
    times.toSorted((a, b) => a - b),
  )
}

async function fromPrometheus(url: string, { query, rangeMs, stepMs, seed }: RangeQuery): Promise<Recorded> {
  if (query === undefined)
    throw new UsageError(
      '--query is missing: which series gives connections a second?',
      "For example --query 'sum(rate(node_netstat_Tcp_PassiveOpens[1m]))'",
    )
  const series = await new Prometheus(url).range(query, rangeMs, stepMs)
  if (series.length === 0) throw new UsageError(`The query gives no series: ${query}`)
  if (series.length > 1)
    throw new UsageError(`The query gives ${series.length} series: ${query}`, 'Add them up: sum(…)')
  const { poissonSteps } = await import('#lab/planner/poisson-steps.ts')
  const rates = series[0]!.values
  const expected = rates.reduce((sum, { value }) => sum + (value * stepMs) / 1000, 0)
  if (expected > MOST_ARRIVALS)
    throw new UsageError(
      `That range holds some ${Math.round(expected)} connections, too many to play`,
      'Choose a shorter --range around the peak',
    )
  const { atMs, source } = recorded(
    `${query} at ${url}`,
    poissonSteps(
      rates.map(({ value }) => value),
      stepMs,
      seed,
    ),
  )
  return {
    atMs,
    source: `${source}; rates every ${stepMs / 1000} s, made into independent arrivals: clusters within a step are not seen`,
  }
}
