/** What an accept costs in a lab, beyond its configured delay: a fact about the machine, not about a plan. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionRecord } from '#load/agent/api.ts'
import type { Lab } from '../lab.ts'
import type { LabScene } from './lab-scene.ts'

/** Connections that are served first: until its code is compiled a backend takes twice as long for each. */
const WARM_UP = { ratePerSecond: 500, durationMs: 2000 }
/** Connections from which the cost is measured, and how many of the first are left out. */
const CALIBRATION = 150
const SETTLING = 10
/** Time until all of them wait in the queue. */
const GATHERING_MS = 300

/**
 * Milliseconds that an accept, and whatever else the loop does for a connection, costs beyond its delay: lets a queue of
 * connections be accepted one after the other and takes the time between two accepts. Leaves the delays off.
 */
export async function acceptOverhead(lab: Lab, { mode, backends }: LabScene): Promise<number> {
  // The one whose accepts are delayed; the first one if none is.
  const slow = Math.max(
    0,
    backends.findIndex(({ acceptDelayMs }) => acceptDelayMs > 0),
  )
  const { acceptDelayMs, backlog } = backends[slow]!
  const backend = lab.backend(mode === 'shared' ? 1 : slow + 1)
  await backend.relisten(CALIBRATION)
  if (mode === 'sharded') await lab.backend(1).steer({ by: 'member', member: slow })
  const warmUp = await lab.clients.start({ kind: 'connections', arrivals: { shape: 'constant', ...WARM_UP } })
  await warmUp.done()
  await backend.stall()
  const arrivals = { shape: 'burst', connections: CALIBRATION } as const
  const load = await lab.clients.start({ kind: 'connections', arrivals, records: true })
  await sleep(GATHERING_MS)
  await backend.set({ acceptDelayMs })
  await backend.release()
  await load.done()
  await backend.set({ acceptDelayMs: 0 })
  if (mode === 'sharded') await lab.backend(1).steer({ by: 'hash' })
  await backend.relisten(backlog)
  return busyGapMs(await load.records(), SETTLING) - acceptDelayMs
}

/** The mean time between two accepts of one process, where the later one was waiting already. NaN if none was. */
export function busyGapMs(records: readonly ConnectionRecord[], skip = 0): number {
  const byProcess = Map.groupBy(records, ({ backend }) => backend)
  const gaps = [...byProcess].flatMap(([process, own]) => {
    const accepted = own
      .flatMap(({ acceptedMs, acceptWaitMs = 0 }) =>
        acceptedMs === undefined ? [] : [{ acceptedMs, waited: acceptWaitMs }],
      )
      .toSorted((a, b) => a.acceptedMs - b.acceptedMs)
      .slice(skip)
    return process === undefined
      ? []
      : accepted.slice(1).flatMap(({ acceptedMs, waited }, i) => {
          const gapMs = acceptedMs - accepted[i]!.acceptedMs
          return waited > gapMs ? [gapMs] : []
        })
  })
  return gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
}
