/** Predictions of a reader in the board's charts: a labelled line at the predicted value. */
import type uPlot from '/uplot.js'
import { used } from '../page/colours.ts'
import type { TermName } from '../page/glossary.ts'

/** The event by which a page that shows the board beside something tells it of predictions. */
export const PREDICTED = 'spillway-predicted'

export interface PredictedLine {
  /** The chart, by the term that its title explains. */
  chart: TermName
  /** In the unit of the chart. */
  value: number
  words: string
}

/** No prediction, however wrong, may press what is measured flat at the bottom. */
const AT_MOST_TIMES = 4

let lines: readonly PredictedLine[] = []
addEventListener(PREDICTED, (event) => {
  // It comes from another page, whose CustomEvent is not ours.
  if ('detail' in event && Array.isArray(event.detail)) lines = event.detail
})

const linesOf = (chart: TermName): PredictedLine[] => lines.filter((line) => line.chart === chart)

/** An axis that reaches to the predictions too, if that leaves what is measured readable. */
export function reachingPredictions(
  chart: TermName,
  range: (highest: number) => [number, number],
): (highest: number) => [number, number] {
  return (highest) => {
    const [low, high] = range(highest)
    const predicted = Math.max(0, ...linesOf(chart).map(({ value }) => value))
    return [low, Math.max(high, Math.min(predicted * 1.1, high * AT_MOST_TIMES))]
  }
}

export function drawPredictions(plot: uPlot, chart: TermName): void {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  const { max = 0 } = plot.scales.y ?? {}
  ctx.save()
  ctx.font = `600 ${11 * ratio}px system-ui`
  ctx.textAlign = 'left' // the axes have left another
  ctx.strokeStyle = ctx.fillStyle = used('--accent')
  ctx.lineWidth = 2 * ratio
  for (const { value, words } of linesOf(chart)) {
    const beyond = max !== null && value > max
    const y = Math.max(bbox.top + ratio, Math.round(plot.valToPos(value, 'y', true)))
    ctx.setLineDash([8 * ratio, 4 * ratio])
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
    const below = y - bbox.top < 16 * ratio
    ctx.textBaseline = below ? 'top' : 'bottom'
    ctx.fillText(beyond ? `↑ ${words}` : words, bbox.left + 6 * ratio, y + (below ? 3 : -3) * ratio)
  }
  ctx.restore()
}
