/** How uPlot is to draw a kind of chart: axes, curves and their colours. */
import type uPlot from '/uplot.js'
import { used } from '../page/colours.ts'
import type { Curve, Kind } from './kinds.ts'
import { timeLabels } from './time-labels.ts'

export const HEIGHT = 96
/** What the value axis takes on the left, and the space on the right. */
const AXIS_WIDTH = 46
const RIGHT = 8

/** `labels` is whether there is room above for the words of marks. */
export function lookOf(
  { show, axis: word = show, range, logarithmic = false }: Kind,
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
    padding: [labels ? 18 : 8, RIGHT, 0, 0],
    scales: {
      x: { time: true, auto: false },
      y: {
        ...(logarithmic ? { distr: 3 as const } : {}),
        range: (_plot, _low, high) => range(Number.isFinite(high) ? high : 0),
      },
    },
    axes: [
      { ...axis, size: 20, gap: 3, space: 64, values: clockTimes },
      {
        ...axis,
        ...(logarithmic ? { filter: decades, grid: { ...axis.grid, filter: decades } } : {}),
        size: AXIS_WIDTH,
        gap: 4,
        space: 20,
        values: (_plot, values) => values.map((value) => (value === null ? '' : word(value))),
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

/** Times at the axis, none of them cut. */
function clockTimes(plot: uPlot, values: (number | null)[], _axis: number, _space: number, step: number): string[] {
  const width = plot.bbox.width / devicePixelRatio
  return timeLabels(values, step, (seconds) => plot.valToPos(seconds, 'x'), { from: -AXIS_WIDTH, to: width + RIGHT })
}

/** On a logarithmic axis 1, 10, 100, … and no lines between; where those are many every other. */
const decades = ({ scales }: uPlot, values: number[]): (number | null)[] => {
  const { min, max } = scales.y ?? {}
  const many = Math.log10((max ?? 1) / (min ?? 1)) > 4
  return values.map((value) => {
    const power = Math.log10(value)
    const isWhole = Math.abs(power - Math.round(power)) < 1e-6
    return isWhole && !(many && Math.round(power) % 2 !== 0) ? value : null
  })
}
