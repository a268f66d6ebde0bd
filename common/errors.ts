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

/** Errors of other rooms whose message is for a person too. */
const ownNames = new Set(['KernelError', 'ServiceError'])

/** Two lines at most for a person: what is wrong, and what to do. No stack, unless it is a fault of our own. */
export function describeError(error: unknown): string {
  if (error instanceof UsageError)
    return error.remedy === undefined ? error.message : `${error.message}\n${error.remedy}`
  if (!(error instanceof Error)) return String(error)
  return ownNames.has(error.name) ? error.message : (error.stack ?? error.message)
}
