/** A result and why. */
export interface Reasoned<Result> {
  result: Result
  why: string[]
}
