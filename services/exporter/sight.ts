/** What an exporter was asked to read, and may not. */
import fs from 'node:fs'
import { UsageError } from '#common/errors.ts'
import { plural } from '#common/quantities.ts'
import type { Discovery } from './sampler/message.ts'

/** capability.h */
const CAP_SYS_PTRACE = 19n
const CAP_SYS_ADMIN = 21n
const CAP_PERFMON = 38n
const CAP_BPF = 39n

/** Of `--netns all`: what the last search found and is not read, or was not allowed to look at. */
export interface UnreadNamespaces {
  /** Found, and not read. */
  namespaces: number
  /** Processes whose namespace may not be looked at. */
  processes: number
}

/** Compares what was found with what is read; undefined where namespaces are not looked for, or not known yet. */
export function unreadNamespaces(
  discovery: Discovery | undefined,
  hiddenProcesses: number | undefined,
  read: readonly { inode: number }[],
): UnreadNamespaces | undefined {
  if (discovery === undefined || !('found' in discovery)) return undefined
  const known = new Set(read.map(({ inode }) => inode))
  const namespaces = discovery.found.filter(({ inode }) => !known.has(inode)).length
  return { namespaces, processes: hiddenProcesses ?? 0 }
}

/**
 * Throws a UsageError for an exporter that was asked for all namespaces and may read none but its own, for want of a
 * capability: its numbers would pass for those of the whole host. One in a user namespace of its own may have all
 * capabilities and still see nothing of what is outside: it goes on, and what it does not see is counted and said.
 */
export function refuseToBeBlind(
  unread: UnreadNamespaces | undefined,
  read: readonly { source: string }[],
  capabilities: bigint | undefined = ownCapabilities(),
): void {
  if (unread === undefined || unread.processes === 0 || capabilities === undefined) return
  if (read.some(({ source }) => source !== 'self') || mayLook(capabilities)) return
  throw new UsageError(
    `--netns all needs CAP_SYS_PTRACE: without it no network namespace but the exporter's own can be read here, since ${plural(unread.processes, 'process', 'processes')} may not be looked at`,
    'Give it CAP_SYS_PTRACE besides CAP_SYS_ADMIN, and CAP_DAC_READ_SEARCH for the names of processes, or leave out --netns all',
  )
}

/** What `--netns all` does not find: said once, since it is a matter of rights; how many they are later is a metric. */
export const hiddenLine = (processes: number, capabilities: bigint | undefined = ownCapabilities()): string =>
  `${plural(processes, 'process', 'processes')} may not be looked at, and network namespaces that nothing else shows are not ` +
  `read: ${
    capabilities !== undefined && mayLook(capabilities)
      ? "the exporter's CAP_SYS_PTRACE does not reach them, since they belong to another user namespace or are protected"
      : 'give the exporter CAP_SYS_PTRACE, or run it as root'
  }`

const has = (capabilities: bigint, one: bigint): boolean => ((capabilities >> one) & 1n) === 1n

const mayLook = (capabilities: bigint): boolean => has(capabilities, CAP_SYS_PTRACE)

/** Whether it may be worth trying to load BPF programs; in a user namespace of its own the kernel refuses all the same. */
export function mayLoadPrograms(capabilities: bigint | undefined = ownCapabilities()): boolean {
  if (capabilities === undefined) return true
  return has(capabilities, CAP_SYS_ADMIN) || (has(capabilities, CAP_BPF) && has(capabilities, CAP_PERFMON))
}

/** The effective capabilities of this process. */
function ownCapabilities(): bigint | undefined {
  const digits = /^CapEff:\s*([0-9a-f]+)$/m.exec(fs.readFileSync('/proc/self/status', 'latin1'))?.[1]
  return digits === undefined ? undefined : BigInt(`0x${digits}`)
}
