/** What a board shows: its own lab, and the lab of an experiment while that one runs. */
import type { ExperimentRunner } from './experiment-runner.ts'
import type { LiveState, LoadState } from './state.ts'
import { boardState } from './states.ts'
import type { LabView } from './view.ts'

/**
 * States of both labs as they come, told apart by `lab`: those of the own lab come on while another is shown. A state is
 * the one to show if its `lab` is what its experiment `shows`. Ends with the views of the own lab, and throws what they throw.
 */
export async function* shownStates(
  views: AsyncIterable<LabView>,
  loads: () => LoadState[],
  runner: ExperimentRunner,
): AsyncGenerator<LiveState> {
  let waiting: LiveState[] = []
  let own: LabView | undefined
  let over: { error?: unknown } | undefined
  let news = Promise.withResolvers<void>()
  const push = (state: LiveState): void => {
    waiting.push(state)
    news.resolve()
  }
  const pushOwn = (view: LabView): void => push(boardState(view, loads(), runner.current))
  runner.onNews = () => {
    const { current, view } = runner
    if (current?.shows !== undefined && view !== undefined)
      push({ ...boardState(view, [], current), lab: current.shows })
    else if (own !== undefined) pushOwn(own)
  }
  const pump = async (): Promise<void> => {
    for await (const view of views) {
      own = view
      pushOwn(view)
    }
  }
  void pump()
    .then(
      () => {
        over = {}
      },
      (error: unknown) => {
        over = { error }
      },
    )
    .then(() => news.resolve())
  while (over === undefined || waiting.length > 0) {
    if (waiting.length === 0) await news.promise
    news = Promise.withResolvers<void>()
    const states = waiting
    waiting = []
    yield* states
  }
  if (over.error !== undefined) throw over.error
}
