/** An experiment that runs in its own lab, as a display shows it. */

/** A phase or a case: behind, under way or still to come. */
export interface Step {
  name: string
  state: 'done' | 'now' | 'ahead'
}

export interface ExpectationState {
  /** Who counts. */
  counted: string
  sentence: string
  /** The band, and what was seen; empty while it is open. */
  expected: string
  seen: string
  /** `open`: it is judged when the last phase has ended. */
  outcome: 'open' | 'met' | 'not met' | 'not judged'
  /** Why it was not judged. */
  reason: string | undefined
}

/** An experiment that runs in its own lab, or the last one that did until somebody dismisses it. */
export interface ExperimentState {
  name: string
  teaches: string
  /** Counts the runs of this board. */
  run: number
  running: boolean
  /** The `lab` of the states that show its lab; undefined while there is none to show, and once it is over. */
  shows: string | undefined
  /** Why that picture stands still, in words; undefined while it is live. */
  still: string | undefined
  /** Its labs, one after the other; empty if there is only one. */
  cases: Step[]
  /** The phases of the present case. */
  steps: Step[]
  /** Phases in the order in which they began; of several cases with the case before it. */
  phases: { name: string; timeMs: number }[]
  /** passed, failed, not judged or broken; undefined while it runs. */
  status: string | undefined
  reason: string | undefined
  /** All of them, as soon as its first lab has started. */
  expectations: ExpectationState[]
  folder: string | undefined
  /** Where its report is, once it is written: a path of the board. */
  report: string | undefined
}
