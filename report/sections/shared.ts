/** Axes that lanes share: what is drawn side by side is there to be compared. */
import type { Lane } from '../lane.ts'

/** Lanes whose lengths or heights differ more than this cannot share a scale and all be read. */
const TOO_DIFFERENT = 12

/** How long is shown of each lane: all the same if they are of one order. */
export function sharedSpans(lanes: readonly Lane[]): Map<Lane, readonly [number, number]> {
  const ends = sharedTops(lanes.map(({ span }) => ({ wanted: span[1], matters: true })))
  const begin = Math.min(0, ...lanes.map(({ span }) => span[0]))
  return new Map(lanes.map((lane, at) => [lane, ends.common ? [begin, ends.tops[at]!] : lane.span]))
}

/**
 * The upper end of each scale: the highest of all, unless something that matters in one of them would be too small to be
 * seen; then each has its own. That a lane stays low beside the others is no reason: that is what it tells.
 */
export function sharedTops(lanes: readonly { wanted: number; matters: boolean }[]): {
  common: boolean
  tops: number[]
} {
  const most = Math.max(0, ...lanes.map(({ wanted }) => wanted))
  const common = lanes.every(({ wanted, matters }) => !matters || wanted * TOO_DIFFERENT >= most)
  return { common, tops: lanes.map(({ wanted }) => (common ? most : wanted)) }
}

/** To be said where scales differ. */
export const differing = (common: boolean): string => (common ? '' : ' The scales differ: each has its own.')

/** Names the lanes that have nothing to show. */
export function leftOut(lanes: readonly Lane[], shown: readonly Lane[]): string {
  const names = lanes.filter((lane) => !shown.includes(lane)).map(({ label }) => label)
  return names.length === 0 || shown.length === 0 ? '' : ` Nothing of it in ${names.join(', ')}.`
}
