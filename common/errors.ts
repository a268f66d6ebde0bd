import path from 'node:path'
import { inWords } from './system-errors.ts'

/** Something that the user can fix: a wrong option, a missing ability. The command ends with status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  /** One line on what to do about it. */
  readonly remedy: string | undefined

  constructor(problem: string, remedy?: string) {
    super(problem)
    this.remedy = remedy
  }
}

/** A failure that is neither wrong use nor a bug; the message says in plain words what failed. */
export class Failure extends Error {
  override readonly name: string = 'Failure'
}

/**
 * Two lines at most: what is wrong, and what to do. An unforeseen error is called a bug in `whose`, Spillway by default;
 * where SPILLWAY_DEBUG is set, its stack follows.
 */
export function describeError(error: unknown, whose = 'Spillway'): string {
  if (error instanceof UsageError)
    return error.remedy === undefined ? error.message : `${error.message}\n${error.remedy}`
  // A KernelError speaks for itself too. Its room lies beside this one, so that it is known by its name.
  if (error instanceof Failure || (error instanceof Error && error.name === 'KernelError')) return error.message
  const words = inWords(error)
  if (words !== undefined) return `${words.sentence}\n${words.remedy}${trace(error)}`
  return `This is a bug in ${whose}: ${messageAndPlace(error)}; run again with SPILLWAY_DEBUG=1 for a stack trace, and report it${trace(error)}`
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
