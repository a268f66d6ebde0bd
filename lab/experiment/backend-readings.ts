/** What a backend said of itself, from boundary to boundary. */
import type { BackendReadings } from '#experiments/vocabulary/readings.ts'
import { isOurs, type Told } from '../told.ts'
import type { Boundary, Recording } from './recording.ts'
import type { Timeline } from './timeline.ts'

/** Backend 1, 2, … */
export function backendOf({ boundaries }: Recording, timeline: Timeline, number: number): BackendReadings<string> {
  const status = ({ backends }: Boundary) => backends[number - 1]
  const [first, last] = [boundaries[0], boundaries.at(-1)]
  const [before, after] = [first && status(first), last && status(last)]
  // What a server does not tell is no number, and lies in no band.
  const of =
    (read: (told: Told) => number | undefined) =>
    (boundary: Boundary): number => {
      const told = status(boundary)
      // What its keeper counts comes from the kernel: a server that is not ours tells nothing itself.
      return told == null ? 0 : isOurs(told) ? (read(told) ?? Number.NaN) : Number.NaN
    }
  return {
    accepts: timeline.tally(of(({ accepts }) => accepts)),
    responses: timeline.tally(of(({ responses }) => responses)),
    acceptsByProcess: (after?.processes ?? []).map(
      ({ pid, accepts = Number.NaN }) =>
        accepts - (before?.processes.find((earlier) => earlier.pid === pid)?.accepts ?? 0),
    ),
    cpuMs: timeline.tally((boundary) =>
      (status(boundary)?.processes ?? []).reduce((sum, { cpuSeconds }) => sum + cpuSeconds * 1000, 0),
    ),
    backlog: (after && isOurs(after) ? after.listener?.backlog : undefined) ?? Number.NaN,
  }
}
