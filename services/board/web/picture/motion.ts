/**
 * What moves between the vessels: dots on a canvas above the picture. Pure ornament: nothing is to be read from it that
 * the picture does not say, and who prefers less motion gets none.
 */
import type { PictureState } from '#live/state.ts'
import { used } from '../page/colours.ts'
import { type NewDot, sourcesOf } from './dots.ts'
import type { Layout } from './layout.ts'

type Dot = Required<NewDot>

const MOST_DOTS = 260
const FRAME_MS = 33
/** Dots a second for a rate: growing, and never a hail. */
const dotsPerSecond = (rate: number): number => (rate <= 0 ? 0 : Math.min(26, 2 + Math.log2(1 + rate) * 2))

export class Motion {
  readonly element: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D | null
  readonly #less = matchMedia('(prefers-reduced-motion: reduce)')
  #dots: Dot[] = []
  #layout: Layout | undefined
  #state: PictureState | undefined
  #scale = 1
  #lastMs = 0
  #owed = new Map<string, number>()
  #colours: Record<Dot['kind'], string> = { syn: '', odd: '', drop: '' }
  still = false

  constructor() {
    this.element = document.createElement('canvas')
    this.element.className = 'motion'
    this.element.setAttribute('aria-hidden', 'true')
    this.#context = this.element.getContext('2d')
    requestAnimationFrame((nowMs) => this.#frame(nowMs))
  }

  show(state: PictureState, layout: Layout): void {
    this.#state = state
    this.#layout = layout
  }

  resize(widthPx: number, heightPx: number, layout: Layout): void {
    const ratio = Math.min(devicePixelRatio, 2)
    this.element.width = Math.round(widthPx * ratio)
    this.element.height = Math.round(heightPx * ratio)
    this.element.style.height = `${heightPx}px`
    this.#scale = (widthPx / layout.width) * ratio
    this.#dots = []
    this.recolour()
  }

  recolour(): void {
    this.#colours = { syn: used('--fresh'), odd: used('--odd'), drop: used('--spill') }
  }

  #frame(nowMs: number): void {
    requestAnimationFrame((next) => this.#frame(next))
    if (nowMs - this.#lastMs < FRAME_MS - 4) return
    const seconds = Math.min(0.1, (nowMs - this.#lastMs) / 1000)
    this.#lastMs = nowMs
    const context = this.#context
    const { width, height } = this.element
    if (context === null || width === 0) return
    if (this.#less.matches || this.still) {
      if (this.#dots.length > 0) context.clearRect(0, 0, width, height)
      this.#dots = []
      return
    }
    this.#give(seconds)
    if (this.#dots.length === 0) return
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.clearRect(0, 0, width, height)
    context.setTransform(this.#scale, 0, 0, this.#scale, 0, 0)
    for (const dot of this.#dots) {
      if (dot.kind === 'drop') dot.vy += 260 * seconds
      dot.x += dot.vx * seconds
      dot.y += dot.vy * seconds
      if (dot.kind === 'drop') dot.vx *= 1 - 2.2 * seconds
      const left = Math.min(1, (dot.endY - dot.y) / 30)
      if (left <= 0) continue
      context.globalAlpha = Math.min(1, left) * 0.9
      context.fillStyle = this.#colours[dot.kind]
      context.beginPath()
      context.arc(dot.x, dot.y, dot.kind === 'drop' ? 3.2 : 2.6, 0, 6.283)
      context.fill()
    }
    context.globalAlpha = 1
    this.#dots = this.#dots.filter((dot) => dot.y < dot.endY)
  }

  /** New dots, as many as the rates want. */
  #give(seconds: number): void {
    if (this.#state === undefined || this.#layout === undefined) return
    for (const { name, ratePerSecond, dot } of sourcesOf(this.#state, this.#layout)) {
      let owed = (this.#owed.get(name) ?? 0) + dotsPerSecond(ratePerSecond) * seconds
      while (owed >= 1 && this.#dots.length < MOST_DOTS) {
        owed--
        this.#dots.push({ vx: 0, vy: 130 + Math.random() * 50, ...dot() })
      }
      this.#owed.set(name, Math.min(owed, 1))
    }
  }
}
