/** Times below a chart: as exact as they are far apart, and none where it would be cut. Pure. */

/** Half of what a time takes beside its tick, in pixels. */
const HALF_A_TIME = 26
/** How far it may reach below the labels of the other axis. */
const BELOW_VALUES = 6

/** `step` is what lies between two of them, in seconds; `at` is where each stands, in pixels from the axis of values. */
export function timeLabels(
  values: readonly (number | null)[],
  step: number,
  at: (seconds: number) => number,
  edges: { from: number; to: number },
): string[] {
  const from = Math.max(edges.from, -BELOW_VALUES)
  return values.map((seconds) => {
    if (seconds === null) return ''
    const x = at(seconds)
    if (x - HALF_A_TIME < from || x + HALF_A_TIME > edges.to) return ''
    // By the reader's clock.
    const clock = new Date(seconds * 1000).toTimeString().slice(0, 8)
    if (step >= 1) return clock
    const digits = Math.abs(step * 10 - Math.round(step * 10)) < 1e-6 ? 1 : 2
    return `${clock.slice(3)}${(Math.floor((seconds % 1) * 100 + 0.5) / 100).toFixed(digits).slice(1)}`
  })
}
