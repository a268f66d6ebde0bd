/**
 * What is said once an order has been carried out: what the kernel, the backend or the load agent has made of it, which may
 * be less than was asked. Toasts of the board and lines of the terminal are these.
 */
import { number, plural } from '#common/quantities.ts'
import { isOurs, type Told } from '#lab/told.ts'
import { faultsInWords, loadInWords, loadName, slowInWords, stateNames } from './names.ts'
import type { LoadName } from './orders.ts'
import type { LoadState } from './state.ts'
import { isStalled } from './view.ts'

/** `backlog 64 in force`, or how much less than `asked` it is and why: the kernel's own reading decides. */
export function backlogConfirmed(backend: number, asked: number, { listener, somaxconn }: Told): string {
  if (listener === null) return `Backend ${backend} has no listener: no backlog is in force`
  const { limit } = listener
  if (limit === asked) return `Backend ${backend}: backlog ${number(limit)} in force, so ${number(limit + 1)} fit`
  const why =
    limit === somaxconn ? ': net.core.somaxconn' : limit < asked ? `: net.core.somaxconn was ${number(limit)} then` : ''
  return `Backend ${backend}: backlog ${number(asked)} asked, ${number(limit)} in force${why}`
}

/** Of the whole backend, or of one of its processes. */
export function stallConfirmed(backend: number, status: Told, process?: number): string {
  if (!isOurs(status)) return serverStallConfirmed(status, process)
  const one = process === undefined ? undefined : status.processes[process]
  const stalled = one === undefined ? isStalled(status) : one.faults.stalled
  const who = one === undefined ? `Backend ${backend}` : `Process ${(process ?? 0) + 1} of backend ${backend}`
  return stalled
    ? `${who} is ${stateNames.stalled}: its event loop is blocked`
    : `${who} is ${stateNames.released}: its event loop is running`
}

/** Somebody's server is stalled from outside: by SIGSTOP to those of its processes that accept at this socket. */
function serverStallConfirmed({ name, processes }: Told, process?: number): string {
  const chosen = process === undefined ? processes : processes.slice(process, process + 1)
  const stopped = chosen.filter(({ faults }) => faults.stalled).length
  const who =
    process === undefined
      ? `${plural(chosen.length, 'process', 'processes')} of ${name}`
      : `Process ${process + 1} of ${name}`
  return stopped === chosen.length
    ? `${who} stopped (SIGSTOP): nothing is accepted there`
    : `${who} ${chosen.length === 1 ? 'goes' : 'go'} on (SIGCONT)`
}

/** What all processes of somebody's server together may use of a CPU now. */
export function slowConfirmed({ name, cpu }: Told): string {
  const words = slowInWords(cpu)
  return words === ''
    ? `${name} gets as much CPU time as there is`
    : `${name} is ${words}: a quota for all its processes`
}

/** The faults that are on now, a stall apart. */
export function faultsConfirmed(backend: number, { faults }: Told): string {
  const on = faultsInWords(faults)
  return on.length === 0 ? `Backend ${backend} is back to normal` : `Backend ${backend}: ${on.join(', ')}`
}

export const openConfirmed = (backend: number, { listener }: Told): string =>
  listener === null
    ? `Backend ${backend} is still ${stateNames.closed}`
    : `Backend ${backend} is ${stateNames.listening} again: backlog ${number(listener.limit)} in force`

/** `inForce` is what the kernel says after the write; undefined where it cannot be read. */
export function sysctlConfirmed(name: string, asked: number, inForce: string | undefined, limits: number[]): string {
  if (inForce === undefined) return `${name}: ${number(asked)} written, but it cannot be read back`
  const value = Number(inForce)
  const set = value === asked ? `${name} = ${value}` : `${name}: ${number(asked)} asked, ${number(value)} in force`
  if (name !== 'net.core.somaxconn' || limits.length === 0) return set
  const kept = [...new Set(limits)].sort((a, b) => a - b).map((limit) => number(limit))
  return `${set}: it caps the next listen(); what listens keeps its backlog of ${kept.join(', ')}`
}

/** `running` is the load as the agent tells of it now; a burst may be over already. */
export function loadConfirmed(name: LoadName, asked: number, running: LoadState | undefined): string {
  const words = loadInWords(name, running?.amount ?? asked)
  const set = `${words.charAt(0).toUpperCase()}${words.slice(1)}`
  return running === undefined || running.amount === asked ? set : `${set}, although ${number(asked)} were asked`
}

export function loadStopped(name: LoadName): string {
  const title = loadName(name)
  return `${title.charAt(0).toUpperCase()}${title.slice(1)} off`
}
