/** Slow motion: the last half minute, fetched when somebody wants it, drawn by what draws the present. */
import type { LiveState } from '#live/state.ts'
import type { Replay } from '../../api.ts'
import type { Charts } from '../charts/charts.ts'
import { History } from '../charts/series.ts'
import { html, set } from '../page/dom.ts'
import type { Picture } from '../picture/picture.ts'
import { Bar, SPEEDS } from './bar.ts'
import { replayKeys } from './keys.ts'
import { Layer } from './layer.ts'
import { Past } from './past.ts'
import { clockInWords, momentInWords, resolutionInWords, sampleInWords } from './words.ts'

/** Where it begins: this long before the last drop, or before the end. */
const BEFORE_DROP_MS = 200
const BEFORE_END_MS = 5000
/** A picture more often than this is not seen. */
const FRAME_MS = 32

export interface ReplayParts {
  stage: HTMLElement
  panel: HTMLElement
  /** The button goes before this. */
  beside: HTMLElement
  picture: Picture
  charts: Charts
  /** Draws a state of the past, as one of the present is drawn, but for switches and charts. */
  draw(state: LiveState): void
  /** Draws the present again. */
  onLeave(): void
  tell(problem: string): void
}

export class SlowMotion {
  readonly #parts: ReplayParts
  readonly #bar: Bar
  readonly #layer = new Layer()
  readonly #button = html(
    'button',
    {
      type: 'button',
      class: 'plain',
      'aria-pressed': 'false',
      'aria-keyshortcuts': 's',
      title: 'The last 30 s, slowly (S)',
    },
    'Slow motion',
  )
  #past: Past | undefined
  #state: LiveState | undefined
  #index = -1
  #atMs = 0
  #speed: number = SPEEDS[1][1]
  #playing = false
  #frameMs = 0
  #asked = false

  constructor(parts: ReplayParts) {
    this.#parts = parts
    const leave = (): void => this.leave()
    this.#bar = new Bar({
      onSeek: (atMs) => this.#stopAt(atMs),
      onStep: (samples) => this.#step(samples),
      onPlay: () => this.#play(!this.#playing),
      onSpeed: (speed) => {
        this.#speed = speed
      },
      onJump: (to) => this.#jump(to),
      onLeave: leave,
    })
    this.#button.addEventListener('click', () => (this.active ? leave() : void this.enter()))
    parts.beside.before(this.#button)
    parts.stage.before(this.#bar.element)
    replayKeys({
      active: () => this.active,
      bar: this.#bar.element,
      leave,
      step: (samples) => this.#step(samples),
      play: () => this.#play(!this.#playing),
    })
  }

  /** Whether the past is shown instead of the present. */
  get active(): boolean {
    return this.#past !== undefined
  }

  /** What the head of the page says while the past is shown. */
  get badge(): string | undefined {
    return this.#past === undefined ? undefined : `the past: ${momentInWords(this.#past, this.#atMs)}`
  }

  leave(): void {
    if (!this.active) return
    this.#play(false)
    this.#past = undefined
    this.#index = -1
    this.#layer.element.remove()
    this.#shown(false)
    this.#parts.charts.showPast(undefined)
    this.#parts.picture.forget()
    this.#parts.onLeave()
    this.#button.focus()
  }

  /** Shows the past, once it has been fetched. */
  async enter(): Promise<void> {
    if (this.#asked || this.active) return
    this.#asked = true
    const past = await lastHalfMinute()
    this.#asked = false
    if (past === undefined) {
      this.#parts.tell('There is no past to show yet: wait for the first samples')
      return
    }
    this.#past = past
    const history = new History()
    for (const state of past.states) history.add(state)
    const { resent, synQueue } = past.readings
    this.#bar.show(past, history.marks, resolutionInWords(past, resent, synQueue))
    this.#shown(true)
    const seconds = (atMs: number): number => past.wallMs(atMs) / 1000
    this.#parts.charts.showPast(history, { min: seconds(past.fromMs), max: seconds(past.toMs) })
    const drop = past.drops.at(-1)
    const returned = drop === undefined ? undefined : past.drops.findLast((one) => past.returnOf(one) !== undefined)
    const begin = (returned ?? drop)?.atMs
    this.#stopAt(begin === undefined ? past.toMs - BEFORE_END_MS : begin - BEFORE_DROP_MS)
    this.#bar.range.focus()
    // In one column the picture is below it: both fit where the head of the page has gone.
    if (matchMedia('(max-width: 900px)').matches) this.#bar.element.scrollIntoView()
  }

  #shown(shown: boolean): void {
    this.#bar.element.hidden = !shown
    this.#parts.panel.inert = shown
    set(document.documentElement, 'data-past', shown)
    set(this.#button, 'aria-pressed', String(shown))
  }

  #stopAt(atMs: number): void {
    this.#play(false)
    this.#seek(atMs)
  }

  #step(samples: number): void {
    const past = this.#past
    if (past === undefined) return
    const index = Math.min(past.moments.length - 1, Math.max(0, past.indexAt(this.#atMs) + samples))
    this.#stopAt(past.moments[index]!)
  }

  #jump(to: 'drop' | 'earlier drop' | 'return'): void {
    const past = this.#past
    if (past === undefined) return
    const found =
      to === 'drop'
        ? past.drops.find(({ atMs }) => atMs > this.#atMs)
        : to === 'earlier drop'
          ? past.drops.findLast(({ atMs }) => atMs < (past.moments[past.indexAt(this.#atMs)] ?? 0))
          : this.#lastDropReturn(past)
    if (found !== undefined) this.#stopAt(found.atMs)
  }

  #lastDropReturn(past: Past): Past['returns'][number] | undefined {
    const drop = past.drops.findLast(({ atMs }) => atMs <= this.#atMs)
    return drop === undefined ? undefined : past.returnOf(drop)
  }

  #play(playing: boolean): void {
    if (playing === this.#playing || (playing && this.#past === undefined)) return
    this.#playing = playing
    this.#bar.playing = playing
    if (!playing) return
    if (this.#past !== undefined && this.#atMs >= this.#past.toMs) this.#seek(this.#past.fromMs)
    this.#frameMs = performance.now()
    requestAnimationFrame((nowMs) => this.#frame(nowMs))
  }

  #frame(nowMs: number): void {
    if (!this.#playing || this.#past === undefined) return
    const passedMs = nowMs - this.#frameMs
    if (passedMs >= FRAME_MS) {
      this.#frameMs = nowMs
      // What a hidden page has missed is not made up for.
      const atMs = Math.min(this.#past.toMs, this.#atMs + Math.min(passedMs, 250) * this.#speed)
      this.#seek(atMs)
      if (atMs >= this.#past.toMs) {
        this.#play(false)
        return
      }
    }
    requestAnimationFrame((next) => this.#frame(next))
  }

  #seek(wantedMs: number): void {
    const past = this.#past
    if (past === undefined) return
    this.#atMs = Math.min(past.toMs, Math.max(past.fromMs, wantedMs))
    const { picture, charts, draw } = this.#parts
    const index = past.indexAt(this.#atMs)
    if (index !== this.#index) {
      // Ages follow from what was seen before: backwards there is nothing to follow from.
      if (index < this.#index || this.#index < 0) picture.forget()
      this.#index = index
      this.#state = past.stateAt(index)
      draw(this.#state)
    }
    if (this.#layer.element.parentNode !== picture.element) picture.element.append(this.#layer.element)
    if (this.#state !== undefined) this.#layer.draw(past, this.#atMs, this.#state, picture.layout)
    const canReturn = this.#lastDropReturn(past) !== undefined
    const words = sampleInWords(past, index, this.#atMs)
    this.#bar.draw(this.#atMs, momentInWords(past, this.#atMs), clockInWords(past.wallMs(this.#atMs)), words, canReturn)
    charts.pointAt(past.wallMs(this.#atMs) / 1000)
  }
}

/** Undefined if there is none yet, or the board does not answer. */
async function lastHalfMinute(): Promise<Past | undefined> {
  try {
    const answer = await fetch('/replay')
    if (!answer.ok) return undefined
    const replay: Replay = await answer.json()
    return Past.of(replay)
  } catch {
    return undefined
  }
}
