import path from 'node:path'
import { inWords } from './system-errors.ts'

/** Something the person at the keyboard can mend: a wrong option, a missing ability. The command ends with status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  /** One line on what to do about it. */
  readonly remedy: string | undefined

  constructor(problem: string, remedy?: string) {
    super(problem)
    this.remedy = remedy
  }
}

/** Something failed that is neither a wrong use nor a fault of the program; the message says it in words for a person. */
export class Failure extends Error {
  override readonly name: string = 'Failure'
}

/**
 * Two lines at most for a person: what is wrong, and what to do. What no one foresaw is called a fault, of Spillway
 * unless `whose` says otherwise; only then, and where SPILLWAY_DEBUG is set, there is a stack.
 */
export function describeError(error: unknown, whose = 'Spillway'): string {
  if (error instanceof UsageError)
    return error.remedy === undefined ? error.message : `${error.message}\n${error.remedy}`
  // A KernelError speaks for itself too. Its room lies beside this one, so that it is known by its name.
  if (error instanceof Failure || (error instanceof Error && error.name === 'KernelError')) return error.message
  const words = inWords(error)
  if (words !== undefined) return `${words.sentence}\n${words.remedy}${trace(error)}`
  return `This is a fault of ${whose}: ${messageAndPlace(error)}; run again with SPILLWAY_DEBUG=1 for the trace and report it${trace(error)}`
}

/** The first line of what an error says, and where it was thrown: `x is not a function (queue.ts, line 12)`. */
export function messageAndPlace(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [message] = error.message.split('\n')
  const [, file, line] = /^\s+at .*?(\/(?:(?!node_modules)[^():\n])+):(\d+):\d+\)?$/m.exec(error.stack ?? '') ?? []
  return file === undefined ? `${message}` : `${message} (${path.basename(file)}, line ${line})`
}

const trace = (error: unknown): string =>
  process.env.SPILLWAY_DEBUG && error instanceof Error ? `\n${error.stack}` : ''
