/** A number that a reader predicts, and what the board or the chapter's experiment says. */
import { duration, number } from '#common/quantities.ts'
import type { LiveState } from '#live/state.ts'
import { say } from '../page/dom.ts'
import type { TermName } from '../page/glossary.ts'
import type { BoardFrame } from './board-frame.ts'
import type { Progress } from './progress.ts'
import { field, output, type Step } from './step.ts'

interface Measured {
  chart: TermName
  /** What the board shows now; undefined where it was not read. */
  now: number | undefined
  show(value: number): string
  /** What was measured, where it is more than the number: `129 of 129`. */
  showMeasured?(value: number): string
  /** A prediction in the unit of the chart. */
  inChart(value: number): number
}

/** How a reading of the chapter is found in a state. Undefined for a shard that is not there. */
function measured(reading: string, shard: number, state: LiveState): Measured | undefined {
  const one = state.shards.find((candidate) => candidate.shard === shard)
  const itself = (value: number): number => value
  switch (reading) {
    case 'queue': {
      if (one === undefined) return undefined
      const fits = one.limit + 1
      const showMeasured = (value: number): string => `${number(value)} of ${number(fits)}`
      return { chart: 'acceptQueue', now: one.length, show: number, showMeasured, inChart: (value) => value / fits }
    }
    case 'drops':
      if (one === undefined) return undefined
      return { chart: 'drop', now: one.dropsPerSecond, show: (value) => `${number(value)} a second`, inChart: itself }
    case 'wait':
      return {
        chart: 'acceptWait',
        now: state.portView?.oldestWait?.mostMs,
        show: duration,
        inChart: (value) => Math.max(1, value),
      }
    case 'half-open':
      return { chart: 'synQueue', now: state.portView?.synQueue?.length, show: number, inChart: itself }
    case 'accepts':
      if (one === undefined) return undefined
      return { chart: 'rate', now: one.acceptsPerSecond, show: (value) => `${number(value)} a second`, inChart: itself }
    default:
      return undefined
  }
}

export class Prediction {
  readonly #step: Step
  readonly #progress: Progress
  readonly #frame: BoardFrame
  /** The highest seen since the prediction was made here: a queue drains again. */
  #most: number | undefined

  constructor(step: Step, progress: Progress, frame: BoardFrame) {
    this.#step = step
    this.#progress = progress
    this.#frame = frame
    const { element, name } = step
    const kept = progress.prediction(name)
    if (kept !== undefined) field(element).value = String(kept)
    element.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#most = undefined
      progress.predict(name, field(element).valueAsNumber)
      this.#compare()
    })
    // What the experiment saw is told with the explanation, not before.
    document.getElementById('explain')?.addEventListener('toggle', () => this.#compare())
    this.#compare()
  }

  /** For a prediction that an experiment answers. */
  #compare(): void {
    const { element, name } = this.#step
    const { seen, by } = element.dataset
    const predicted = this.#progress.prediction(name)
    if (seen === undefined || predicted === undefined) return
    const opened = document.getElementById('explain')?.hasAttribute('open') === true
    say(
      output(element),
      opened ? `You: ${number(predicted)}. ${by}: ${seen}.` : 'Kept. What was seen is told with the explanation.',
    )
  }

  draw(state: LiveState): void {
    const { element, name } = this.#step
    const { reading, shard } = element.dataset
    const predicted = this.#progress.prediction(name)
    if (reading === undefined || predicted === undefined) return
    const found = measured(reading, Number(shard), state)
    if (found === undefined) return
    const { chart, now, show, showMeasured = show, inChart } = found
    this.#frame.predict(name, { chart, value: inChart(predicted), words: `predicted: ${show(predicted)}` })
    if (now !== undefined) this.#most = Math.max(now, this.#most ?? 0)
    const most = this.#most === undefined || this.#most === now ? '' : `, at most ${showMeasured(this.#most)} since`
    say(output(element), `You: ${show(predicted)}. Now: ${now === undefined ? '–' : showMeasured(now)}${most}.`)
  }
}
