/** What /proc tells of the whole machine: packets dropped for want of room in a CPU's queue, uptime. */
import fs from 'node:fs'
import { readSysctl } from '#kernel/sysctl.ts'

/** The text of a file of /proc; undefined where this kernel has none, or it may not be read. */
function textOf(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

/** Packets that came to the queues of all CPUs, and those that were dropped there, since boot. */
export interface Softnet {
  processed: number
  dropped: number
}

/** /proc/net/softnet_stat: the first two columns of each CPU, hexadecimal; 32 bits wide, so that the first may have begun anew. */
export function softnetIn(text: string): Softnet {
  const lines = text.split('\n').filter((line) => line !== '')
  const sum = (column: number): number =>
    lines.reduce((total, line) => total + Number.parseInt(line.trim().split(/\s+/)[column] ?? '0', 16), 0)
  return { processed: sum(0), dropped: sum(1) }
}

/** Undefined where it may not be read. */
export function softnet(): Softnet | undefined {
  const text = textOf('/proc/net/softnet_stat')
  return text === undefined ? undefined : softnetIn(text)
}

export function uptimeMs(): number | undefined {
  const seconds = Number(textOf('/proc/uptime')?.split(' ')[0] ?? Number.NaN)
  return Number.isFinite(seconds) ? seconds * 1000 : undefined
}

/** A sysctl that is a number; undefined where there is none, or it may not be read. */
export function setting(name: string): number | undefined {
  try {
    const value = Number(readSysctl(name) ?? Number.NaN)
    return Number.isFinite(value) ? value : undefined
  } catch {
    return undefined
  }
}
