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
const FRAME_OF_SCREEN_MS = 16
/** Dots a second for a rate: growing, and never a hail. */
const dotsPerSecond = (rate: number): number => (rate <= 0 ? 0 : Math.min(26, 2 + Math.log2(1 + rate) * 2))

/** It fades where it ends, in a few steps. */
const alphaOf = ({ endY, y }: Dot): number => 0.9 * Math.min(1, Math.ceil((endY - y) / 6) / 5)

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
    this.#await()
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

  /** A frame that is asked for and draws nothing costs the browser one all the same: it is asked for when it is due. */
  #await(): void {
    setTimeout(() => requestAnimationFrame((nowMs) => this.#frame(nowMs)), FRAME_MS - FRAME_OF_SCREEN_MS)
  }

  #frame(nowMs: number): void {
    this.#await()
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
    }
    this.#dots = this.#dots.filter((dot) => dot.y < dot.endY)
    // Dots of one look are one path: to fill each by itself costs several times as much.
    for (const [kind, ofKind] of Map.groupBy(this.#dots, (dot) => dot.kind)) {
      const radius = kind === 'drop' ? 3.2 : 2.6
      context.fillStyle = this.#colours[kind]
      for (const [alpha, dots] of Map.groupBy(ofKind, alphaOf)) {
        context.globalAlpha = alpha
        context.beginPath()
        for (const { x, y } of dots) {
          context.moveTo(x + radius, y)
          context.arc(x, y, radius, 0, 6.283)
        }
        context.fill()
      }
    }
    context.globalAlpha = 1
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
