/** What an experiment expects, before it has been played. Pure. */
import type { Expectation } from '#experiments/vocabulary/expectation.ts'
import type { Experiment } from '#experiments/vocabulary/experiment.ts'
import { readingsOf } from './readings.ts'
import { emptyRecording, type Recording } from './recording.ts'
import type { JudgedExpectation } from './verdict.ts'

export type ExpectationAhead = Pick<JudgedExpectation, 'counted' | 'sentence'>

/**
 * The sentences of its expectations, in the order in which they are judged. They are asked for with readings in which
 * nothing has been seen yet but the sysctls of a case that is about to begin. Empty where an experiment cannot
 * tell without having seen more.
 */
export function expectationsAhead(
  experiment: Experiment,
  { plan, sysctls }: Pick<Recording, 'plan' | 'sysctls'>,
): ExpectationAhead[] {
  const phases = Object.keys(experiment.phases).map((name) => ({
    name,
    beganMs: Number.NaN,
    endedMs: Number.NaN,
    result: unknown,
  }))
  const blank = (name: string): Recording => ({ ...emptyRecording(name, plan), sysctls, phases })
  const readings = Object.keys(experiment.cases).map((name) => [name, readingsOf(blank(name))])
  try {
    const { kernel, userspace, both = [] } = experiment.judge(Object.fromEntries(readings))
    return [...ahead('kernel', kernel), ...ahead('userspace', userspace), ...ahead('both', both)]
  } catch {
    // Whatever it makes of readings that are none: it will be judged by those that there are in the end.
    return []
  }
}

const ahead = (counted: ExpectationAhead['counted'], expectations: readonly Expectation[]): ExpectationAhead[] =>
  expectations.map(({ sentence }) => ({ counted, sentence: sentence.replaceAll(/\b(NaN|undefined|null)\b/g, '…') }))

/** What a phase will return: whatever is asked of it, it has no value yet. */
const unknown: unknown = new Proxy(() => {}, {
  get(_target, key) {
    if (key === Symbol.toPrimitive) return () => Number.NaN
    return key === Symbol.iterator ? function* () {} : unknown
  },
  apply: () => unknown,
})
