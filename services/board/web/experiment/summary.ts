/** Expectations in one sentence. Pure. */
import { plural } from '#common/quantities.ts'
import type { ExpectationState } from '#live/experiment-state.ts'

/** How many are met, and what the others are; empty if there are none. */
export function summaryOf(expectations: readonly ExpectationState[]): string {
  if (expectations.length === 0) return ''
  const count = (outcome: ExpectationState['outcome']): number =>
    expectations.filter((expectation) => expectation.outcome === outcome).length
  if (count('open') > 0) return `${plural(expectations.length, 'expectation')}, judged when the last phase has ended.`
  const rest = (['not met', 'not judged'] as const).flatMap((outcome) =>
    count(outcome) === 0 ? [] : [`${count(outcome)} ${outcome}`],
  )
  return `${[`${count('met')} of ${plural(expectations.length, 'expectation')} met`, ...rest].join(', ')}.`
}
