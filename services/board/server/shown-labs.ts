/** What a board keeps of the labs it shows: for the charts of pages that come later, and for slow motion. */
import type { LiveState } from '#live/state.ts'
import { History, type Kept } from '../web/charts/series.ts'

/** Of the states themselves. */
const KEPT_MS = 31_000

class KeptLab {
  readonly lab: string | undefined
  readonly history = new History()
  /** Oldest first. */
  states: LiveState[] = []

  constructor(lab: string | undefined) {
    this.lab = lab
  }

  add(state: LiveState): void {
    this.history.add(state)
    const last = this.states.at(-1)
    if (last !== undefined && state.timeMs <= last.timeMs) return
    this.states.push(state)
    while (this.states[0] !== undefined && this.states[0].timeMs < state.timeMs - KEPT_MS) this.states.shift()
  }
}

/** The board's own lab and the last one of an experiment. */
export class ShownLabs {
  readonly #own = new KeptLab(undefined)
  #other: KeptLab | undefined
  #shown: KeptLab = this.#own

  /** Takes a state of either lab, and gives whether it is the one to show. */
  add(state: LiveState): boolean {
    const kept = this.#of(state.lab)
    kept.add(state)
    const shown = state.lab === state.experiment?.shows
    if (shown) this.#shown = kept
    if (state.experiment?.running !== true) this.#other = undefined
    return shown
  }

  /** What the charts of the lab that is shown should have. */
  get kept(): Kept {
    const { lab, history } = this.#shown
    return { ...(lab === undefined ? {} : { lab }), points: history.points, marks: history.marks }
  }

  /** The lab that is shown, and its states of the last half minute. */
  get recent(): { lab: string | undefined; states: readonly LiveState[] } {
    return this.#shown
  }

  #of(lab: string | undefined): KeptLab {
    if (lab === undefined) return this.#own
    if (this.#other?.lab !== lab) this.#other = new KeptLab(lab)
    return this.#other
  }
}
