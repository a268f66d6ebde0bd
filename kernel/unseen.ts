/**
 * Processes that may not be looked into, and which of them may well hold a socket of others:
 * docs/kernel-facts.md#who-really-accepts. Everybody may read /proc/PID/stat, cmdline, cgroup and net of all that /proc lists.
 */
import fs from 'node:fs'
import type { Workload } from './cgroup-path.ts'
import type { Owner } from './owners.ts'
import { beginningOf, ofProcess } from './proc-reading.ts'

/** A process that may not be looked into. */
interface UnseenProcess {
  pid: number
  command: string
}

/** Who was not looked at, where nobody was seen to wait at a socket. */
export interface Unseen {
  /** Processes that may not be looked into; null where /proc does not tell how many they are (hidepid). */
  processes: number | null
  /** Those of them that may well hold this socket too: where there is none, it is likely that nobody waits. */
  related: readonly UnseenProcess[]
}

/** What everybody may read of a process, as far as it tells to whom it belongs. */
export interface Kinship extends Pick<Owner, 'pid' | 'command' | 'workload'> {
  parent: number
  /** The same number for all in one network namespace; undefined where it cannot be told. */
  network: number | undefined
}

/** Of threads of the kernel (PF_KTHREAD). */
const KERNEL_THREAD = 0x200000

/** The parent of a process; 'gone' also for what holds no files: a thread of the kernel, or a process that has ended. */
export function parentOf(folder: string): number | 'gone' | 'hidden' {
  const stat = ofProcess(() => beginningOf(`${folder}/stat`))
  if (stat === 'gone' || stat === 'hidden') return stat
  const [state = '', parent, , , , , flags] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === 'Z' || state === 'X' || (Number(flags) & KERNEL_THREAD) !== 0 ? 'gone' : Number(parent)
}

/** Each network namespace has a /proc/net of its own: its files tell namespaces apart also where ns/net may not be looked at. */
export function networkOf(folder: string): number | undefined {
  const inode = ofProcess(() => fs.statSync(`${folder}/net/dev`).ino)
  return typeof inode === 'number' ? inode : undefined
}

/** It makes sockets for services and hands them on, so that all are its children; it accepts nothing while they run. */
const INIT = 1

/**
 * Those of `hidden` that may well hold a socket of `holders`: their descendants, who inherit it; their ancestors, who may have made it; and in
 * the same network namespace those of the same service or container, or of the same name, who may have been passed it. Anybody
 * else can hold it only if a program has passed it to one that has nothing to do with it.
 */
export function relatedTo(holders: readonly Kinship[], hidden: readonly Kinship[]): Kinship[] {
  const networks = new Set(holders.map(({ network }) => network))
  const names = new Set(holders.map(({ command }) => command))
  const places = new Set(holders.flatMap(({ workload }) => placesOf(workload)))
  const isNear = ({ pid, network }: Kinship): boolean =>
    pid !== INIT && (network === undefined || networks.has(network) || networks.has(undefined))
  const related = new Set(
    hidden.filter(
      (one) => isNear(one) && (names.has(one.command) || placesOf(one.workload).some((place) => places.has(place))),
    ),
  )
  const byPid = new Map(hidden.map((one) => [one.pid, one]))
  for (const { parent } of holders) {
    // One in another network namespace has not made this socket.
    let above = byPid.get(parent)
    for (; above !== undefined && isNear(above); above = byPid.get(above.parent)) related.add(above)
  }
  const children = Map.groupBy(hidden, ({ parent }) => parent)
  const families = holders.map(({ pid }) => pid).filter((pid) => pid !== INIT)
  for (let pid = families.pop(); pid !== undefined; pid = families.pop())
    for (const child of children.get(pid) ?? []) {
      related.add(child)
      families.push(child.pid)
    }
  return [...related].sort((a, b) => a.pid - b.pid)
}

/** Services and containers; a session, or all that systemd runs for a user, holds much that does not belong together. */
const placesOf = ({ unit, container }: Workload): string[] => [
  ...(unit.endsWith('.service') && !unit.startsWith('user@') ? [unit] : []),
  ...(container === '' ? [] : [container]),
]
