/** What a Prometheus says now of something, found by the labels that say what it is about. */
import type { Prometheus, Value } from '#planner/inputs/prometheus.ts'

/** Between the two looks: long enough for a scrape between them. */
export const APART_S = 30
/** For what goes on now: two scrapes of any usual interval. */
export const NOW = '2m'

export const NAMESPACE = ['instance', 'netns'] as const

export type Find = (like: Value) => number | undefined

export const keyOf = ({ labels }: Value, same: readonly string[]): string =>
  same.map((label) => labels[label] ?? '').join('|')

/** Gives what a query found for whatever has the same values of the labels `same`. A quotient of nothing by nothing is not known. */
export async function findBy(prometheus: Prometheus, query: string, same: readonly string[]): Promise<Find> {
  const found = new Map((await prometheus.now(query)).map((value) => [keyOf(value, same), value.value]))
  return (like) => {
    const value = found.get(keyOf(like, same))
    return value === undefined || !Number.isFinite(value) ? undefined : value
  }
}
