import fs from 'node:fs'
import { KernelError } from './errors.ts'

/** The file of a sysctl: `net.core.somaxconn` is /proc/sys/net/core/somaxconn. */
const file = (name: string): string => `/proc/sys/${name.replaceAll('.', '/')}`

/** What some kernels have for the sake of later fixes, without what it does; and the counter that came with that. */
const namesAlone = new Map([['net.ipv4.tcp_migrate_req', 'TCPMigrateReqSuccess']])

/**
 * Whether a kernel has a sysctl by its name alone, and does not go by it: stable kernels may be given a later one
 * (docs/kernel-facts.md#migrating-a-queue). `netstat` is the text of a namespace's counters.
 */
export function isNameAlone(name: string, netstat = readNetstat): boolean {
  const counter = namesAlone.get(name)
  return counter !== undefined && !netstat().includes(` ${counter} `)
}

const readNetstat = (): string => fs.readFileSync('/proc/thread-self/net/netstat', 'utf8')

/**
 * Reads a sysctl as text, e.g. `4096`, in the calling thread's network namespace. Undefined where the kernel has none, or only its
 * name.
 */
export function readSysctl(name: string): string | undefined {
  try {
    if (isNameAlone(name)) return undefined
    return fs.readFileSync(file(name), 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw failure('Reading', name, error)
  }
}

/** Writes a sysctl in the calling thread's network namespace. Throws a KernelError if the kernel refuses. */
export function writeSysctl(name: string, value: string | number): void {
  try {
    fs.writeFileSync(file(name), String(value))
  } catch (error) {
    throw failure(`Writing ${value} to`, name, error)
  }
}

function failure(doing: string, name: string, error: unknown): KernelError {
  const code = (error as NodeJS.ErrnoException).code ?? 'EIO'
  const remedies: Record<string, string> = {
    ENOENT: 'This setting does not exist in this kernel or this kind of namespace',
    EROFS: '/proc/sys is read-only here: for a container it is set from outside, with `sysctls` in compose or --sysctl',
    EACCES: 'Writing it needs CAP_NET_ADMIN in the namespace',
    EPERM: 'Writing it needs CAP_NET_ADMIN in the namespace',
    EINVAL: 'The kernel does not accept this value',
  }
  return new KernelError(`sysctl ${name}`, code, `${doing} ${name}`, remedies[code])
}
