/** The processes that a server consists of, as /proc of their own PID namespace shows them. */
import fs from 'node:fs'
import { collectIfEnded } from '#kernel/libc.ts'
import { beginningOf, ofProcess, processNames } from '#kernel/proc-reading.ts'
import { startTicksIn } from '#kernel/process.ts'

/** Clock ticks a second in /proc: USER_HZ, 100 wherever Node runs. */
const TICKS_PER_SECOND = 100

/** An empty look is true if it comes so often in a row. */
const LOOKS = 5

export interface ServerProcess {
  pid: number
  parent: number
  /** Stopped by SIGSTOP or a like signal: none of its threads runs. */
  stopped: boolean
  /** CPU time of all its threads so far. */
  cpuSeconds: number
  /** With the pid it names the process for good: proc(5), field 22 of /proc/PID/stat. */
  startTicks: number
}

/** All processes but the caller and `others`, lowest number first; what has ended and is not collected yet is left out. */
export function processesBeside(others: ReadonlySet<number>): ServerProcess[] {
  // A process that forks and ends between two steps of a look leaves it empty: so does each one on the way to a daemon.
  for (let look = 1; ; look++) {
    const found = lookBeside(others)
    if (found.length > 0 || look === LOOKS) return found
  }
}

function lookBeside(others: ReadonlySet<number>): ServerProcess[] {
  return [...processNames('/proc')].flatMap((name) => {
    const pid = Number(name)
    return pid === process.pid || others.has(pid) ? [] : (processAt(pid) ?? [])
  })
}

/**
 * Collects what has ended of those that lost their parent, as the first process of a PID namespace has to: until then a server
 * that is started again finds their numbers in use. `own` are waited for by whoever started them.
 */
export function collectOrphans(own: ReadonlySet<number | undefined>): void {
  for (const name of processNames('/proc')) {
    const pid = Number(name)
    const [[state, parent] = []] = own.has(pid) ? [] : (fieldsOf(pid) ?? [])
    if (state === 'Z' && Number(parent) === process.pid) collectIfEnded(pid)
  }
}

/** What follows the name in /proc/PID/stat: it stands in parentheses and may hold anything. */
function fieldsOf(pid: number): [fields: string[], stat: string] | undefined {
  const stat = ofProcess(() => beginningOf(`/proc/${pid}/stat`))
  if (stat === 'gone' || stat === 'hidden') return undefined
  return [stat.slice(stat.lastIndexOf(')') + 2).split(' '), stat]
}

function processAt(pid: number): ServerProcess | undefined {
  const [fields, stat] = fieldsOf(pid) ?? []
  if (fields === undefined || stat === undefined) return undefined
  const state = fields[0] ?? ''
  if ('ZXx'.includes(state)) return undefined
  return {
    pid,
    parent: Number(fields[1]),
    stopped: state === 'T',
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    startTicks: startTicksIn(stat),
  }
}

/** Signals one of them, if it is still there. Throws what the system says if that is not allowed. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** The end of a file of output: its last lines, at most `lines` of them; none if there is no such file. */
export function lastLinesOf(file: string, lines: number): string[] {
  const MOST_BYTES = 16_384
  try {
    const fd = fs.openSync(file, 'r')
    try {
      const { size } = fs.fstatSync(fd)
      const bytes = Buffer.alloc(Math.min(size, MOST_BYTES))
      fs.readSync(fd, bytes, 0, bytes.length, size - bytes.length)
      return readableLines(bytes.toString('utf8')).slice(-lines)
    } finally {
      fs.closeSync(fd)
    }
  } catch {
    return [] // it said nothing, or removed its own output
  }
}

/** Whatever a server writes, a terminal gets no orders from it. */
const readableLines = (text: string): string[] =>
  text.split(/\r?\n/).flatMap((line) => {
    const readable = line.replaceAll('\t', ' ').replaceAll(/\p{C}/gu, '?').trimEnd()
    return readable === '' ? [] : [readable]
  })
