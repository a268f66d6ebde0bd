/** The course of an experiment as a display shows it: from each step to the next. Pure. */
import { type Experiment, ONLY_CASE } from '#experiments/vocabulary/experiment.ts'
import type { ExpectationAhead } from '#lab/experiment/ahead.ts'
import { AFTERWARDS } from '#lab/experiment/recording.ts'
import type { ExpectationState, ExperimentState, Step } from './experiment-state.ts'

type State = ExperimentState

export function begun({ name, teaches, cases, phases }: Experiment, run: number): State {
  const names = Object.keys(cases)
  return {
    name,
    teaches,
    run,
    running: true,
    shows: undefined,
    still: undefined,
    cases: names.length > 1 ? ahead(names) : [],
    steps: ahead([...Object.keys(phases), AFTERWARDS]),
    phases: [],
    status: undefined,
    reason: undefined,
    expectations: [],
    folder: undefined,
    report: undefined,
  }
}

/** The lab of a case has started. What is expected is asked for once. */
export function inLab(state: State, name: string, expected: () => readonly ExpectationAhead[]): State {
  const expectations = state.expectations.length > 0 ? state.expectations : expected().map(open)
  const steps = ahead(state.steps.map((step) => step.name))
  return { ...state, cases: reached(state.cases, name), steps, expectations }
}

export function inPhase(state: State, name: string, phase: string): State {
  const begun = { name: name === ONLY_CASE ? phase : `${name}, ${phase}`, timeMs: Date.now() }
  return {
    ...state,
    cases: reached(state.cases, name),
    steps: reached(state.steps, phase),
    phases: [...state.phases, begun],
  }
}

/** Its lab has ended, or was lost: the last picture of it stays until there is another. */
export function labOver(state: State, shows: string, name: string): State {
  if (state.shows !== shows) return state
  const of = state.cases.length === 0 ? '' : ` of case ${name}`
  return { ...state, steps: passed(state.steps), still: `The lab${of} has ended: this is its last picture.` }
}

/** All is judged, and its report is being written. */
export const judged = (state: State, expectations: ExpectationState[]): State => ({
  ...state,
  cases: passed(state.cases),
  expectations: expectations.length > 0 ? expectations : state.expectations,
})

/** Nothing more is done. What is open by then has not been judged. */
export function over(
  state: State,
  { status, reason }: { status: string; reason: string | null },
  folder?: string,
  report?: string,
): State {
  const why = reason ?? undefined
  const expectations = state.expectations.map(
    (expectation): ExpectationState =>
      expectation.outcome === 'open' ? { ...expectation, outcome: 'not judged', reason: why } : expectation,
  )
  return {
    ...state,
    running: false,
    shows: undefined,
    still: undefined,
    status,
    reason: why,
    expectations,
    folder,
    report,
  }
}

export const broken = (state: State, reason: string): State => over(state, { status: 'broken', reason })

const open = ({ counted, sentence }: ExpectationAhead): ExpectationState => ({
  counted: countedBy(counted),
  sentence,
  expected: '',
  seen: '',
  outcome: 'open',
  reason: undefined,
})

/** Who counts, in words. */
export const countedBy = (counted: ExpectationAhead['counted']): string =>
  counted === 'both' ? 'kernel and userspace' : counted

const ahead = (names: readonly string[]): Step[] => names.map((name) => ({ name, state: 'ahead' }))
const passed = (steps: readonly Step[]): Step[] => steps.map(({ name }) => ({ name, state: 'done' }))

/** All steps before this one are done. */
function reached(steps: readonly Step[], name: string): Step[] {
  const place = steps.findIndex((step) => step.name === name)
  return steps.map((step, index) => ({
    name: step.name,
    state: index < place ? 'done' : index === place ? 'now' : 'ahead',
  }))
}
