import fs from 'node:fs'

/** The processes that this one started and that still run, as Linux lists them. */
export function childrenOf(pid: number): number[] {
  return read(() => fs.readdirSync(`/proc/${pid}/task`), []).flatMap((thread) =>
    read(() => fs.readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'), '')
      .split(' ')
      .filter((child) => child !== '')
      .map(Number),
  )
}

/** The same, with all that these started. */
export const descendantsOf = (pid: number): number[] =>
  childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)])

/** The words that a process was started with; none if it is gone. */
export const commandLineOf = (pid: number): string[] =>
  read(() => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8'), '').split('\0')

/** Linux counts the CPU time of a process in hundredths of a second. */
const TICK_MS = 10

/** CPU time of all threads of a process so far; 0 if it is gone. */
export function cpuMsOf(pid: number): number {
  const stat = read(() => fs.readFileSync(`/proc/${pid}/stat`, 'utf8'), '')
  // The name, in brackets, may hold anything. utime and stime are fields 14 and 15, the name is field 2.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS
}

/** Sends a signal to those of the processes that still run. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal)
    } catch {
      // It has already ended.
    }
}

/** What stands in /proc of a process that may end at any moment. */
function read<Content>(look: () => Content, otherwise: Content): Content {
  try {
    return look()
  } catch {
    return otherwise
  }
}
