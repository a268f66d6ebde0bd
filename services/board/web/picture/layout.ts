/** Where the parts of the picture lie, for any width and number of shards. Pure: units, not pixels. */
import { stackedLayoutOf } from './stacked-layout.ts'

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

/** Where a station is named: its words one below the other, or in a row. */
export interface Place {
  x: number
  y: number
  flow: 'column' | 'row'
}

export interface Layout {
  width: number
  height: number
  gutter: number
  /** A narrow page: the tanks come first, and the stations before them stand below. */
  stacked: boolean
  /** Whether there are stations before and behind the tanks: a UNIX socket or UDP has none. */
  port: boolean
  clients: Box
  grid: Box
  boundaryY: number
  lanes: LaneLayout[]
  receive: Box
  send: Box
  stations: Record<'clients' | 'syn' | 'accept' | 'process' | 'connections', Place>
  steering: { x: number; y: number }
  /** The drops of all shards: beside the number of those that wait. */
  dropped: { x: number; y: number; end: boolean }
  /** How much fits beside the shapes: `wide` up to 4 lanes, `narrow` up to 10, else `dense`. */
  room: 'wide' | 'narrow' | 'dense'
}

const HEIGHT = 540
/** What the stations before the tanks take of it, and those behind them. */
const ABOVE = 146
const BELOW = 48
/** Where there is so little height that letters would become too small, the stations stand closer. */
const LOW = { height: 452, belowScale: 0.8 }
/** A page that is narrower than this, in pixels, gets the stacked picture. */
const STACKED_BELOW_PX = 640
const LEAST_WIDTH = 900
const GUTTER = 184
const MARGIN = 16

/** The layout for a width and at most a height, in pixels. `processes[i]` is how many processes accept from tank i. */
export function fit(widthPx: number, mostHeightPx: number, processes: readonly number[], port = true): Layout {
  if (widthPx < STACKED_BELOW_PX) return stackedLayoutOf(Math.max(300, widthPx), processes, port)
  const scale = Math.min(widthPx / LEAST_WIDTH, mostHeightPx / (port ? HEIGHT : HEIGHT - ABOVE - BELOW))
  if (port && scale < LOW.belowScale && mostHeightPx < HEIGHT) {
    const closer = Math.min(widthPx / LEAST_WIDTH, mostHeightPx / LOW.height)
    return low(layoutOf(Math.round(widthPx / closer), processes))
  }
  const layout = layoutOf(Math.round(widthPx / scale), processes)
  return port ? layout : alone(layout)
}

/** The same stations in less height: flatter tanks, less between them. */
function low(layout: Layout): Layout {
  const at = <Placed extends { y: number }>(placed: Placed, y: number): Placed => ({ ...placed, y })
  const { stations, clients, grid, receive, send } = layout
  return {
    ...layout,
    height: LOW.height,
    clients: { ...clients, y: 10, h: 36 },
    grid: { ...grid, y: 70, h: 40 },
    boundaryY: 306,
    receive: at(receive, 398),
    send: at(send, 398),
    lanes: layout.lanes.map(({ area, tank, processes }) => ({
      area: { ...area, y: 128, h: 260 },
      tank: { ...tank, y: 172, h: 108 },
      processes: processes.map((box) => at(box, 322)),
    })),
    stations: {
      clients: at(stations.clients, 25),
      syn: at(stations.syn, 72),
      accept: at(stations.accept, 172),
      process: at(stations.process, 340),
      connections: at(stations.connections, 415),
    },
    steering: { ...layout.steering, y: 150 },
    dropped: { ...layout.dropped, y: 262 },
  }
}

/** The tanks and their processes alone. */
function alone(layout: Layout): Layout {
  const up = <Placed extends { y: number }>(placed: Placed): Placed => ({ ...placed, y: placed.y - ABOVE })
  const { accept, process } = layout.stations
  return {
    ...layout,
    port: false,
    height: HEIGHT - ABOVE - BELOW,
    boundaryY: layout.boundaryY - ABOVE,
    lanes: layout.lanes.map(({ area, tank, processes }) => ({
      area: up(area),
      tank: up(tank),
      processes: processes.map(up),
    })),
    stations: { ...layout.stations, accept: up(accept), process: up(process) },
    dropped: up(layout.dropped),
  }
}

/** `processes[i]` is how many processes accept from tank i. */
export function layoutOf(width: number, processes: readonly number[]): Layout {
  const left = GUTTER
  const right = width - MARGIN
  const inner = right - left
  const lanes = Math.max(1, processes.length)
  const laneWidth = inner / lanes
  const room = lanes <= 4 ? 'wide' : lanes <= 10 ? 'narrow' : 'dense'
  const half = (inner - 28) / 2
  const station = (y: number, flow: Place['flow'] = 'column'): Place => ({ x: MARGIN, y, flow })
  return {
    width,
    height: HEIGHT,
    gutter: GUTTER,
    stacked: false,
    port: true,
    room,
    clients: { x: left, y: 14, w: inner, h: 42 },
    grid: { x: left, y: 86, w: inner, h: 56 },
    boundaryY: 384,
    receive: { x: left, y: 485, w: half, h: 34 },
    send: { x: left + half + 28, y: 485, w: half, h: 34 },
    lanes: processes.map((count, index) => lane(left + index * laneWidth, laneWidth, count, lanes)),
    stations: {
      clients: station(31),
      syn: station(84),
      accept: station(212),
      process: station(422),
      connections: station(502, 'row'),
    },
    steering: { x: MARGIN + 26, y: 174 },
    dropped: { x: GUTTER / 2 + 10, y: 312, end: false },
  }
}

function lane(x: number, width: number, processes: number, lanes: number): LaneLayout {
  // Up to three lanes leave room on the right of the tank for what spills and its figure; in more it stands below.
  const share = lanes === 1 && processes > 1 ? 0.76 : lanes <= 3 ? 0.46 : lanes === 4 ? 0.56 : 0.62
  const tankWidth = width * share
  const tankX =
    x + (width - tankWidth) * (lanes === 1 && processes === 1 ? 0.42 : lanes <= 3 ? 0.06 : lanes <= 10 ? 0.3 : 0.5)
  const gap = lanes <= 10 ? 8 : 3
  const slot = (lanes === 1 && processes > 1 ? tankWidth : width) / Math.max(1, processes)
  const boxWidth = Math.min(processes > 1 ? 190 : 230, slot - gap)
  const firstX = processes > 1 ? tankX : tankX + tankWidth / 2 - slot / 2
  const least = x + gap / 2
  return {
    area: { x, y: 160, w: width, h: 304 },
    tank: { x: tankX, y: 204, w: tankWidth, h: 154 },
    processes: Array.from({ length: Math.max(1, processes) }, (_, index) => ({
      x: Math.max(least, firstX + index * slot + (slot - boxWidth) / 2),
      y: 402,
      w: boxWidth,
      h: 62,
    })),
  }
}
