/** What /proc tells of the processes that hold listeners: state, CPU time, age, open files. */
import fs from 'node:fs'
import type { ProcessEvidence } from '#findings/host/evidence.ts'
import { ofProcess } from '#kernel/proc-reading.ts'

/** USER_HZ: what user space is told, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100
const STATES: Record<string, ProcessEvidence['state']> = {
  R: 'runs',
  S: 'sleeps',
  I: 'sleeps',
  D: 'waits for a device',
  T: 'stopped',
  t: 'stopped',
}

/** A process at one moment. */
interface Seen {
  state: ProcessEvidence['state']
  cpuTicks: number
  startTicks: number
}

/** proc(5): the name stands in parentheses and may hold any character; state is the first field after it. */
function parseStat(text: string): Seen {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state = ''] = fields
  return {
    state: STATES[state],
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    startTicks: Number(fields[19]),
  }
}

const statOf = (proc: string, pid: number): Seen | undefined => {
  const text = ofProcess(() => fs.readFileSync(`${proc}/${pid}/stat`, 'latin1'))
  return text === 'gone' || text === 'hidden' ? undefined : parseStat(text)
}

/** Watches processes between two looks. */
export class ProcessWatch {
  readonly #proc: string
  readonly #uptimeMs: number | undefined
  readonly #before = new Map<number, { atMs: number; seen: Seen | undefined }>()

  constructor(proc: string, uptimeMs: number | undefined) {
    this.#proc = proc
    this.#uptimeMs = uptimeMs
  }

  /** The first look. */
  begin(pids: Iterable<number>): void {
    for (const pid of pids)
      if (!this.#before.has(pid)) this.#before.set(pid, { atMs: performance.now(), seen: statOf(this.#proc, pid) })
  }

  /** The second look at one of them. */
  of(pid: number): Omit<ProcessEvidence, 'pid' | 'command'> {
    const now = statOf(this.#proc, pid)
    const nowMs = performance.now()
    const before = this.#before.get(pid)
    const same = before?.seen !== undefined && before.seen.startTicks === now?.startTicks
    return {
      state: now?.state,
      ageMs:
        now === undefined || this.#uptimeMs === undefined
          ? undefined
          : Math.max(0, this.#uptimeMs - (now.startTicks / TICKS_PER_SECOND) * 1000),
      cpuShare:
        same && before.seen !== undefined && now !== undefined
          ? ((now.cpuTicks - before.seen.cpuTicks) / TICKS_PER_SECOND) * (1000 / Math.max(1, nowMs - before.atMs))
          : undefined,
      files: undefined,
    }
  }
}
