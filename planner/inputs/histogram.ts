/** Tables that count arrivals in each interval instead of listing them. */
import { UsageError } from '#common/errors.ts'
import { orNearest } from '#common/nearest.ts'
import type { Table } from './csv.ts'
import { saidByWords } from './query.ts'
import type { SaidOfSamples } from './recorded.ts'

/** What numbers beside times are: what came in each interval; what comes in so many seconds; all that ever came. */
export type Values = { as: 'count' } | { as: 'rate'; seconds: number } | { as: 'counter' }

export interface CountColumn {
  at: number
  name: string
  is: Values
}

const counts =
  /^(?:n|num(?:ber)?|counts?|total|hits?|requests?|reqs?|conn(?:ection)?s?|connects?|arrivals?|syns?|accepts?|accepted|events?|calls?|sessions?|clients?|volume|anzahl|anfragen|verbindungen|aufrufe|nombre|connexions|visites|conexiones|peticiones|richieste|connessioni)$/
const ofCounts = /^(?:num(?:ber)?|n|no|count|total|sum|new|of|the|per|in|interval|tcp|http|open(?:ed|s)?|passive)$/
const rates = /^(?:rates?|throughput)$/
/** Requests, queries, connections or transactions a second, a minute, an hour. */
const shortRate = /^[rqct]p([smh])$/
const lengths: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }
/** `/s`, `per minute`, `_per_10s`. */
const perTime =
  /(?:\/|(?:^|[_ ])per[_ ])\s*(\d+)?\s*(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?)\)?$/i

const wordsOf = (heading: string): string[] =>
  heading
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '')

