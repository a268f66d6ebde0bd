/** What its ends cost: a reload, a stop in order, a kill; and what it leaves behind. */
import { monotonicMs } from '#common/clock.ts'
import { UsageError } from '#common/errors.ts'
import { duration, number } from '#common/quantities.ts'
import type { LoadReport } from '#load/agent/api.ts'
import { type Found, NotAsked, type Question } from './card.ts'
import type { CardLab } from './card-lab.ts'
import { inCalm } from './control.ts'
import { losses, lost, tooLate } from './losses.ts'
import { within } from './within.ts'

export const RATE = 100
const FOR_MS = 3000
const AT_MS = 1000
const PATIENCE_MS = 5000
export const ENDS_WITHIN_MS = 10_000

/** A load, in the middle of which something is done. */
async function during(lab: CardLab, act: () => Promise<void>): Promise<LoadReport> {
  const load = await lab.flow(RATE, FOR_MS, PATIENCE_MS)
  await lab.pass(AT_MS)
  await lab.inTime('the order was carried out', act())
  return await lab.done(load)
}

/** Where clients lost anything: the same with nothing done. Why what they lost is not judged; undefined if it is. */
async function losesInCalm(lab: CardLab, ...reports: readonly (LoadReport | undefined)[]): Promise<string | undefined> {
  if (!reports.some((report) => report !== undefined && lost(report) > tooLate(report))) return undefined
  const calm = await lab.done(await lab.flow(RATE, FOR_MS, PATIENCE_MS))
  return lost(calm) > 0 ? inCalm(calm, PATIENCE_MS) : undefined
}

const duringReload = (lab: CardLab): Promise<LoadReport> => during(lab, () => lab.lab.backend(1).order('reload'))

export const reloadAndStop: Question = {
  asks: 'What do a reload and a stop in order lose under load?',
  how: `${RATE} clients a second for ${duration(FOR_MS)}, the order after ${duration(AT_MS)}, with several sockets once more with tcp_migrate_req on; those who come after a stop are refused, and are no loss`,
  bearsMs: 1000,
  needsMs: 8000,
  async ask(lab) {
    if (lab.manner.answer === 'nothing')
      throw new NotAsked('clients that only connect cannot tell whether their connection was lost')
    const backend = lab.lab.backend(1)
    const knows = lab.lab.plan.server?.reload !== undefined
    const reloaded = knows ? await duringReload(lab) : undefined
    const migrated = knows && lab.lab.backends.length > 1 ? await withMigration(lab) : undefined
    let ended = true
    const stopped = await during(lab, async () => {
      ended = await within(ENDS_WITHIN_MS, backend.order('stop'))
    })
    await lab.restart()
    const untold = await losesInCalm(lab, reloaded, migrated, stopped)
    if (untold !== undefined) throw new NotAsked(untold)
    const came = stopped.started - tooLate(stopped)
    const lostToStop = came - stopped.outcomes.ok
    const reload =
      reloaded === undefined
        ? 'How it is reloaded is not known (--reload).'
        : `A reload: of ${number(reloaded.started)} clients ${losses(reloaded)}${migrated === undefined ? '' : `; with ${MIGRATE} = 1, of ${number(migrated.started)} ${losses(migrated)}`}.`
    return {
      says: `${reload} ${!ended ? `After the order to stop it did not end within ${duration(ENDS_WITHIN_MS)}: meanwhile of` : 'A stop in order: of'} ${number(came)} clients that came before its listener closed ${lostToStop === 0 ? 'nobody lost anything' : lostToStop === 1 ? 'one lost its connection' : `${number(lostToStop)} lost their connections`}.`,
      numbers: {
        reloadClients: reloaded?.started ?? null,
        reloadLost: reloaded === undefined ? null : lost(reloaded),
        migratedClients: migrated?.started ?? null,
        migratedLost: migrated === undefined ? null : lost(migrated),
        stopClients: came,
        stopLost: lostToStop,
      },
      ...(reloaded !== undefined && migrated !== undefined && lost(migrated) < lost(reloaded)
        ? { set: `${MIGRATE} = 1: those who wait at a socket that closes move to another` }
        : {}),
    }
  },
}

const MIGRATE = 'net.ipv4.tcp_migrate_req'

/** A reload while those who wait at a socket that closes move to another one of the group. */
async function withMigration(lab: CardLab): Promise<LoadReport | undefined> {
  const before = await lab.lab.readSysctl(MIGRATE)
  if (before === undefined) return undefined // no such kernel
  await lab.lab.setSysctl(MIGRATE, 1)
  try {
    return await duringReload(lab)
  } finally {
    await lab.lab.setSysctl(MIGRATE, before)
  }
}

/** The same command again, until the kernel shows its listener. */
async function startAgain(lab: CardLab): Promise<void> {
  const backend = lab.lab.backend(1)
  await backend.order('start')
  await lab.until(
    'it listens again',
    () => backend.told(),
    ({ listener, runs }) => {
      if (runs === false) throw new EndedAtOnce('it ended as soon as it was started again')
      return listener !== null
    },
    { everyMs: 2, endsIt: (error) => error instanceof EndedAtOnce },
  )
}

