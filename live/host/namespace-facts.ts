/** What a snapshot does not tell of a network namespace and findings need: more settings, and conntrack. */
import fs from 'node:fs'
import type { NamespaceEvidence } from '#findings/host/evidence.ts'
import { NAMED_FOLDER, NetworkNamespace, namespaceFiles } from '#kernel/netns.ts'
import { ofProcess } from '#kernel/proc-reading.ts'
import type { NamespaceSample } from '#services/exporter/snapshot.ts'
import { setting } from './machine.ts'

/** Those that a snapshot has may be withheld in it while they are old: they are read here too. */
const SETTINGS = [
  'net.core.somaxconn',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_max_syn_backlog',
  'net.ipv4.tcp_abort_on_overflow',
  'net.ipv4.tcp_tw_reuse',
] as const

export interface NamespaceFacts {
  /** By name of the sysctl, those that this kernel has. */
  settings: Record<string, number>
  conntrack: NamespaceEvidence['conntrack']
}

/** What can be read of one; nothing where this process may not enter it. */
export function factsOf(space: NamespaceSample, own: boolean, proc = '/proc'): NamespaceFacts {
  if (own) return read()
  const path = pathOf(space, proc)
  const entered = path === undefined ? 'gone' : ofProcess(() => readIn(path, space.inode))
  return typeof entered === 'string' ? nothing : entered
}

const nothing: NamespaceFacts = { settings: {}, conntrack: undefined }

/** /proc/sys/net follows the calling thread. */
function readIn(path: string, inode: number): NamespaceFacts {
  using namespace = new NetworkNamespace(path)
  return namespace.inode === inode ? namespace.run(read) : nothing
}

function read(): NamespaceFacts {
  const settings = SETTINGS.flatMap((name) => {
    const value = setting(name)
    return value === undefined ? [] : [[name, value]]
  })
  return { settings: Object.fromEntries(settings), conntrack: conntrack() }
}

/** Entries of conntrack in this network namespace, and how many there may be. */
function conntrack(): NamespaceFacts['conntrack'] {
  const [count, most] = [setting('net.netfilter.nf_conntrack_count'), setting('net.netfilter.nf_conntrack_max')]
  return count === undefined || most === undefined || most === 0 ? undefined : { count, most }
}

/** Where it can be opened: by a process that listens in it, or by its name. */
function pathOf({ inode, listeners, unixListeners = [] }: NamespaceSample, proc: string): string | undefined {
  const pids = new Set([...listeners, ...unixListeners].flatMap((listener) => listener.pids))
  for (const pid of pids) {
    const path = `${proc}/${pid}/ns/net`
    if (ofProcess(() => fs.statSync(path).ino) === inode) return path
  }
  return namespaceFiles(NAMED_FOLDER).find(([named]) => named === inode)?.[1]
}
