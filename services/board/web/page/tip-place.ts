/** Where an explanation is shown: as near as may be to what it explains, and on nothing that is to be watched. Pure. */

export interface Area {
  left: number
  top: number
  right: number
  bottom: number
}

const EDGE = 8
const STEP = 12

/** The upper left corner of a box of this size. Where no place is free it is the one that covers least. */
export function placeOf(
  { width, height }: { width: number; height: number },
  of: Area,
  view: { width: number; height: number },
  watched: readonly Area[],
): { left: number; top: number } {
  let best = { left: EDGE, top: EDGE }
  let least = Number.POSITIVE_INFINITY
  const mostLeft = Math.max(EDGE, view.width - width - EDGE)
  const mostTop = Math.max(EDGE, view.height - height - EDGE)
  for (let top = EDGE; top <= mostTop; top += STEP)
    for (let left = EDGE; left <= mostLeft; left += STEP) {
      const box = { left, top, right: left + width, bottom: top + height }
      const far = distance(box, of)
      if (far >= least) continue
      const cost = coveredBy(box, watched) * 1e6 + far
      if (cost < least) [least, best] = [cost, { left, top }]
    }
  return best
}

/** Square pixels of these that a box covers. */
export function coveredBy(box: Area, watched: readonly Area[]): number {
  return watched.reduce((sum, { left, top, right, bottom }) => {
    const [w, h] = [
      Math.min(box.right, right) - Math.max(box.left, left),
      Math.min(box.bottom, bottom) - Math.max(box.top, top),
    ]
    return w > 0 && h > 0 ? sum + w * h : sum
  }, 0)
}

/** Between the nearest edges, and a little for what lies between the middles: of two near places the centred one. */
function distance(box: Area, of: Area): number {
  const dx = Math.max(0, of.left - box.right, box.left - of.right)
  const dy = Math.max(0, of.top - box.bottom, box.top - of.bottom)
  const middles =
    Math.abs(box.left + box.right - of.left - of.right) + Math.abs(box.top + box.bottom - of.top - of.bottom)
  return dx + dy + middles / 20
}
