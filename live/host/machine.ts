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

/** Dropped packets in /proc/net/softnet_stat: the second column of every CPU, hexadecimal, since boot. */
export function droppedIn(softnetStat: string): number {
  return softnetStat
    .split('\n')
    .map((line) => line.trim().split(/\s+/)[1])
    .reduce((sum, word) => sum + (word === undefined ? 0 : Number.parseInt(word, 16)), 0)
}

/** Since boot, over all CPUs. */
export function softnetDropped(): number | undefined {
  const text = textOf('/proc/net/softnet_stat')
  return text === undefined ? undefined : droppedIn(text)
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
