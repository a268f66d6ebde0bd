/** Words that findings about a host share. */
import { duration, number, plural, whole } from '#common/quantities.ts'
import { ofThatFit, perSecond } from '../words.ts'
import { listensForMs, type ProcessEvidence, perDay, type QueueEvidence, type SetBy } from './evidence.ts'

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
