/**
 * What moves between the vessels: dots whose number follows the rates, on a canvas above the picture. Pure ornament:
 * nothing is to be read from it that the picture does not say, and who prefers less motion gets none.
 */
import type { LiveState } from '#live/state.ts'
import type { Layout } from './layout.ts'

interface Dot {
  x: number
  y: number
  vx: number
  vy: number
  fallsFrom: number
  endY: number
  kind: 'syn' | 'odd' | 'drop' | 'accept'
  age: number
}

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
  #state: LiveState | undefined
  #scale = 1
  #lastMs = 0
  #owed = new Map<string, number>()
  #colours: Record<Dot['kind'], string> = { syn: '', odd: '', drop: '', accept: '' }
  still = false

  constructor() {
    this.element = document.createElement('canvas')
    this.element.className = 'motion'
    this.element.setAttribute('aria-hidden', 'true')
    this.#context = this.element.getContext('2d')
    requestAnimationFrame((nowMs) => this.#frame(nowMs))
  }

  show(state: LiveState, layout: Layout): void {
    this.#state = state
    this.#layout = layout
  }

  resize(widthPx: number, heightPx: number, layout: Layout): void {
    const ratio = Math.min(devicePixelRatio, 2)
    this.element.width = Math.round(widthPx * ratio)
    this.element.height = Math.round(heightPx * ratio)
    this.#scale = (widthPx / layout.width) * ratio
    this.#dots = []
    this.recolour()
  }

  recolour(): void {
    // A custom property with light-dark() is resolved only where it is used.
    const probe = document.createElement('i')
    document.body.append(probe)
    const used = (name: string): string => {
      probe.style.color = `var(${name})`
      return getComputedStyle(probe).color
    }
    this.#colours = { syn: used('--fresh'), odd: used('--odd'), drop: used('--spill'), accept: used('--calm') }
    probe.remove()
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
      dot.age += seconds
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
    const [state, layout] = [this.#state, this.#layout]
    if (state === undefined || layout === undefined) return
    const { clients, grid, lanes } = layout
    const fromClients = (): Pick<Dot, 'x' | 'y' | 'endY'> => ({
      x: grid.x + Math.random() * grid.w,
      y: clients.y + clients.h,
      endY: grid.y + 10,
    })
    this.#spawn('in', state.clients.startedPerSecond + state.clients.synRetransmitsPerSecond, seconds, () => ({
      ...fromClients(),
      kind: 'syn',
    }))
    this.#spawn('odd', state.clients.halfOpenPerSecond, seconds, () => ({ ...fromClients(), kind: 'odd' }))
    for (const [index, lane] of lanes.entries()) {
      const shard = state.shards[index]
      if (shard?.state !== 'listening') continue
      const { tank } = lane
      const middle = tank.x + tank.w / 2
      const enters = shard.acceptsPerSecond > 0 && shard.fill < 1 ? shard.acceptsPerSecond : 0
      const surface = tank.y + tank.h * (1 - Math.min(1, shard.fill))
      this.#spawn(`to${index}`, enters, seconds, () => ({
        x: middle,
        y: grid.y + grid.h + 36,
        endY: Math.min(surface, tank.y + 30),
        kind: 'syn',
      }))
      if (shard.dropsPerSecond > 0 && shard.fill >= 0.9)
        this.#spawn(`drop${index}`, shard.dropsPerSecond, seconds, () => ({
          x: tank.x + tank.w + Math.random() * 8,
          y: tank.y - 4 - Math.random() * 4,
          vx: 26 + Math.random() * 34,
          vy: -20 - Math.random() * 20,
          endY: tank.y + tank.h + 10,
          kind: 'drop',
        }))
    }
  }

  #spawn(
    source: string,
    rate: number,
    seconds: number,
    make: () => Pick<Dot, 'x' | 'y' | 'endY' | 'kind'> & Partial<Dot>,
  ): void {
    let owed = (this.#owed.get(source) ?? 0) + dotsPerSecond(rate) * seconds
    while (owed >= 1 && this.#dots.length < MOST_DOTS) {
      owed--
      this.#dots.push({ vx: 0, vy: 130 + Math.random() * 50, fallsFrom: 0, age: 0, ...make() })
    }
    this.#owed.set(source, Math.min(owed, 1))
  }
}
