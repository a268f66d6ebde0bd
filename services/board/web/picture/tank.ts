/** An accept queue as a tank: how high it stands, how old it is, who in it has hung up, and its figures in it. */
import { number } from '#common/quantities.ts'
import { type CountBounds, waitInWords } from '#live/reading.ts'
import type { QueueView } from '#live/state.ts'
import { inSteps, say, set, svg } from '../page/dom.ts'
import { type Age, staleness } from './ages.ts'
import { amount, roomOf } from './amounts.ts'
import type { Box, Layout } from './layout.ts'
import { peakIs } from './shard-words.ts'

/** How far a queue may be seen to stand above its rim. */
const MOUND = 18
/** How much its words take: `peak 4,096 (sampled)`. */
const PEAK_WORDS = 118

export class Tank {
  /** From back to front. */
  readonly vessel: readonly SVGElement[]
  readonly figures: readonly SVGTextElement[]
  readonly #box: Box
  readonly #room: Layout['room']
  readonly #water: SVGPathElement
  readonly #oldStop = svg('stop', { offset: 0 })
  readonly #newStop = svg('stop', { offset: 1 })
  /** Who has hung up keeps its place: below, since they mostly came before those who still wait. */
  readonly #dead: SVGPathElement
  readonly #mound = svg('path', { class: 'mound' })
  readonly #peak = svg('path', { class: 'peak' })
  readonly #peakLine = svg('path', { class: 'peak-line' })
  readonly #peakWords: SVGTextElement
  readonly #length: SVGTextElement
  readonly #fits: SVGTextElement
  readonly #age: SVGTextElement
  readonly #hungUp: SVGTextElement
  /** Whether its peak is said beside it, and not in it. */
  readonly #hasRoomBeside: boolean
  #isAgeless = false

