/** The controls of slow motion: the moment, the half minute with its marks, speed, and the way back. */

import type { Mark } from '../charts/marks.ts'
import { html, say, set, svg } from '../page/dom.ts'
import type { Past } from './past.ts'

export const SPEEDS = [
  ['1/1', 1],
  ['1/10', 0.1],
  ['1/40', 0.025],
] as const

export interface BarHandlers {
  onSeek(atMs: number): void
  onStep(samples: number): void
  onPlay(): void
  onSpeed(speed: number): void
  /** To the next drop or the one before, or to where the SYNs that were dropped last came back. */
  onJump(to: 'drop' | 'earlier drop' | 'return'): void
  onLeave(): void
}

/** Marks stand on a track of so many units. */
const TRACK = 1000

export class Bar {
  readonly element: HTMLElement
  readonly range = html('input', { type: 'range', min: 0, step: 'any', 'aria-label': 'Moment of the last half minute' })
  readonly #moment = html('strong', { class: 'past-moment' })
  readonly #clock = html('span', { class: 'past-clock' })
  readonly #words = html('p', { class: 'past-words', role: 'status' })
  readonly #note = html('p', { class: 'past-resolution' })
  readonly #play = html('button', { type: 'button', class: 'small' }, 'Play')
  readonly #drops = svg('path', { class: 'track-drops' })
  readonly #returns = svg('path', { class: 'track-returns' })
  readonly #marks = svg('path', { class: 'track-marks' })
  readonly #back: HTMLButtonElement
  #fromMs = 0

  constructor(handlers: BarHandlers) {
    const button = (text: string, act: () => void, label = text): HTMLButtonElement => {
      const made = html(
        'button',
        { type: 'button', class: 'small', ...(label === text ? {} : { 'aria-label': label }) },
        text,
      )
      made.addEventListener('click', act)
      return made
    }
    this.#play.addEventListener('click', handlers.onPlay)
    this.#back = button('Its return', () => handlers.onJump('return'))
    this.range.addEventListener('input', () => handlers.onSeek(this.#fromMs + this.range.valueAsNumber))
    const speeds = SPEEDS.map(([label, speed]) => {
      const input = html('input', { type: 'radio', name: 'speed', value: speed })
      input.checked = speed === SPEEDS[1][1]
      input.addEventListener('change', () => handlers.onSpeed(speed))
      return html('label', { class: 'option' }, input, html('span', {}, label))
    })
    this.element = html(
      'section',
      { class: 'past', 'aria-label': 'Slow motion', hidden: true },
      html(
        'div',
        { class: 'past-head' },
        html('span', { class: 'past-name' }, 'The past'),
        this.#moment,
        this.#clock,
        button('◀', () => handlers.onStep(-1), 'One sample back'),
        this.#play,
        button('▶', () => handlers.onStep(1), 'One sample on'),
        html('span', { class: 'options', role: 'radiogroup', 'aria-label': 'Speed' }, ...speeds),
        button('Earlier drop', () => handlers.onJump('earlier drop')),
        button('Next drop', () => handlers.onJump('drop')),
        this.#back,
        button('Back to live', handlers.onLeave),
      ),
      html(
        'div',
        { class: 'track' },
        svg(
          'svg',
          { viewBox: `0 0 ${TRACK} 20`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
          this.#marks,
          this.#drops,
          this.#returns,
        ),
        this.range,
      ),
      this.#words,
      html(
        'p',
        { class: 'past-legend' },
        html('i', { class: 'of-drops' }),
        'drops ',
        html('i', { class: 'of-returns' }),
        'SYNs sent again ',
        html('i', { class: 'of-marks' }),
        'switches. The switches themselves are back with the present.',
      ),
      this.#note,
    )
  }

  /** Another half minute. */
  show(past: Past, marks: readonly Mark[], resolution: string): void {
    this.#fromMs = past.fromMs
    this.range.max = String(past.toMs - past.fromMs)
    const x = (atMs: number): string => (((atMs - past.fromMs) / (past.toMs - past.fromMs)) * TRACK).toFixed(1)
    const ticks = (times: readonly number[], top: number, bottom: number): string =>
      [...new Set(times.filter((ms) => ms >= past.fromMs && ms <= past.toMs).map(x))]
        .map((at) => `M${at} ${top}V${bottom}`)
        .join('')
    const offsetMs = past.wallMs(0)
    set(
      this.#drops,
      'd',
      ticks(
        past.drops.map(({ atMs }) => atMs),
        0,
        9,
      ),
    )
    set(
      this.#returns,
      'd',
      ticks(
        past.returns.map(({ atMs }) => atMs),
        11,
        20,
      ),
    )
    set(
      this.#marks,
      'd',
      ticks(
        marks.map(({ timeMs }) => timeMs - offsetMs),
        0,
        20,
      ),
    )
    say(this.#note, resolution)
  }

  draw(atMs: number, moment: string, clock: string, words: string, canReturn: boolean): void {
    const value = atMs - this.#fromMs
    if (Math.abs(this.range.valueAsNumber - value) > 0.5) this.range.value = String(value)
    set(this.range, 'aria-valuetext', moment)
    say(this.#moment, moment)
    say(this.#clock, clock)
    say(this.#words, words)
    this.#back.disabled = !canReturn
  }

  set playing(playing: boolean) {
    say(this.#play, playing ? 'Pause' : 'Play')
  }
}
