/** The processes that accept at a server's sockets, which come one after another when it starts. */
import { monotonicMs } from '#common/clock.ts'
import { eventually } from '#common/waiting.ts'
import type { Lab } from './lab.ts'

/** Many servers start their workers one after the other: so long no further one has come. */
const SETTLED_MS = 1000

/** How many processes accept at each socket, once no more of them come. */
export async function workersOf(lab: Lab): Promise<number[]> {
  let [last, sinceMs] = ['', monotonicMs()]
  return await eventually(
    'its workers have started',
    async () =>
      (await Promise.all(lab.backends.map((backend) => backend.told()))).map(({ processes }) => processes.length),
    (workers) => {
      const now = workers.join()
      if (now !== last) [last, sinceMs] = [now, monotonicMs()]
      return monotonicMs() - sinceMs >= SETTLED_MS
    },
  )
}
