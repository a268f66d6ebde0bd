/**
 * One name for each load and each switch: buttons, toasts, marks in the charts, the terminal and the workshop use these.
 * The page runs this file too: it imports quantities alone.
 */
import { bytes, duration, number } from '#common/quantities.ts'
import type { LoadName } from './orders.ts'

interface LoadWords {
  /** As on its switch; within a sentence in lower case. */
  title: string
  /** What its amount counts, as beside a field. */
  unit: string
  /** What stands behind an amount: `/s` or nothing. */
  per: '' | '/s'
}

export const loadWords: Record<LoadName, LoadWords> = {
  gentle: { title: 'Gentle load', unit: 'connections a second', per: '/s' },
  burst: { title: 'Burst', unit: 'at once', per: '' },
  'half-open': { title: 'Half-open clients', unit: 'SYNs a second', per: '/s' },
  hold: { title: 'Idle clients', unit: 'connections', per: '' },
  'slow-read': { title: 'Slow readers', unit: 'clients', per: '' },
  'slow-write': { title: 'Slow writers', unit: 'clients', per: '' },
}

/** Within a sentence. */
export const loadName = (name: LoadName): string => loadWords[name].title.toLowerCase()

/** `gentle load 300/s`, `slow readers 20`. */
export const loadInWords = (name: LoadName, amount: number): string =>
  `${loadName(name)} ${number(amount)}${loadWords[name].per}`

/** Names of the switches of a backend, as on the board. */
export const switchNames = {
  stall: 'Stall',
  release: 'Release',
  acceptDelayMs: 'Slow accept',
  readDelayMs: 'Slow read',
  responseDelayMs: 'Slow response',
  neverRead: 'Never read',
  responseBytes: 'Response size',
  backlog: 'Backlog',
  close: 'Close the listener',
  cpu: 'CPU quota',
  kill: 'Kill the process',
  killServer: 'Kill the server',
  stop: 'Stop',
  reload: 'Reload',
  steering: 'Steering',
} as const

/** What a backend is while a switch is on, and once it is off again. */
export const stateNames = {
  stalled: 'stalled',
  released: 'released',
  closed: 'closed',
  listening: 'listening',
  killed: 'killed',
  restarted: 'restarted',
  stopped: 'stopped',
  reloaded: 'reloaded',
} as const

interface OtherFaults {
  acceptDelayMs: number
  readDelayMs: number
  responseDelayMs: number
  neverRead: boolean
  responseBytes: number
}

/** Faults that are on, other than a stall: `slow accept 20 ms`. */
export function faultsInWords(faults: OtherFaults): string[] {
  const delay = (name: 'acceptDelayMs' | 'readDelayMs' | 'responseDelayMs'): string =>
    faults[name] > 0 ? `${switchNames[name].toLowerCase()} ${duration(faults[name])}` : ''
  return [
    delay('acceptDelayMs'),
    delay('readDelayMs'),
    delay('responseDelayMs'),
    faults.neverRead ? switchNames.neverRead.toLowerCase() : '',
    faults.responseBytes > 0 ? `${switchNames.responseBytes.toLowerCase()} ${bytes(faults.responseBytes)}` : '',
  ].filter((words) => words !== '')
}

/** The share of a CPU that somebody's server is held to: `slow: 10 % of a CPU`; empty where it gets as much as there is. */
export const slowInWords = (cpu: { percent: number } | { missing: string } | undefined): string =>
  cpu === undefined || 'missing' in cpu || cpu.percent === 0 ? '' : `slow: ${number(cpu.percent)} % of a CPU`

type Steering = { by: 'hash' } | { by: 'cpu' } | { by: 'random' } | { by: 'member'; member: number }

/** How new connections get to the shards: `spread by hash`, `all to shard 2`. */
export function steeringName(steering: Steering): string {
  switch (steering.by) {
    case 'hash':
      return 'spread by hash'
    case 'cpu':
      return 'spread by CPU'
    case 'random':
      return 'spread at random'
    case 'member':
      return `all to shard ${steering.member + 1}`
  }
}

/** How late the event loop of the latest process of a backend is, in milliseconds; undefined where none tells. */
export function longestLagMs({
  processes,
}: {
  processes: readonly { lagMs: number | undefined }[]
}): number | undefined {
  const told = processes.flatMap(({ lagMs }) => lagMs ?? [])
  return told.length === 0 && processes.length > 0 ? undefined : Math.max(0, ...told)
}
