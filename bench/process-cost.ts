/** What a running process has cost, as /proc says. */
import fs from 'node:fs'

/** USER_HZ, which is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100

/** CPU time of a process so far, in seconds; resolution 10 ms. */
export function cpuSeconds(pid: number): number {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** CPU time of the threads that a process has, in seconds; resolution 1 ns. Threads that have ended are not in it. */
export function cpuSecondsOfThreads(pid: number): number {
  const nanoseconds = fs
    .readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]))
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e9
}

/** CPU time of this process's children that have ended, and of theirs, in seconds; resolution 10 ms. */
export function childrenCpuSeconds(): number {
  const fields = fs.readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND
}

/** Resident memory of a process, in megabytes; the kernel says "kB" and means 1,024 bytes. */
export const rssMB = (pid: number): number =>
  (Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024) / 1e6
