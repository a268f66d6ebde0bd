/** A view of the lab as the board shows it. */
import type { ExperimentState, LiveState, LoadState } from './state.ts'
import type { LabView } from './view.ts'
import { calmOf, wordsOf } from './words.ts'

function boardState(lab: LabView, loads: LoadState[], experiment: ExperimentState | undefined): LiveState {
  const { loads: _loads, counted: _counted, ...view } = lab
  return { ...view, loads, words: wordsOf(lab), calm: calmOf(lab), experiment }
}

/** Every view as a state; what is beside the view is asked for at each. */
export async function* boardStates(
  views: AsyncIterable<LabView>,
  loads: () => LoadState[],
  experiment: () => ExperimentState | undefined,
): AsyncGenerator<LiveState> {
  for await (const view of views) yield boardState(view, loads(), experiment())
}
