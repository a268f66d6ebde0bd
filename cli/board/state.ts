/** A view of the lab as the board shows it. */
import { explain } from '#lab/explain.ts'
import type { LabView } from '#lab/view.ts'
import type { BoardExperiment, BoardLoad, BoardState } from '#services/board/api.ts'

function boardState(
  { loads: _loads, counted: _counted, ...view }: LabView,
  words: string | undefined,
  loads: BoardLoad[],
  experiment: BoardExperiment | undefined,
): BoardState {
  return { ...view, loads, words, experiment }
}

/** Every view as a state; what is beside the view is asked for at each. */
export async function* boardStates(
  views: AsyncIterable<LabView>,
  loads: () => BoardLoad[],
  experiment: () => BoardExperiment | undefined,
): AsyncGenerator<BoardState> {
  for await (const view of views) yield boardState(view, explain(view), loads(), experiment())
}
