/** How long the processes of a server wait until they get a CPU. Only the scheduler tells, and a short queue overflows meanwhile. */
import { duration, number, plural } from '#common/quantities.ts'
import type { Lab } from '../lab.ts'
import type { LabRun } from './play-in-lab.ts'

/** How long threads have waited for a CPU, and how often they got one, since they began. */
export interface Scheduled {
  waitedMs: number
  turns: number
}

/** A line for each thread: nanoseconds on a CPU, nanoseconds of waiting for one, turns (Documentation/scheduler/sched-stats). */
export function scheduledOf(schedstats: string): Scheduled {
  const sum: Scheduled = { waitedMs: 0, turns: 0 }
  for (const [, waitedNs, turns] of schedstats.matchAll(/^\d+ (\d+) (\d+)$/gm)) {
    sum.waitedMs += Number(waitedNs) / 1e6
    sum.turns += Number(turns)
  }
  return sum
}

/** Of all threads of those that hold the sockets of a lab's server; no turns where this kernel does not tell. */
export async function scheduledIn(lab: Lab): Promise<Scheduled> {
  const [namespace] = (await lab.look()).namespaces
  const own = namespace?.listeners.filter(({ port }) => port === lab.plan.port) ?? []
  const pids = [...new Set(own.flatMap(({ pids }) => pids))]
  const files = pids.map((pid) => `/proc/${pid}/task/*/schedstat`)
  return scheduledOf((await lab.run(['sh', '-c', `cat ${files.join(' ')} 2>/dev/null`])).stdout)
}

/** How long they waited each time, on average; undefined where they had no turn, or are others than before. */
export function heldUpMs(before: Scheduled, after: Scheduled): number | undefined {
  const turns = after.turns - before.turns
  const waitedMs = after.waitedMs - before.waitedMs
  return turns > 0 && waitedMs >= 0 ? waitedMs / turns : undefined
}

/** They sometimes wait ten times as long as on average, and more than one in ten of the places that are taken then is a difference. */
const MOST_OF_PLACES = 0.01

/** Why what a queue did says little of the server, which was held up; undefined if it was not. `perSecond` comes to each socket. */
export function tooHeldUp({ heldUpMs: ms = 0, shards }: LabRun, perSecond: number): string | undefined {
  const places = Math.min(...shards.map(({ limit }) => limit + 1))
  const come = (perSecond * ms) / 1000
  if (come <= MOST_OF_PLACES * places) return undefined
  return `this machine was too busy: its processes waited ${duration(ms)} for a CPU each time, on average, which is too long for a queue of ${plural(places, 'place')} at ${number(Math.round(perSecond))} connections a second`
}
