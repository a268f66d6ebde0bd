/** How long the first in each line had waited when BPF told it before the second look. Pure. */
import { SAME_HEAD } from '#findings/host/cause.ts'

/** How long the first in each line had waited, by the cookie of the listener, as it was read once before the second look. */
export interface ExactLook {
  atMs: number
  waitsMs: ReadonlyMap<string, number>
}

/**
 * How long the first in line had waited at the first look, whose waits are those of the whole port: as long less as the looks lie apart, if the same
 * client was the first all the while. `nowMs` is when `waitMs` was read.
 */
export function waitBefore(
  cookie: string,
  waitMs: number,
  { first, nowMs, apartMs }: { first: ExactLook; nowMs: number; apartMs: number },
): number {
  const between = first.waitsMs.get(cookie) ?? 0
  const passedMs = nowMs - first.atMs
  return between > 0 && waitMs - between >= SAME_HEAD * passedMs ? Math.max(0, waitMs - apartMs) : between
}
