/** Time series under the picture: five charts with one cursor, the last minutes, marks for what was done. */
import { html, say, set } from '../page/dom.ts'
import { Chart } from './chart.ts'
import { type Kind, kinds as labKinds } from './kinds.ts'
import type { Kept } from './series.ts'
import { type Range, TimeShown } from './time-shown.ts'

const SPANS: [label: string, ms: number][] = [
  ['30 s', 30_000],
  ['1 min', 60_000],
  ['5 min', 300_000],
]

export class Charts {
  readonly #present: Kept
  #history: Kept
  readonly #charts: Chart[]
  readonly #time = new TimeShown()
  readonly #pause: HTMLButtonElement
  readonly #spans: HTMLButtonElement[]
  readonly #onStill: (sinceMs: number | undefined) => void
  /** What was there when it was stopped: the history forgets. */
  #kept: Kept | undefined
  /** Whether somebody is drawing over a stretch of time: it must not move away below the pointer. */
  #held = false
  #turn = 0
  #shards = 0

  /** `onStill` hears when all stands still, with the time of the last sample, and when it goes on. */
  constructor(
    root: HTMLElement,
    history: Kept,
    onStill: (sinceMs: number | undefined) => void,
    kinds: readonly Kind[] = labKinds,
  ) {
    this.#present = this.#history = history
    this.#onStill = onStill
    this.#pause = html(
      'button',
      { type: 'button', class: 'small', 'aria-pressed': 'false', 'aria-keyshortcuts': 'p' },
      'Pause',
    )
    this.#pause.addEventListener('click', () => this.toggle())
    this.#spans = SPANS.map(([label, ms]) => {
      const button = html(
        'button',
        { type: 'button', class: 'small', 'aria-pressed': String(ms === this.#time.spanMs) },
        label,
      )
      button.addEventListener('click', () => this.#setSpan(ms))
      return button
    })
    const gestures = {
      onZoom: (range: Range) => this.#stop(range),
      onReset: () => this.#goOn(),
      onHold: (held: boolean) => {
        this.#held = held
      },
      onPoint: (at: number | undefined) => {
        for (const chart of this.#charts) chart.pointerAt(at)
      },
    }
    this.#charts = kinds.map(
      (kind, index) => new Chart({ kind, labels: index === 0, marks: () => this.#shownHistory.marks, gestures }),
    )
    root.replaceChildren(
      html(
        'div',
        { class: 'chart-tools' },
        html('h2', {}, 'The last few minutes'),
        html('div', { class: 'buttons', role: 'group', 'aria-label': 'Time shown' }, ...this.#spans),
        this.#pause,
        html('span', { class: 'hint' }, 'drag in a chart to zoom, double-click to resume'),
      ),
      html('div', { class: 'chart-grid' }, ...this.#charts.map(({ element }) => element)),
    )
  }

  /** Draws one chart in turn: all five at each of ten states a second would cost five times as much for nothing. */
  draw(shards: number): void {
    if (this.#isPast) return
    if (shards !== this.#shards) {
      this.#shards = shards
      this.redraw(true)
      return
    }
    if (this.#held || this.#time.standsStill) return
    const index = this.#turn % this.#charts.length
    const round = Math.floor(this.#turn++ / this.#charts.length)
    // In five minutes on 300 pixels a second is a pixel: three thousand points a curve are drawn anew every fourth one.
    if (this.#time.spanMs < 300_000 || round % 8 === 0) this.#drawOne(index)
    else this.#charts[index]?.readLast(this.#history.points)
  }

  /** Stops, or goes on; the past stands still anyway. */
  toggle(): void {
    if (this.#isPast) return
    if (this.#time.standsStill) this.#goOn()
    else this.#stop()
  }

  /** All at once: sizes or colours have changed, or what is shown stands still and is another. */
  redraw(rebuild = false): void {
    for (const [index, chart] of this.#charts.entries()) {
      if (rebuild) chart.build(this.#shards)
      this.#drawOne(index)
    }
  }

  /** Shows a stretch of the past until it is called without one. */
  showPast(past: Kept | undefined, range?: Range): void {
    this.#kept = undefined
    this.#history = past ?? this.#present
    this.#time.goOn()
    if (past === undefined) this.pointAt(undefined)
    else this.#time.stop(this.#lastMs(), range)
    this.#shown()
    this.#onStill(undefined)
  }

  get #isPast(): boolean {
    return this.#history !== this.#present
  }

  /** Puts the cursor of all charts at a moment, in seconds since the epoch, or lets go of it. */
  pointAt(at: number | undefined): void {
    for (const chart of this.#charts) chart.pointAt(at)
  }

  #drawOne(index: number): void {
    const range = this.#time.range(this.#lastMs())
    this.#charts[index]?.draw(this.#time.within(this.#shownHistory.points, range), range)
  }

  get #shownHistory(): Kept {
    return this.#kept ?? this.#history
  }

  #lastMs(): number {
    return this.#history.points.at(-1)?.timeMs ?? Date.now()
  }

  #setSpan(ms: number): void {
    this.#time.span(ms)
    for (const [index, button] of this.#spans.entries()) set(button, 'aria-pressed', String(SPANS[index]?.[1] === ms))
    this.redraw()
  }

  #stop(range?: Range): void {
    const { points, marks } = this.#shownHistory
    this.#kept = { points: [...points], marks: [...marks] }
    this.#time.stop(this.#lastMs(), range)
    this.#shown()
    this.#onStill(this.#time.stoppedMs)
  }

  #goOn(): void {
    if (!this.#time.standsStill) return
    this.#kept = undefined
    this.#time.goOn()
    this.#shown()
    this.#onStill(undefined)
  }

  #shown(): void {
    const still = this.#time.standsStill
    this.#pause.disabled = this.#isPast
    say(this.#pause, still && !this.#isPast ? 'Resume' : 'Pause')
    set(this.#pause, 'aria-pressed', String(still && !this.#isPast))
    this.redraw()
  }
}
