/** How uPlot is to draw a kind of chart: axes, curves and their colours. */
import type uPlot from '/uplot.js'
import { used } from '../page/colours.ts'
import type { Curve, Kind } from './kinds.ts'

export const HEIGHT = 128

/** `labels` is whether there is room above for the words of marks. */
export function lookOf(
  { show, range, logarithmic = false }: Kind,
  curves: readonly Curve[],
  labels: boolean,
): Omit<uPlot.Options, 'width' | 'cursor' | 'hooks'> {
  const lines = used('--line')
  const axis = {
    stroke: used('--soft'),
    grid: { stroke: lines, width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
  }
  return {
    height: HEIGHT,
    legend: { show: false },
    padding: [labels ? 20 : 8, 8, 0, 0],
    scales: {
      x: { time: true, auto: false },
      y: {
        ...(logarithmic ? { distr: 3 as const } : {}),
        range: (_plot, _low, high) => range(Number.isFinite(high) ? high : 0),
      },
    },
    axes: [
      { ...axis, size: 22, gap: 3, space: 76, values: (_plot, values) => values.map(clockTime) },
      {
        ...axis,
        ...(logarithmic ? { filter: decades, grid: { ...axis.grid, filter: decades } } : {}),
        size: 54,
        gap: 4,
        space: 26,
        values: (_plot, values) => values.map((value) => (value === null ? '' : show(value))),
      },
    ],
    series: [
      {},
      ...curves.map(({ colour, dashed = false }) => ({
        stroke:
          typeof colour === 'number'
            ? used(`--series-${(colour % 8) + 1}`)
            : used(colour === 'ink' ? '--ink' : '--odd'),
        width: 1.6,
        points: { show: false },
        ...(dashed || (typeof colour === 'number' && colour >= 8) ? { dash: [5, 4] } : {}),
      })),
    ],
  }
}

/** Hours, minutes and seconds, as the reader's clock shows them. */
const clockTime = (seconds: number): string => new Date(seconds * 1000).toTimeString().slice(0, 8)

/** On a logarithmic axis 1, 10, 100, … and no lines between. */
const decades = (_plot: uPlot, values: number[]): (number | null)[] =>
  values.map((value) => (Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-6 ? value : null))