/** A heading that is a query, or the name of a metric: what exports of dashboards have. */
const isQuery = (heading: string): boolean => /[[({:]|^[a-z]+(?:_[a-zA-Z]+){2,}$|_total$/.test(heading)

/** What a heading says of the numbers below it; undefined where it names neither counts of arrivals nor a rate of them. */
function kindOf(heading: string): Values | undefined {
  if (isQuery(heading)) {
    const gives = saidByWords(heading)
    if (gives?.as === 'rate') return { as: 'rate', seconds: 1 }
    if (gives?.as === 'increase') return { as: 'rate', seconds: gives.windowMs / 1000 }
    if (gives !== undefined) return gives.as === 'counter' ? { as: 'counter' } : undefined
  }
  const [per = ''] = perTime.exec(heading) ?? []
  const rate = rateIn(heading)
  const seconds = rate?.seconds ?? 1
  const words = wordsOf(heading.slice(0, heading.length - per.length))
  if (words.some((word) => rates.test(word))) return { as: 'rate', seconds }
  const short = words.map((word) => shortRate.exec(word)?.[1]).find((found) => found !== undefined)
  if (short !== undefined) return { as: 'rate', seconds: lengths[short]! }
  if (!words.some((word) => counts.test(word)) || !words.every((word) => counts.test(word) || ofCounts.test(word)))
    return undefined
  return rate ?? { as: 'count' }
}

/** The rate that the end of a heading says: `passive/s`. */
function rateIn(heading: string): { as: 'rate'; seconds: number } | undefined {
  const [, many = '1', unit] = perTime.exec(heading) ?? []
  return unit === undefined ? undefined : { as: 'rate', seconds: Number(many) * lengths[unit[0]!.toLowerCase()]! }
}

/**
 * The column of counts beside a column of times; undefined where there is none, or where its cells are no counts (names and
 * numbers of connections). Throws a UsageError where there are several.
 */
export function countColumnOf(
  file: string,
  { heading, rows, top, rates }: Table,
  times: number,
  { counts: said, samples }: { counts?: string | undefined; samples?: SaidOfSamples | undefined },
): CountColumn | undefined {
  if (said !== undefined) {
    const at = heading.findIndex((name) => name.toLowerCase() === said.toLowerCase())
    if (at === -1 || at === times)
      throw new UsageError(
        `${file} line ${top} has no column '${said}' of counts${orNearest(said, heading)}`,
        `Its columns: ${heading.join(', ')}`,
      )
    const wrong = rows.find((row) => !/^\d+(?:\.\d*)?(?:e[+-]?\d+)?$/i.test(row[at] ?? ''))
    if (wrong !== undefined)
      throw new UsageError(`${file}: '${wrong[at]}' in \`${heading[at]}\` is not a count`, 'Name the column of counts')
    const kind = rates?.has(at) === true ? perSecond : (kindOf(heading[at]!) ?? rateIn(heading[at]!) ?? { as: 'count' })
    return { at, name: heading[at]!, is: samples === undefined ? kind : valuesSaid(samples) }
  }
  const found = [...heading.keys()].flatMap((at): CountColumn[] => {
    const kind = at === times ? undefined : rates?.has(at) === true ? perSecond : kindOf(heading[at]!)
    if (kind === undefined) return []
    const cells = rows.map((row) => row[at] ?? '')
    const fits = kind.as === 'rate' ? /^\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i : /^\d+(?:\.0*)?$/
    // One arrival in each line is a list of them.
    return cells.every((cell) => fits.test(cell)) && cells.some((cell) => Number(cell) !== 1)
      ? [{ at, name: heading[at]!, is: kind }]
      : []
  })
  if (found.length > 1)
    throw new UsageError(
      `${file} line ${top}: ${found.map(({ name }) => `\`${name}\``).join(' and ')} may both count arrivals`,
      `Say which one: --counts ${found[0]?.name}`,
    )
  return found[0] === undefined ? undefined : decided(file, found[0], rows, samples)
}

const perSecond: Values = { as: 'rate', seconds: 1 }

/** So many numbers that never fall are no chance, where they count what came in each interval. */
const RISING = 8

/**
 * The column, as what a person says that it is. Throws a UsageError where nobody does, and its numbers only ever rise, as
 * those of a counter do: what came in each interval falls now and then.
 */
function decided(
  file: string,
  column: CountColumn,
  rows: readonly string[][],
  samples: SaidOfSamples | undefined,
): CountColumn {
  if (samples !== undefined) return { ...column, is: valuesSaid(samples) }
  if (column.is.as !== 'count' || rows.length < RISING) return column
  const values = rows.map((row) => Number(row[column.at]))
  const rises = values.every((value, i) => i === 0 || value >= values[i - 1]!) && values.at(-1)! > values[0]!
  if (!rises) return column
  throw new UsageError(
    `${file}: the numbers of \`${column.name}\` never fall, from ${values[0]} to ${values.at(-1)}: they may be a counter, which holds all that ever came, or what came in each interval of a load that grew`,
    'Say which: --samples counter, or --samples TIME for what came within a time, such as 15s',
  )
}

const valuesSaid = (samples: SaidOfSamples): Values =>
  typeof samples === 'object'
    ? { as: 'rate', seconds: samples.windowMs / 1000 }
    : samples === 'rate'
      ? perSecond
      : { as: 'counter' }

/** So many lines in even steps are no chance. */
const TELLING = 4
/** A number, perhaps with a unit that is not known here. */
const value = /^\d[\d.,\u00a0 ]*(?:e[+-]?\d+)?\s*[^\d\s:]{0,12}$/i

/**
 * A column of numbers beside times that go in exactly even steps, as exports of dashboards have: its values may be counts,
 * though its name does not say so. Undefined where there is none.
 */
export function openColumnOf({ heading, rows }: Table, times: Float64Array, own: number): string | undefined {
  if (times.length < TELLING) return undefined
  const step = times[1]! - times[0]!
  if (!(step > 0) || !times.every((time, i) => i === 0 || Math.abs(time - times[i - 1]! - step) < step / 1000))
    return undefined
  const at = heading.findIndex(
    (_, i) => i !== own && rows.every((row) => value.test(row[i] ?? '')) && !risesByOne(rows, i),
  )
  return heading[at]
}

/** Numbers of lines, or of connections. */
const risesByOne = (rows: readonly string[][], at: number): boolean =>
  rows.every((row, i) => i === 0 || Number(row[at]) === Number(rows[i - 1]![at]) + 1)

/** Counts, and how long each interval is. Throws a UsageError where the times are no intervals. */
export function countsIn(
  file: string,
  { rows, lines, heading }: Table,
  times: Float64Array,
  { at, name, is }: CountColumn,
): { stepMs: number; counts: number[] } {
  let stepMs = Number.POSITIVE_INFINITY
  for (let i = 1; i < times.length; i++) stepMs = Math.min(stepMs, times[i]! - times[i - 1]!)
  const uneven = times.findIndex((time, i) => {
    const steps = i === 0 ? 1 : (time - times[i - 1]!) / stepMs
    return !(Math.abs(steps - Math.round(steps)) < 0.05)
  })
  if (times.length < 2 || !(stepMs > 0) || uneven !== -1)
    throw new UsageError(
      `${file} line ${lines[Math.max(uneven, times.length < 2 ? 0 : 1)]}: \`${name}\` looks like a count of arrivals, but the times beside it do not go in even steps, so that how long each interval is cannot be told`,
      `Write one line for each interval of one length; or leave \`${name}\` out where each line is one arrival (columns: ${heading.join(', ')})`,
    )
  const share = is.as === 'rate' ? stepMs / 1000 / is.seconds : 1
  return { stepMs, counts: rows.map((row) => Number(row[at]) * share) }
}
