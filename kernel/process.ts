/**
 * Processes by identity, not by number alone: the same number means another process in each PID namespace and on each
 * machine, and is reused once its process has ended.
 */
import fs from 'node:fs'
import * as libc from './libc.ts'

/** What distinguishes one process from all others. */
export interface ProcessIdentity {
  /** In its PID namespace. */
  pid: number
  /** The inode of the PID namespace. The first one has the same on every machine. */
  pidNamespace: number
  /** When it began, in clock ticks since the machine started (proc(5), field 22 of /proc/PID/stat). */
  startTicks: number
  /** Of this start of this machine: /proc/sys/kernel/random/boot_id. */
  boot: string
}

/** The identity of a process of the caller's own PID namespace, by default its own. Throws if /proc does not show it. */
export function processIdentity(pid = process.pid): ProcessIdentity {
  const shown = pid === process.pid ? 'self' : pid // also right where /proc belongs to another PID namespace
  return { pid, startTicks: startTicksIn(fs.readFileSync(`/proc/${shown}/stat`, 'latin1')), ...place() }
}

/** The PID namespace and the boot in which the caller's process numbers are valid. */
const place = (): Pick<ProcessIdentity, 'pidNamespace' | 'boot'> => ({
  pidNamespace: fs.statSync('/proc/self/ns/pid').ino,
  boot: fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
})

/** Field 22; the second field is a name in parentheses, which may hold blanks and parentheses of its own. */
export function startTicksIn(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
}

/** What came of a signal: sent; the process has ended, maybe long ago; or it is not of the caller's PID namespace and machine. */
export type Signalled = 'sent' | 'ended' | 'elsewhere'

/**
 * Sends a signal (os.constants.signals) to this process and to no other: the pidfd rules out that the number is reused
 * between the check and the signal. Throws a KernelError if the caller is not allowed to.
 */
export function signalProcess({ pid, pidNamespace, startTicks, boot }: ProcessIdentity, signal: number): Signalled {
  const here = place()
  if (pidNamespace !== here.pidNamespace || boot !== here.boot) return 'elsewhere'
  const doing = `Sending a signal to process ${pid}`
  const fd = libc.pidfdIfAny(pid, doing)
  if (fd === undefined) return 'ended'
  try {
    if (startTicksBehind(fd) !== startTicks) return 'ended'
    return libc.pidfdSignal(fd, signal, doing) ? 'sent' : 'ended'
  } finally {
    libc.close(fd)
  }
}

/** When the process of a pidfd started; undefined if it has ended. Its number is read as the /proc mounted here counts. */
function startTicksBehind(fd: number): number | undefined {
  const pid = /^Pid:\t(\d+)$/m.exec(fs.readFileSync(`/proc/thread-self/fdinfo/${fd}`, 'latin1'))?.[1]
  if (pid === undefined) return undefined // -1 once it has been waited for
  try {
    return startTicksIn(fs.readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return undefined // ended meanwhile
  }
}
