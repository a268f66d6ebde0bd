import { median } from '#common/quantile.ts'
import { duration } from './quantities.ts'
import type { Point } from './thin.ts'

/** The usual time between two samples, in words. */
export function usualInterval(series: readonly (readonly Point[])[]): string {
  const gaps = series.flatMap((points) =>
    points.flatMap(({ t }, at) => {
      const before = points[at - 1]
      return before !== undefined && t > before.t ? [t - before.t] : []
    }),
  )
  return gaps.length === 0 ? 'occasionally' : `about every ${duration(roughly(median(gaps)))}`
}

/** The nearest round number if it is close enough. */
function roughly(ms: number): number {
  const round = Number(ms.toPrecision(1))
  return Math.abs(round - ms) < 0.04 * ms ? round : ms
}
