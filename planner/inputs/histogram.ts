/** Tables that count arrivals in each interval instead of listing them. */
import { UsageError } from '#common/errors.ts'
import { orNearest } from '#common/nearest.ts'
import type { Table } from './csv.ts'

export interface CountColumn {
  at: number
  name: string
  /** Its cells are rates, not counts. */
  perSecond: boolean
}

const counts =
  /^(?:n|num(?:ber)?|counts?|total|hits?|requests?|reqs?|conn(?:ection)?s?|connects?|arrivals?|syns?|accepts?|accepted|events?|calls?|sessions?|clients?|volume|anzahl|anfragen|verbindungen|aufrufe|nombre|connexions|visites|conexiones|peticiones|richieste|connessioni)$/
const ofCounts = /^(?:num(?:ber)?|n|no|count|total|sum|new|of|the|per|in|interval|tcp|http|open(?:ed|s)?|passive)$/
const rates = /^(?:rps|qps|cps|tps|rates?|throughput)$/
const perSecondWords = /(?:\/s(?:ec(?:ond)?)?|[_ ]per[_ ]s(?:ec(?:ond)?)?)$/i

const wordsOf = (heading: string): string[] =>
  heading
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '')

/** Whether a heading names counts of arrivals, or a rate of them. */
function kindOf(heading: string): 'count' | 'rate' | undefined {
  const words = wordsOf(heading.replace(perSecondWords, ''))
  if (words.length === 0) return undefined
  if (words.some((word) => rates.test(word))) return 'rate'
  if (!words.some((word) => counts.test(word)) || !words.every((word) => counts.test(word) || ofCounts.test(word)))
    return undefined
  return perSecondWords.test(heading) ? 'rate' : 'count'
}

/**
 * The column of counts beside a column of times; undefined where there is none, or where its cells are no counts (names and
 * numbers of connections). Throws a UsageError where there are several.
 */
export function countColumnOf(
  file: string,
  { heading, rows, top }: Table,
  times: number,
  said: string | undefined,
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
    return { at, name: heading[at]!, perSecond: kindOf(heading[at]!) === 'rate' }
  }
  const found = [...heading.keys()].flatMap((at): CountColumn[] => {
    const kind = at === times ? undefined : kindOf(heading[at]!)
    if (kind === undefined) return []
    const cells = rows.map((row) => row[at] ?? '')
    const fits = kind === 'rate' ? /^\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i : /^\d+(?:\.0*)?$/
    // One arrival in each line is a list of them.
    return cells.every((cell) => fits.test(cell)) && cells.some((cell) => Number(cell) !== 1)
      ? [{ at, name: heading[at]!, perSecond: kind === 'rate' }]
      : []
  })
  if (found.length > 1)
    throw new UsageError(
      `${file} line ${top}: ${found.map(({ name }) => `\`${name}\``).join(' and ')} may both count arrivals`,
      `Say which one: --counts ${found[0]?.name}`,
    )
  return found[0]
}

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
  { at, name, perSecond }: CountColumn,
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
  return {
    stepMs,
    counts: rows.map((row) => Number(row[at]) * (perSecond ? stepMs / 1000 : 1)),
  }
}
