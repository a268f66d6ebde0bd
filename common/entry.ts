/** What every process of Spillway does at its edge: words instead of stacks, and a status. */
import { describeError, Failure } from './errors.ts'
import { codeOf, reasonOf } from './system-errors.ts'

const FAILED = 2

/**
 * Does the work of a process. `name` begins each of its error messages. Any failure, wherever it happens, is reported in one
 * sentence and ends the process with status 2; a reader that has gone away (`| head`) is not a failure.
 */
export async function runEntry(name: string, work: () => Promise<void>): Promise<void> {
  sayFaults(name)
  process.stdout.on('error', (error) => {
    if (isGone(error)) return
    complain(name, new Failure(`Cannot write to standard output: ${reasonOf(error) ?? error.message}`))
    process.exit(FAILED)
  })
  process.stderr.on('error', () => {}) // there is nowhere left to report it
  try {
    await work()
  } catch (error) {
    complain(name, error)
    process.exitCode = FAILED
  }
}

/** Makes an uncaught error or an unhandled rejection end the process with a sentence in place of a stack. */
export function sayFaults(name: string): void {
  process.on('uncaughtException', (error) => {
    complain(name, error)
    process.exit(FAILED)
  })
}

const complain = (name: string, error: unknown): boolean => process.stderr.write(`${name}: ${describeError(error)}\n`)

/** The other end of a pipe has closed, or the terminal has gone. */
const isGone = (error: unknown): boolean => ['EPIPE', 'EIO'].includes(codeOf(error) ?? '')
