/** Marks over a chart: a dashed line at each, and what was done where there is room to say it. */
import type uPlot from '/uplot.js'
import { used } from '../page/colours.ts'
import type { Mark } from './marks.ts'

/** `labels` is whether this chart has room above for words. */
export function drawMarks(plot: uPlot, marks: readonly Mark[], labels: boolean): void {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  const colours = {
    fault: used('--spill'),
    mended: used('--calm'),
    load: used('--soft'),
    setting: used('--odd'),
    experiment: used('--series-4'),
  }
  const { min = 0, max = 0 } = plot.scales.x ?? {}
  ctx.save()
  ctx.font = `${11 * ratio}px system-ui`
  ctx.textBaseline = 'bottom'
  ctx.setLineDash([3 * ratio, 3 * ratio])
  let freeTo = bbox.left + bbox.width
  // The latest first: where labels would meet, the earlier one gives way.
  for (const { timeMs, kind, text } of marks.toReversed()) {
    const at = timeMs / 1000
    if (min === null || max === null || at < min || at > max) continue
    const x = Math.round(plot.valToPos(at, 'x', true))
    ctx.strokeStyle = ctx.fillStyle = colours[kind]
    ctx.lineWidth = ratio
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    if (!labels) continue
    const width = ctx.measureText(text).width
    const left = Math.min(x, bbox.left + bbox.width - width)
    if (left + width > freeTo || left < bbox.left) continue
    ctx.fillText(text, left, bbox.top - 3 * ratio)
    freeTo = left - 8 * ratio
  }
  ctx.restore()
}
