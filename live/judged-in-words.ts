/** A verdict's expectations as a display shows them. */
import { bandInWords, type JudgedExpectation, seenInWords, type Verdict } from '#lab/experiment/verdict.ts'
import { countedBy } from './experiment-course.ts'
import type { ExpectationState } from './experiment-state.ts'

export const judgedInWords = ({ expectations }: Verdict): ExpectationState[] => expectations.map(inWords)

function inWords(expectation: JudgedExpectation): ExpectationState {
  const { counted, sentence, passed, notJudged } = expectation
  const outcome = notJudged !== null ? 'not judged' : passed ? 'met' : 'not met'
  return {
    counted: countedBy(counted),
    sentence,
    expected: bandInWords(expectation),
    seen: seenInWords(expectation),
    outcome,
    reason: notJudged ?? undefined,
  }
}
