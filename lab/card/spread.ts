/** How clients are spread over the processes of a server: who holds their connections. */
import { number, plural } from '#common/quantities.ts'
import type { CardLab } from './card-lab.ts'

const SILENT = 60
/** One after the other: at once they would overflow a short queue. */
const PER_SECOND = 100
const SETTLES_MS = 500
const MOST_NAMED = 4
const READINGS = 6

export interface Spread {
  says: string
  /** Connections of each process that holds any, most first. */
  held: number[]
  clients: number
}

/** Clients that stay are held open, and `ss` names the processes that own them. */
export async function spread(lab: CardLab): Promise<Spread> {
  const halfOpenBefore = (await lab.connections('syn-recv')).length
  const load = await lab.start({ kind: 'hold', connections: SILENT, ratePerSecond: PER_SECOND })
  await lab.begun(load)
  await lab.pass(SETTLES_MS)
  const { held, waiting, unseen } = await whoHolds(lab)
  // Those of earlier clients may still be there, and an accept queue that is full keeps some half open as well.
  const room = SILENT - waiting - held.reduce((sum, count) => sum + count, 0)
  const halfOpen = Math.max(0, Math.min((await lab.connections('syn-recv')).length - halfOpenBefore, room))
  const { connected, outcomes } = await load.report()
  const closed = outcomes.closedEarly + outcomes.reset + outcomes.ok
  await lab.stopLoads()
  const workers =
    held.length === 0
      ? 'no process held any'
      : `${plural(held.length, 'process', 'processes')} held ${sharesInWords(held)}`
  const rest = [
    ...(waiting === 0 ? [] : [`, ${number(waiting)} waited to be accepted`]),
    ...(unseen === 0 ? [] : [`, of ${number(unseen)} the process was not seen`]),
    ...(halfOpen === 0 ? [] : [`, ${number(halfOpen)} were kept half open until they send (TCP_DEFER_ACCEPT)`]),
    ...(closed === 0 ? [] : [`, ${number(closed)} it had closed again`]),
    ...(connected === SILENT ? [] : [`, ${number(SILENT - connected)} were not connected`]),
  ].join('')
  return { says: `${number(SILENT)} clients came and stayed: ${workers}${rest}.`, held, clients: SILENT }
}

interface Holders {
  held: number[]
  waiting: number
  /** Connections that do not wait, and of which no process is shown. */
  unseen: number
}

/** Two readings, one after the other: between them a busy server accepts. Read again until they agree. */
async function whoHolds(lab: CardLab): Promise<Holders> {
  for (let reading = 1; ; reading++) {
    const connections = await lab.connections('established')
    const waiting = await lab.waiting()
    const held = heldBy(connections)
    const unseen = Math.max(0, connections.length - waiting - held.reduce((sum, count) => sum + count, 0))
    if (unseen === 0 || reading === READINGS) return { held, waiting, unseen }
    await lab.pass(SETTLES_MS)
  }
}

/** Connections by process in what `ss -p` prints, most first. One that several processes hold counts for the first: its own. */
export function heldBy(lines: readonly string[]): number[] {
  const byPid = new Map<string, number>()
  for (const line of lines) {
    const pid = /pid=(\d+)/.exec(line)?.[1]
    if (pid !== undefined) byPid.set(pid, (byPid.get(pid) ?? 0) + 1)
  }
  return [...byPid.values()].sort((a, b) => b - a)
}

/** Most first. */
function sharesInWords(held: readonly number[]): string {
  const [most = 0, least = 0] = [held[0], held.at(-1)]
  if (held.length <= MOST_NAMED) return `${held.map(number).join(' and ')} of them`
  return most === least ? `${number(most)} of them each` : `${number(least)} to ${number(most)} of them each`
}
