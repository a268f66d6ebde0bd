import { childrenOf, commandLineOf, cpuMsOf, descendantsOf, signalAll } from './process-tree.ts'

const LOOK_EVERY_MS = 500
/** How many limits a file may be silent for that waits and does not work: on a busy machine a start takes long. */
const SILENT_LIMITS = 3

/** A file that runs, since its last sign of life. */
interface Running {
  heardMs: number
  /** CPU time of its process when it was first looked at after that sign. */
  cpuMs: number | undefined
}

/**
 * Ends the process of a test file, and whatever it started, when it has worked for as long as a test may last, and nothing
 * has begun or ended in it. A limit inside the process is not enough: a loop that spins hears no timer and no SIGTERM. Work
 * is CPU time, so that an honest file on a busy machine is not taken for one that spins.
 */
export class Watch {
  readonly #limitMs: number
  readonly #running = new Map<string, Running>()
  readonly #complaints = new Map<string, string>()
  readonly #timer: NodeJS.Timeout

  constructor(limitMs: number) {
    this.#limitMs = limitMs
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
  }

  /** The file shows a sign of life: it starts, or one of its tests starts or ends. */
  heard(file: string): void {
    this.#running.set(file, { heardMs: performance.now(), cpuMs: undefined })
  }

  /** The file is done. */
  ended(file: string): void {
    this.#running.delete(file)
  }

  /** Why the file was killed; undefined if it was not. */
  complaint(file: string): string | undefined {
    return this.#complaints.get(file)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const children = childrenOf(process.pid)
    for (const [file, running] of this.#running) {
      const pid = children.find((child) => commandLineOf(child).includes(file))
      const cpuMs = pid === undefined ? 0 : cpuMsOf(pid)
      running.cpuMs ??= cpuMs
      const workedMs = cpuMs - running.cpuMs
      const silentMs = performance.now() - running.heardMs
      if (workedMs < this.#limitMs && silentMs < this.#limitMs * SILENT_LIMITS) continue
      this.#running.delete(file)
      this.#end(file, pid, { workedMs, silentMs })
    }
  }

  #end(file: string, pid: number | undefined, { workedMs, silentMs }: { workedMs: number; silentMs: number }): void {
    if (pid === undefined) {
      // Its process has ended, and something that it left behind holds its output open: nobody to wait for.
      process.stderr.write(`${file} has ended, but something that it started is still running: the tests stop here\n`)
      process.exit(1)
    }
    const seconds = (ms: number): string => (ms / 1000).toFixed(1)
    this.#complaints.set(
      file,
      `the file was killed: no test began or ended in it for ${seconds(silentMs)} s, with ${seconds(workedMs)} s of CPU time`,
    )
    signalAll([pid, ...descendantsOf(pid)], 'SIGKILL')
  }
}
