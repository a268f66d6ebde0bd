/** A view of the lab as the board shows it. */
import type { ExperimentState } from './experiment-state.ts'
import type { LiveState, LoadState } from './state.ts'
import type { LabView } from './view.ts'
import { calmOf, wordsOf } from './words.ts'

export function boardState(seen: LabView, loads: LoadState[], experiment: ExperimentState | undefined): LiveState {
  const { loads: _loads, counted: _counted, portNow: _portNow, ...view } = seen
  return { ...view, loads, words: wordsOf(seen), calm: calmOf(seen), experiment }
}
