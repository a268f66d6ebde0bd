/** A verdict's expectations as a display shows them. */
import { bandInWords, type JudgedExpectation, seenInWords, type Verdict } from '#lab/experiment/verdict.ts'
import { countedBy } from './experiment-course.ts'
import type { ExpectationState } from './experiment-state.ts'

/** Where the run as a whole was not judged, what was not met has not been judged either, for the same reason. */
export function judgedInWords({ status, reason, expectations }: Verdict): ExpectationState[] {
  const unjudged = status === 'not judged' ? (reason ?? undefined) : undefined
  return expectations.map((expectation) => inWords(expectation, unjudged))
}

function inWords(expectation: JudgedExpectation, unjudged: string | undefined): ExpectationState {
  const { counted, sentence, passed } = expectation
  const outcome = passed ? 'met' : unjudged === undefined ? 'not met' : 'not judged'
  return {
    counted: countedBy(counted),
    sentence,
    expected: bandInWords(expectation),
    seen: seenInWords(expectation),
    outcome,
    reason: outcome === 'not judged' ? unjudged : undefined,
  }
}