/** It was started, and ended without having listened. */
class EndedAtOnce extends UsageError {}

/** Starts it; false if it ends without having listened. */
async function startsAgain(lab: CardLab): Promise<boolean> {
  try {
    await startAgain(lab)
    return true
  } catch (error) {
    if (error instanceof EndedAtOnce) return false
    throw error
  }
}

/** What a killed server may leave that keeps it from starting again. */
export interface Leftover {
  /** Removes it; false where there is none. */
  remove(lab: CardLab): Promise<boolean>
  /** Follows "Started again, it ended at once: ". */
  says: string
  set: string
}

/** Kills it under clients and starts it again, and what was in its way once more. */
export async function killed(lab: CardLab, leftover: Leftover): Promise<Found & { inTheWay: boolean }> {
  let awayMs = Number.NaN
  let inTheWay = false
  const report = await during(lab, async () => {
    const killedMs = monotonicMs()
    await lab.lab.backend(1).kill()
    inTheWay = !(await startsAgain(lab))
    if (inTheWay) {
      const removed = await leftover.remove(lab)
      if (!(removed && (await startsAgain(lab))))
        throw new NotAsked(
          `it ended as soon as it was started again${lab.lastWords === '' ? '' : ` (${lab.lastWords})`}`,
        )
    }
    awayMs = monotonicMs() - killedMs
  })
  const untold =
    lab.manner.answer === 'nothing'
      ? 'clients that only connect cannot tell whether their connection was lost'
      : await losesInCalm(lab, report)
  const { started, outcomes } = report
  const how = inTheWay ? `Started again, it ended at once: ${leftover.says}. ` : ''
  const seen =
    untold === undefined
      ? losses(report)
      : `${number(outcomes.refused)} refused. What others lost is not judged: ${untold}`
  return {
    inTheWay,
    says: `${how}For ${duration(awayMs)} nobody listened. Of ${number(started)} clients meanwhile: ${seen}.`,
    numbers: {
      awayMs,
      clients: started,
      refused: outcomes.refused,
      reset: untold === undefined ? outcomes.reset : null,
    },
    ...(inTheWay ? { set: leftover.set } : {}),
  }
}

const oldConnections: Leftover = {
  remove: (lab) => lab.freePort(),
  says: 'its earlier connections in TIME_WAIT kept it from its port, as they do for a minute without SO_REUSEADDR, and only when they had been removed did it start',
  set: 'SO_REUSEADDR before bind(): it can then be started again at once',
}

export const killAndRestart: Question = {
  asks: 'After a kill and a restart, how long does nobody listen, and what do clients see?',
  how: `SIGKILL to all its processes under ${RATE} clients a second, and the same command again at once: until the kernel shows its listener`,
  bearsMs: 250,
  needsMs: 4000,
  async ask(lab) {
    const { inTheWay: _, ...found } = await killed(lab, oldConnections)
    return found
  },
}

export const LAST_CLIENTS = 50

/** Descriptors of its process that has the most, with a sentence; null and none where they are not known. */
export async function openFiles(lab: CardLab): Promise<{ open: number | null; says: string }> {
  const pids = await lab.holders()
  const { processes = [] } = await lab.lab.snapshot()
  const [most] = processes.filter(({ pid }) => pids.has(pid)).toSorted((a, b) => b.open - a.open)
  if (most === undefined) return { open: null, says: '' }
  const limit = most.limit === null ? '' : `, of ${number(most.limit)}`
  return { open: most.open, says: ` Its process with the most descriptors has ${number(most.open)} open${limit}.` }
}

export const leaves: Question = {
  asks: 'What does it leave behind?',
  how: `${LAST_CLIENTS} clients are served; then the states of its connections, and the descriptors of its processes, as the kernel shows them`,
  bearsMs: Number.POSITIVE_INFINITY,
  needsMs: 2000,
  async ask(lab) {
    await lab.done(await lab.burst(LAST_CLIENTS, PATIENCE_MS))
    await lab.pass(500)
    const inState = async (state: string): Promise<number> => (await lab.connections(state)).length
    const [timeWait, closeWait, established] = [
      await inState('time-wait'),
      await inState('close-wait'),
      await inState('established'),
    ]
    const { open: descriptors, says: files } = await openFiles(lab)
    const who = timeWait > 0 ? 'it closes first, and keeps' : 'its clients close first, and it keeps'
    return {
      says: `Of its connections ${who} ${number(timeWait)} in TIME_WAIT; ${number(closeWait)} are in CLOSE_WAIT (left by their clients and never closed), ${number(established)} are open.${files}`,
      numbers: { timeWait, closeWait, established, descriptors },
      ...(closeWait > 0
        ? { set: 'Connections in CLOSE_WAIT are closed by nobody but the server: look for one that it forgets' }
        : {}),
    }
  },
}