  /** `beside` is how much is free on its right. */
  constructor(shard: number, box: Box, room: Layout['room'], beside: number) {
    this.#box = box
    this.#hasRoomBeside = beside >= PEAK_WORDS
    this.#room = room
    const { x, y, w } = box
    const middle = x + w / 2
    const clip = `tank-${shard}`
    const shade = `age-${shard}`
    const basin = basinOf(box)
    this.#water = svg('path', { class: 'water', 'clip-path': `url(#${clip})`, fill: `url(#${shade})` })
    const hatch = `dead-${shard}`
    this.#dead = svg('path', { class: 'dead', 'clip-path': `url(#${clip})`, fill: `url(#${hatch})` })
    this.#length = svg('text', { x: middle, class: 'length' })
    this.#fits = svg('text', { x: middle, class: 'fits', 'data-term': 'backlog' })
    this.#age = svg('text', { x: middle, class: 'age', 'data-term': 'acceptWait' })
    this.#hungUp = svg('text', { x: middle, class: 'age', 'data-term': 'hungUp' })
    this.#peakWords = svg('text', this.#hasRoomBeside ? { x: x + w + 8 } : { x: x + w - 5 })
    this.vessel = [
      svg(
        'defs',
        {},
        hatching(hatch),
        svg('clipPath', { id: clip }, svg('path', { d: `${basin}z` })),
        svg('linearGradient', { id: shade, x1: 0, y1: 1, x2: 0, y2: 0 }, this.#oldStop, this.#newStop),
      ),
      svg('path', { class: 'basin-back', d: `${basin}z` }),
      this.#water,
      this.#dead,
      this.#mound,
      svg('path', { class: 'full-mark', d: `M${x - 5} ${y}h${w + 10}` }),
      svg('path', { class: 'basin', d: basin }),
      this.#peakLine,
      this.#peak,
    ]
    this.figures = [this.#peakWords, this.#fits, this.#length, this.#age, this.#hungUp]
  }

  draw(shard: QueueView, age: Age | undefined): void {
    const { x, y, w, h } = this.#box
    const open = shard.state === 'listening'
    const fits = roomOf(shard)
    const fill = fillOf(shard)
    const level = Math.min(1, fill)
    const top = y + h * (1 - level) - (shard.length > 0 && level * h < 3 ? 3 : 0)
    set(this.#water, 'd', open && shard.length > 0 ? `M${x} ${top}h${w}V${y + h}h-${w}z` : '')
    const dead = open ? Math.min(shard.hungUp?.least ?? 0, shard.length) : 0
    const deadTop = y + h * (1 - Math.min(1, dead / fits))
    set(this.#dead, 'd', dead > 0 ? `M${x} ${deadTop}h${w}V${y + h}h-${w}z` : '')
    const above = Math.min(1, Math.max(0, (shard.length - fits) / Math.max(1, fits)))
    const rise = fill > 1 ? 4 + above * (MOUND - 4) : 0
    set(this.#mound, 'd', rise > 0 ? `M${x} ${y}q${w / 2} ${-2 * rise} ${w} 0z` : '')
    // The colour of water is its age: where that is never known, it has none.
    this.#isAgeless = shard.unit === 'bytes' || (shard.oldestWait === undefined && shard.holders !== undefined)
    set(this.#water, 'class', this.#isAgeless ? 'water ageless' : 'water')
    if (age !== undefined) {
      shade(this.#oldStop, age.oldestMs)
      shade(this.#newStop, age.newestMs)
    }
    const peak = y + h * (1 - Math.min(1, shard.peak / fits))
    const showsPeak = open && this.#room !== 'dense' && shard.peak > shard.length
    set(this.#peak, 'd', showsPeak ? `M${x - 9} ${peak - 5}l8 5l-8 5z` : '')
    set(this.#peakLine, 'class', `peak-line ${shard.peakIsExact === true ? 'exact' : 'sampled'}`)
    set(this.#peakLine, 'd', showsPeak ? `M${x} ${peak}h${w}` : '')
    const figures = this.#drawFigures(shard, top)
    this.#sayPeak(showsPeak && this.#room === 'wide' ? shard : undefined, peak, figures, top)
  }

  /** Beside its line. In the tank above or below it, where that is free: otherwise the figures of the queue would be written over. */
  #sayPeak(shard: QueueView | undefined, peak: number, figures: { top: number; bottom: number }, water: number): void {
    say(this.#peakWords, shard === undefined ? '' : `peak ${amount(shard.peak, shard.unit)}${peakIs(shard)}`)
    if (this.#hasRoomBeside) {
      set(this.#peakWords, 'y', peak + 4)
      set(this.#peakWords, 'class', 'peak-words beside')
      return
    }
    const { y, h } = this.#box
    const [above, below] = [peak - 4, peak + 13]
    const free = (at: number): boolean =>
      at >= y + 11 && at <= y + h - 4 && (at <= figures.top || at - 11 >= figures.bottom)
    const at = free(above) ? above : free(below) ? below : figures.top
    set(this.#peakWords, 'y', at)
    set(this.#peakWords, 'class', `peak-words${water < at - 4 ? ' on-water' : ''}`)
  }

  /** Gives from where to where they stand. */
  #drawFigures(shard: QueueView, top: number): { top: number; bottom: number } {
    const { y, h, w } = this.#box
    const open = shard.state === 'listening'
    const size = this.#room === 'wide' ? Math.min(30, w * 0.34) : this.#room === 'narrow' ? Math.min(26, w * 0.42) : 0
    const line = this.#room === 'wide' ? 19 : 15
    const shows = size > 0 && open && shard.length > 0 && !this.#isAgeless
    const hungUp = shows ? hungUpInWords(shard.hungUp, this.#room === 'wide') : ''
    // A fourth line needs room in a tank that is low.
    const middle = y + h / 2 + size * 0.1 - (hungUp === '' ? 0 : line * 0.8)
    this.#length.style.fontSize = `${open ? size : Math.min(size, 22)}px`
    set(this.#length, 'y', middle)
    say(
      this.#length,
      size === 0 ? '' : open ? amount(shard.length, shard.unit) : shard.state === 'unread' ? 'not read' : shard.state,
    )
    // Letters on water have water's own ink.
    const onWater = (at: number): string => (top < at ? ' on-water' : '')
    set(this.#length, 'class', `length${onWater(middle - size * 0.45)}`)
    set(this.#fits, 'y', middle + line)
    set(this.#fits, 'class', `fits${onWater(middle + line - 5)}`)
    say(this.#fits, open && size > 0 ? `of ${amount(roomOf(shard), shard.unit)}` : '')
    const words = shows ? `${this.#room === 'wide' ? 'oldest ' : ''}${waitInWords(shard.oldestWait)}` : ''
    set(this.#age, 'y', middle + 2 * line)
    set(this.#age, 'class', `age${onWater(middle + 2 * line - 5)}`)
    say(this.#age, words)
    set(this.#hungUp, 'y', middle + 3 * line)
    set(this.#hungUp, 'class', `age hung-up${onWater(middle + 3 * line - 5)}`)
    say(this.#hungUp, hungUp)
    const lines = hungUp !== '' ? 3 : words !== '' ? 2 : 1
    return { top: middle - size * 0.8, bottom: middle + lines * line + 4 }
  }
}

/** `93 hung up`; empty while nobody is known to have. */
function hungUpInWords(hungUp: CountBounds | undefined, wide: boolean): string {
  if (hungUp === undefined || hungUp.least === 0) return ''
  return `${hungUp.least < hungUp.most ? '≥ ' : ''}${number(hungUp.least)} ${wide ? 'hung up' : '†'}`
}

/** Stripes over grey: told from water by its form too. */
const hatching = (id: string): SVGPatternElement =>
  svg(
    'pattern',
    { id, width: 8, height: 8, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
    svg('rect', { class: 'dead-ground', width: 8, height: 8 }),
    svg('rect', { class: 'dead-stripe', width: 3, height: 8 }),
  )

/** How much of the queue is taken: 1 where it is full, more where listen() was called again with less. */
export const fillOf = (queue: QueueView): number =>
  queue.state === 'listening' ? queue.length / Math.max(1, roomOf(queue)) : 0

/** Its outline, open above. */
function basinOf({ x, y, w, h }: Box): string {
  const bottom = y + h
  const radius = Math.min(12, w / 4)
  return `M${x} ${y}V${bottom - radius}a${radius} ${radius} 0 0 0 ${radius} ${radius}H${x + w - radius}a${radius} ${radius} 0 0 0 ${radius} -${radius}V${y}`
}

/** The colour of an age: CSS knows both ends, the share between them is ours. */
function shade(stop: SVGStopElement, ageMs: number): void {
  const share = `${Math.round(inSteps(staleness(ageMs), 0.04) * 100)}%`
  if (stop.style.getPropertyValue('--stale-share') !== share) stop.style.setProperty('--stale-share', share)
}
