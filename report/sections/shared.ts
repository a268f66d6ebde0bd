/** Axes that lanes share, so that plots side by side can be compared. */
import type { Lane } from '../lane.ts'

/** Lanes whose lengths or heights differ by more than this factor cannot share a readable scale. */
const TOO_DIFFERENT = 12

/** The time span shown of each lane: the same for all if their lengths are comparable. */
export function sharedSpans(lanes: readonly Lane[]): Map<Lane, readonly [number, number]> {
  const ends = sharedTops(lanes.map(({ span }) => ({ wanted: span[1], matters: true })))
  const begin = Math.min(0, ...lanes.map(({ span }) => span[0]))
  return new Map(lanes.map((lane, at) => [lane, ends.common ? [begin, ends.tops[at]!] : lane.span]))
}

/**
 * The upper end of each scale: the highest of all, unless something that matters in one lane would be too small to be
 * seen; then each has its own. That a lane is merely lower than the others is not a reason: that is its message.
 */
export function sharedTops(lanes: readonly { wanted: number; matters: boolean }[]): {
  common: boolean
  tops: number[]
} {
  const most = Math.max(0, ...lanes.map(({ wanted }) => wanted))
  const common = lanes.every(({ wanted, matters }) => !matters || wanted * TOO_DIFFERENT >= most)
  return { common, tops: lanes.map(({ wanted }) => (common ? most : wanted)) }
}

/** The remark for scales that differ. */
export const differing = (common: boolean): string => (common ? '' : ' The scales of the plots differ.')

/** Names the lanes that have nothing to show. */
export function leftOut(lanes: readonly Lane[], shown: readonly Lane[]): string {
  const names = lanes.filter((lane) => !shown.includes(lane)).map(({ label }) => label)
  return names.length === 0 || shown.length === 0 ? '' : ` Nothing to show for ${names.join(', ')}.`
}
