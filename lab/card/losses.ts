/** What went wrong for clients, counted and in words. */
import { number } from '#common/quantities.ts'
import type { LoadReport } from '#load/agent/api.ts'

/** What connect() says to a client of a UNIX socket that has no file, and of one whose queue is full. */
const NO_SOCKET = 'connect ENOENT'
const FULL_SOCKET = 'connect EAGAIN'

type Counted = Pick<LoadReport, 'started' | 'outcomes' | 'failures'>

/** Clients that came when nobody listened any more. */
export const tooLate = ({ outcomes, failures }: Counted): number => outcomes.refused + (failures[NO_SOCKET] ?? 0)

/** Clients that a full queue of a UNIX socket turned away. */
export const turnedAway = ({ failures }: Counted): number => failures[FULL_SOCKET] ?? 0

export const lost = ({ started, outcomes }: Counted): number => started - outcomes.ok

export function losses(report: Counted): string {
  const { reset, refused, timedOut, closedEarly, failed } = report.outcomes
  const [noFile, full] = [tooLate(report) - refused, turnedAway(report)]
  const parts = [
    [reset, 'reset'],
    [refused, 'refused'],
    [noFile, 'without a socket to connect to (ENOENT)'],
    [full, 'turned away by a full queue (EAGAIN)'],
    [timedOut, 'without an answer'],
    [closedEarly + failed - noFile - full, 'cut off'],
  ] as const
  const said = parts.flatMap(([count, what]) => (count > 0 ? [`${number(count)} ${what}`] : []))
  return said.length === 0 ? 'nobody lost anything' : said.join(', ')
}
