/**
 * What the pointer does in the charts. uPlot repeats every event of one chart in all others, so that cursor and selection
 * are seen in each; but the scales of the first may move before the last has heard of it. So what a gesture means is said
 * once: by the chart that the pointer is in, after all have ended it.
 */
import uPlot from '/uplot.js'
import type { Range } from './time-shown.ts'

export interface Gestures {
  /** A stretch of time was drawn over. */
  onZoom(range: Range): void
  /** Asked to go back. */
  onReset(): void
  /** The pointer is pressed in a chart, or let go: meanwhile what is below it must not move. */
  onHold(held: boolean): void
  /** Pointed at, in seconds since the epoch; undefined when the pointer has left. */
  onPoint(at: number | undefined): void
}

const GROUP = 'spillway'
/** Less is a click by an unsteady hand. */
const LEAST_ZOOM_PX = 4

/** The part of a chart's options that is about the pointer. */
export function listeningTo({ onZoom, onReset, onHold, onPoint }: Gestures): Pick<uPlot.Options, 'cursor' | 'hooks'> {
  let pointerIsHere = false
  return {
    cursor: {
      sync: { key: GROUP, setSeries: false },
      drag: { x: true, y: false, setScale: false },
      points: { show: false },
      y: false,
      bind: {
        mousemove: (_plot, target, move) => (event) => {
          if (event.target !== target) return null
          pointerIsHere = true
          return move(event)
        },
        mouseleave: (plot, target, leave) => (event) => {
          // Whoever drags out above or below still means where the pointer is; uPlot would stretch to the edge.
          if (event.target !== target || (event.buttons === 1 && isBetweenEdges(plot, event))) return null
          leave(event)
          pointerIsHere = false
          return null
        },
        mousedown: (_plot, _target, begin) => (event) => {
          if (event.button !== 0) return null
          onHold(true)
          begin(event)
          return null
        },
        mouseup: (plot, _target, end) => (event) => {
          if (event.button !== 0) return null
          end(event)
          onHold(false)
          const { left, width } = plot.select
          const range = { min: plot.posToVal(left, 'x'), max: plot.posToVal(left + width, 'x') }
          const isOutside = !(event.target instanceof Node && plot.over.contains(event.target))
          for (const one of uPlot.sync(GROUP).plots) {
            one.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            if (isOutside) one.setCursor({ left: -10, top: -10 })
          }
          if (isOutside) pointerIsHere = false
          if (width > LEAST_ZOOM_PX) onZoom(range)
          return null
        },
        dblclick: () => (event) => {
          if (event.button === 0) onReset()
          return null
        },
      },
    },
    hooks: {
      setCursor: [
        (plot) => {
          if (!pointerIsHere) return
          const { left = -1 } = plot.cursor
          onPoint(left < 0 ? undefined : plot.posToVal(left, 'x'))
        },
      ],
    },
  }
}

function isBetweenEdges({ over }: uPlot, { clientX }: MouseEvent): boolean {
  const { left, right } = over.getBoundingClientRect()
  return clientX > left && clientX < right
}
