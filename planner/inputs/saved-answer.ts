/** Answers of the HTTP API of a Prometheus that somebody has saved: what they hold is told by their names, or asked. */
import { type Static, Type } from 'typebox'
import { UsageError } from '#common/errors.ts'
import { duration, number } from '#common/quantities.ts'
import { fits } from '#common/validate.ts'
import { counterRates } from './counter-rates.ts'
import type { Series } from './prometheus.ts'
import { arrivalsOfSteps, inSteps, type Known, only } from './queried.ts'
import { saidByWords } from './query.ts'
import type { Recorded, SaidOfSamples } from './recorded.ts'

const Point = Type.Tuple([Type.Number(), Type.String()])
const Labels = Type.Record(Type.String(), Type.String())
const Result = Type.Array(Type.Object({ metric: Labels, values: Type.Array(Point) }))
const Answer = Type.Object({ data: Type.Object({ resultType: Type.String(), result: Type.Unknown() }) })
const Refused = Type.Object({ status: Type.Literal('error'), error: Type.String() })

/** What a person says beside the file. */
export interface SaidOfAnswer {
  /** The query that it answers, which the file itself does not hold. */
  query: string | undefined
  samples: SaidOfSamples | undefined
  seed: number
}

/**
 * The series of an answer to `query_range`, or to `query` with a range, and of what promtool prints with `-o json`; undefined
 * where the text is none. Throws a UsageError for an answer that has no history.
 */
export function savedSeries(file: string, text: string): Series[] | undefined {
  const value = parsed(text)
  if (fits(Refused, value))
    throw new UsageError(
      `${file} is a refusal of a Prometheus, not an answer: ${value.error}`,
      'Mend the query and ask again',
    )
  const isAnswer = fits(Answer, value)
  const result = isAnswer ? value.data.result : value
  if (Array.isArray(result) && result.length === 0 && isAnswer)
    throw new UsageError(`${file} is an answer of a Prometheus without any series`, 'Is the name in the query right?')
  if (fits(Result, result)) return result.map(seriesOf)
  if (!isAnswer) return undefined
  throw new UsageError(
    `${file} is an answer of a Prometheus of one moment (${value.data.resultType}), which says nothing of how fast connections came`,
    'Ask for a range: /api/v1/query_range with start, end and step',
  )
}

function parsed(text: string): unknown {
  if (!/^\uFEFF?\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}

const seriesOf = ({ metric, values }: Static<typeof Result>[number]): Series => ({
  labels: metric,
  values: values.map(([atSeconds, value]) => ({ atSeconds, value: Number(value) })),
})

/** Its arrivals. Throws a UsageError that asks what its values are where neither the query nor the name of its metric says so. */
export function savedArrivals(file: string, series: readonly Series[], said: SaidOfAnswer): Recorded {
  const filled = series.filter(({ values }) => values.length > 1)
  if (filled.length === 0)
    throw new UsageError(`${file} has no series of more than one sample`, 'Ask for a longer range, or a shorter step')
  const from = said.query === undefined ? file : `${file} (${said.query})`
  const gives = meaningOf(file, filled, said)
  const stepMs = stepMsOf(filled)
  if (gives.as !== 'counter')
    return arrivalsOfSteps(
      from,
      gives,
      inSteps(only(filled, said.query ?? '', `${file} holds`), stepMs, from),
      stepMs,
      said.seed,
    )
  if (!gives.summed) only(filled, said.query ?? '', `${file} holds`)
  return arrivalsOfSteps(from, gives, counterRates(filled, stepMs), stepMs, said.seed)
}

function meaningOf(file: string, series: readonly Series[], { query, samples }: SaidOfAnswer): Known {
  if (typeof samples === 'object') return { as: 'increase', windowMs: samples.windowMs }
  if (samples === 'rate') return { as: 'rate', windowMs: undefined }
  const name = series[0]?.labels.__name__
  if (samples === 'counter') return { as: 'counter', selector: name ?? '', summed: false }
  const words = query ?? name
  const gives = words === undefined ? undefined : saidByWords(words)
  if (gives !== undefined && gives.as !== 'unknown') return gives
  const values = series[0]?.values.map(({ value }) => value) ?? []
  const rises = values.every((value, i) => i === 0 || value >= values[i - 1]!)
  const range = `from ${number(Math.min(...values))} to ${number(Math.max(...values))}`
  const why =
    words === undefined
      ? 'an answer does not hold its query'
      : gives === undefined
        ? `'${words}' alone does not say it`
        : `the query ${gives.why}`
  throw new UsageError(
    `${file} is an answer of a Prometheus, and whether its values (${range}${rises ? ', never falling' : ''}) are a rate, a count or a counter is not clear: ${why}`,
    'Say which: --query with the query that it answers, or --samples rate (per second), --samples counter, or --samples 1m for what came within each minute',
  )
}

/** What usually lies between two samples. */
function stepMsOf(series: readonly Series[]): number {
  const gaps = series.flatMap(({ values }) =>
    values.slice(1).map(({ atSeconds }, i) => atSeconds - values[i]!.atSeconds),
  )
  const usual = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0
  if (usual > 0) return usual * 1000
  throw new UsageError(
    `The samples of this answer are not in the order of time, or ${duration(0)} apart`,
    'Save it again as the Prometheus gives it',
  )
}
