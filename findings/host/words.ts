/** Words that findings about a host share. */
import { duration, number, plural, whole } from '#common/quantities.ts'
import { ofThatFit, perSecond } from '../words.ts'
import {
  listensForMs,
  type ProcessEvidence,
  perDay,
  type QueueEvidence,
  type SetBy,
  type UnseenEvidence,
} from './evidence.ts'

export { duration, ofThatFit, perSecond, plural, whole }

/** `nginx`, or what can be said where nobody may be seen. */
export const nameOf = ({ who }: Pick<QueueEvidence, 'who'>): string => who ?? 'its process'

/** `in the 3 h 20 min since gunicorn started`; a listener is never older than its oldest process. */
export function since(queue: QueueEvidence): string {
  if (queue.overMs !== undefined) return `in the last ${duration(queue.overMs)}`
  const ms = listensForMs(queue)
  return ms === undefined ? 'since it listens' : `in the ${duration(ms)} since ${nameOf(queue)} started`
}

/** `, 12 on an average day`, where there was more than one day. */
export function onADay(count: number, forMs: number | undefined): string {
  if (forMs === undefined || forMs < 2 * 86_400_000) return ''
  const daily = perDay(count, forMs)
  return daily < 1 ? ', fewer than one a day' : `, ${number(daily)} on an average day`
}

export const pidsOf = (processes: readonly ProcessEvidence[]): string => {
  const pids = processes.map(({ pid }) => pid)
  const shown = pids.slice(0, 4).join(', ')
  return pids.length > 4 ? `${shown} and ${pids.length - 4} more` : shown
}

/** `2 processes that may hold this socket too (nginx 12, 13) could not be looked into`, where that leaves something open. */
export function unseenInWords({ processes, related }: UnseenEvidence): string {
  if (related.length > 0) {
    const named = related.slice(0, 3).map(({ pid, command }) => `${command === '' ? 'process' : command} ${pid}`)
    const more = related.length > named.length ? ` and ${related.length - named.length} more` : ''
    return `${plural(related.length, 'process that may hold this socket too', 'processes that may hold this socket too')} (${named.join(', ')}${more}) could not be looked into`
  }
  return processes === null
    ? 'processes of others are not shown to this user'
    : `${plural(processes, 'process', 'processes')} could not be looked into`
}

/** ` (…)` where nobody was seen to wait, and that is not certain; empty where it is. */
export const doubtOf = ({ unseen }: Pick<QueueEvidence, 'unseen'>): string =>
  unseen === undefined
    ? ''
    : ` (${unseenInWords(unseen)}${unseen.related.length > 0 || unseen.processes === null ? '' : ', none of which has to do with this socket as far as can be told'})`

/** Why the limit is what it is, as a clause. */
export function whySo(setBy: SetBy, server: string | undefined): string {
  switch (setBy.by) {
    case 'somaxconn':
      return setBy.asked === undefined
        ? 'net.core.somaxconn as it was when it began to listen'
        : `${server ?? 'it'} asked for ${whole(setBy.asked)}, net.core.somaxconn cut it`
    case 'command line':
      return `its command line says ${whole(setBy.asked)}`
    case 'default':
      return `${setBy.server}'s default`
    case 'application':
      return 'its program or configuration chose it'
  }
}
