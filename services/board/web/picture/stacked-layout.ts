/**
 * The picture on a narrow page, in pixels: the tanks first, as many in a row as can be read and pressed, then what leads
 * to them, one station below the other. Pure.
 */
import type { Box, LaneLayout, Layout, Place } from './layout.ts'

const MARGIN = 12
const MOST_IN_A_ROW = 4
const FIRST_ROW_Y = 78
/** Name, tank, what falls from it, processes. */
const NAME = 22
const FALL = 46
const PROCESS = 84
const BETWEEN_ROWS = 16

/** `processes[i]` is how many processes accept from tank i. */
export function stackedLayoutOf(width: number, processes: readonly number[], port = true): Layout {
  const inner = width - 2 * MARGIN
  const inRow = Math.min(MOST_IN_A_ROW, Math.max(1, processes.length))
  const rows = Math.max(1, Math.ceil(processes.length / inRow))
  const tank = rows > 2 ? 84 : 118
  const rowHeight = NAME + tank + FALL + PROCESS + BETWEEN_ROWS
  const place = (y: number): Place => ({ x: MARGIN, y, flow: 'row' })
  const processY = FIRST_ROW_Y + rows * rowHeight + 14
  const clientsY = processY + 56
  const synY = clientsY + 132
  const connectionsY = synY + 142
  return {
    width,
    height: port ? connectionsY + 184 : processY + 40,
    gutter: MARGIN,
    stacked: true,
    port,
    room: inRow === 1 ? 'wide' : 'narrow',
    clients: { x: MARGIN, y: clientsY + 10, w: inner, h: 92 },
    grid: { x: MARGIN, y: synY + 62, w: inner, h: 48 },
    boundaryY: 0,
    lanes: processes.map((count, index) => {
      const laneWidth = inner / inRow
      const x = MARGIN + (index % inRow) * laneWidth
      const y = FIRST_ROW_Y + Math.floor(index / inRow) * rowHeight
      return lane({ x, y, w: laneWidth, h: rowHeight - BETWEEN_ROWS }, tank, count)
    }),
    receive: { x: MARGIN, y: connectionsY + 40, w: inner, h: 34 },
    send: { x: MARGIN, y: connectionsY + 108, w: inner, h: 34 },
    stations: {
      accept: place(20),
      process: place(processY),
      clients: place(clientsY),
      syn: place(synY),
      connections: place(connectionsY),
    },
    steering: { x: MARGIN, y: 66 },
    dropped: { x: width - MARGIN, y: 73, end: true },
  }
}

function lane(area: Box, tankHeight: number, processes: number): LaneLayout {
  const shared = processes > 1
  const width = area.w * (shared ? 0.8 : 0.7)
  const tank = { x: area.x + (area.w - width) * 0.3, y: area.y + NAME, w: width, h: tankHeight }
  const count = Math.max(1, processes)
  return {
    area,
    tank,
    processes: Array.from({ length: count }, (_, index) => ({
      x: area.x + 3 + (index * area.w) / count,
      y: tank.y + tankHeight + FALL,
      w: area.w / count - 6,
      h: PROCESS,
    })),
  }
}
