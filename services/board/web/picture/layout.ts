/** Where the parts of the picture lie, for any width and number of shards. Pure: units, not pixels. */

export interface Box {
  x: number
  y: number
  w: number
  h: number
}

export interface LaneLayout {
  /** All that belongs to the shard, for hovering. */
  area: Box
  tank: Box
  processes: Box[]
}

export interface Layout {
  width: number
  height: number
  gutter: number
  clients: Box
  grid: Box
  boundaryY: number
  lanes: LaneLayout[]
  receive: Box
  send: Box
  /** How much fits beside the shapes: `wide` up to 4 lanes, `narrow` up to 10, else `dense`. */
  room: 'wide' | 'narrow' | 'dense'
}

export const HEIGHT = 526
export const LEAST_WIDTH = 1000
const GUTTER = 168
const MARGIN = 16

/** `processes[i]` is how many processes accept from tank i. */
export function layoutOf(width: number, processes: readonly number[]): Layout {
  const left = GUTTER
  const right = width - MARGIN
  const inner = right - left
  const lanes = Math.max(1, processes.length)
  const laneWidth = inner / lanes
  const room = lanes <= 4 ? 'wide' : lanes <= 10 ? 'narrow' : 'dense'
  const half = (inner - 28) / 2
  return {
    width,
    height: HEIGHT,
    gutter: GUTTER,
    room,
    clients: { x: left, y: 14, w: inner, h: 42 },
    grid: { x: left, y: 80, w: inner, h: 60 },
    boundaryY: 377,
    receive: { x: left, y: 472, w: half, h: 34 },
    send: { x: left + half + 28, y: 472, w: half, h: 34 },
    lanes: processes.map((count, index) => lane(left + index * laneWidth, laneWidth, count, lanes)),
  }
}

function lane(x: number, width: number, processes: number, lanes: number): LaneLayout {
  // Room on the right of the tank is for what spills.
  const share = lanes === 1 && processes > 1 ? 0.8 : lanes <= 2 ? 0.46 : lanes <= 4 ? 0.54 : 0.62
  const tankWidth = width * share
  const tankX =
    x + (width - tankWidth) * (lanes === 1 && processes === 1 ? 0.42 : lanes <= 4 ? 0.24 : lanes <= 10 ? 0.3 : 0.5)
  const gap = lanes <= 10 ? 8 : 3
  const slot = (lanes === 1 && processes > 1 ? tankWidth : width) / Math.max(1, processes)
  const boxWidth = Math.min(processes > 1 ? 190 : 230, slot - gap)
  const firstX = processes > 1 ? tankX : tankX + tankWidth / 2 - slot / 2
  const least = x + gap / 2
  return {
    area: { x, y: 158, w: width, h: 296 },
    tank: { x: tankX, y: 200, w: tankWidth, h: 154 },
    processes: Array.from({ length: Math.max(1, processes) }, (_, index) => ({
      x: Math.max(least, firstX + index * slot + (slot - boxWidth) / 2),
      y: 396,
      w: boxWidth,
      h: 58,
    })),
  }
}
