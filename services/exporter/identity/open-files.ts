import fs from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import type { ProcessFiles, Snapshot } from '../snapshot.ts'

const EVERY_MS = 10_000
/** So many processes are looked at one after the other before other work gets its turn; a look takes some microseconds. */
const SLICE = 16
/** More than this are not looked at: the rest is left out. */
const MOST_PROCESSES = 2000

/**
 * Counts the open files of the processes that hold listeners, against their limit: accept() fails when it is reached, and the
 * accept queue fills. Runs in the main thread, a few processes at a time; what may not be looked into is left out.
 */
export class OpenFiles {
  readonly #proc: string
  readonly #clock: () => number
  #known: ProcessFiles[] | undefined
  #startedMs = Number.NEGATIVE_INFINITY
  #underWay: Promise<void> | undefined

  constructor(proc: string, clock = () => performance.now()) {
    this.#proc = proc
    this.#clock = clock
  }

  /** What was found last, by process; undefined before the first look has ended. */
  get known(): ProcessFiles[] | undefined {
    return this.#known
  }

  /** Looks again if the last look is old enough, without waiting for it. */
  update(namespaces: Snapshot['namespaces']): void {
    const nowMs = this.#clock()
    if (this.#underWay !== undefined || nowMs - this.#startedMs < EVERY_MS) return
    const wanted = ownersIn(namespaces)
    if (wanted.size === 0 && this.#known === undefined) return // owners are not known yet
    this.#startedMs = nowMs
    this.#underWay = this.#look(wanted).finally(() => {
      this.#underWay = undefined
    })
  }

  /** Resolves when no look is under way. */
  async settled(): Promise<void> {
    await this.#underWay
  }

  async #look(wanted: ReadonlyMap<number, Names>): Promise<void> {
    const found: ProcessFiles[] = []
    let looked = 0
    for (const [pid, names] of wanted) {
      if (looked === MOST_PROCESSES) break
      if (looked++ % SLICE === SLICE - 1) await turn()
      const files = this.#filesOf(pid)
      if (files !== undefined) found.push({ ...names, pid, ...files })
    }
    this.#known = found
  }

  /** Without waiting: the kernel makes these files up when they are read, and handing that to another thread costs far more. */
  #filesOf(pid: number): Pick<ProcessFiles, 'open' | 'limit'> | undefined {
    try {
      const limits = fs.readFileSync(`${this.#proc}/${pid}/limits`, 'latin1')
      const limit = softLimit(limits)
      if (limit === undefined) return undefined
      const folder = `${this.#proc}/${pid}/fd`
      // Since Linux 6.2 the size of the folder is the number of its entries; before, it is 0. Whoever may not list it may not know.
      fs.accessSync(folder, fs.constants.R_OK)
      const { size } = fs.statSync(folder)
      return { open: size || fs.readdirSync(folder).length, limit: limit === 'unlimited' ? null : limit }
    } catch {
      return undefined // has ended, or is not ours to look into
    }
  }
}

/** The soft limit on open files in /proc/PID/limits. */
function softLimit(text: string): number | 'unlimited' | undefined {
  const word = /^Max open files\s+(\d+|unlimited)\s/m.exec(text)?.[1]
  return word === undefined ? undefined : word === 'unlimited' ? word : Number(word)
}

type Names = Pick<ProcessFiles, 'process' | 'container' | 'kubernetes'>

function ownersIn(namespaces: Snapshot['namespaces']): Map<number, Names> {
  const owners = new Map<number, Names>()
  for (const { listeners, unixListeners = [] } of namespaces)
    for (const { pids, process, container, kubernetes } of [...listeners, ...unixListeners])
      for (const pid of pids)
        if (!owners.has(pid)) owners.set(pid, { process, container, ...(kubernetes !== undefined && { kubernetes }) })
  return owners
}
