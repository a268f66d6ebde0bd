/** One shard: its tank, what spills from it, and the processes below that accept from it. */
import { duration, number, whole } from '#common/quantities.ts'
import type { LiveState, ProcessView, ShardView } from '#live/state.ts'
import { say, set, svg } from '../page/dom.ts'
import { type Age, staleness } from './ages.ts'
import type { Box, LaneLayout, Layout } from './layout.ts'
import { shardInWords } from './shard-words.ts'

export interface PictureHandlers {
  onSelect(shard: number): void
  /** `process` is set where one of several was meant. */
  onToggle(shard: ShardView, process: number | undefined): void
}

/** How far a queue may be seen to stand above its rim. */
const MOUND = 18

export class Lane {
  readonly shard: number
  readonly element: SVGGElement
  readonly #tank: Box
  readonly #room: Layout['room']
  readonly #water: SVGPathElement
  readonly #oldStop = svg('stop', { offset: 0 })
  readonly #newStop = svg('stop', { offset: 1 })
  readonly #mound: SVGPathElement
  readonly #fall: SVGGElement
  readonly #peak: SVGPathElement
  readonly #number: SVGTextElement
  readonly #age: SVGTextElement
  readonly #fits: SVGTextElement
  readonly #dropped: SVGTextElement
  readonly #droppedUnit: SVGTextElement
  readonly #valve: SVGPathElement
  readonly #stream: SVGPathElement
  readonly #processes: ProcessBox[]
  #last: ShardView | undefined

  constructor(shard: number, layout: LaneLayout, { room }: Layout, mode: string, handlers: PictureHandlers) {
    this.shard = shard
    this.#room = room
    const { area, tank } = layout
    this.#tank = tank
    const middle = tank.x + tank.w / 2
    const bottom = tank.y + tank.h
    const radius = Math.min(12, tank.w / 4)
    const basin = `M${tank.x} ${tank.y}V${bottom - radius}a${radius} ${radius} 0 0 0 ${radius} ${radius}H${tank.x + tank.w - radius}a${radius} ${radius} 0 0 0 ${radius} -${radius}V${tank.y}`
    const clip = `tank-${shard}`
    const shade = `age-${shard}`
    this.#water = svg('path', { class: 'water', 'clip-path': `url(#${clip})`, fill: `url(#${shade})` })
    this.#mound = svg('path', { class: 'mound' })
    this.#fall = fallOf(tank, area, room)
    this.#peak = svg('path', { class: 'peak' })
    this.#number = svg('text', { x: middle, class: 'length' })
    this.#age = svg('text', { x: middle, class: 'age', 'data-term': 'acceptWait' })
    this.#fits = svg('text', { x: middle, class: 'fits', 'data-term': 'backlog' })
    const beside = tank.x + tank.w + (room === 'wide' ? 38 : 24)
    const wide = room === 'wide'
    this.#dropped = svg('text', {
      x: wide ? beside : middle,
      y: wide ? tank.y + 64 : bottom + 19,
      class: 'dropped',
      'data-term': 'drop',
    })
    this.#droppedUnit = svg('text', { x: beside, y: tank.y + 82, class: 'dropped-unit' })
    this.#valve = svg('path', { class: 'valve', d: `M${middle - 9} ${bottom + 3}h18` })
    this.#stream = svg('path', {
      class: 'accept-stream',
      d: `M${middle} ${bottom + 2}V${layout.processes.length > 1 ? bottom + 22 : 395}`,
    })
    this.#processes = layout.processes.map(
      (box, index) =>
        new ProcessBox(box, layout.processes.length > 1 ? index : undefined, room, () => {
          if (this.#last !== undefined && this.#last.state !== 'down')
            handlers.onToggle(this.#last, layout.processes.length > 1 ? index : undefined)
        }),
    )
    const fork =
      layout.processes.length > 1 ? [svg('path', { class: 'fork', d: forkOf(middle, bottom, layout.processes) })] : []
    const chip = svg('rect', {
      class: `chip series-${((shard - 1) % 8) + 1}`,
      x: tank.x,
      y: tank.y - 17,
      width: 9,
      height: 9,
      rx: 2,
    })
    const name = svg(
      'text',
      { x: tank.x + 14, y: tank.y - 8, class: 'lane-name', 'data-term': 'shard' },
      room !== 'wide' ? String(shard) : mode === 'sharded' ? `Shard ${shard}` : 'One socket',
    )
    if (room === 'dense') {
      set(name, 'x', middle)
      set(chip, 'visibility', 'hidden')
    }
    this.element = svg(
      'g',
      { class: `lane ${room}`, 'data-shard': shard },
      svg(
        'defs',
        {},
        svg('clipPath', { id: clip }, svg('path', { d: `${basin}z` })),
        svg('linearGradient', { id: shade, x1: 0, y1: 1, x2: 0, y2: 0 }, this.#oldStop, this.#newStop),
      ),
      svg('rect', { class: 'lane-area', x: area.x + 1, y: area.y + 14, width: area.w - 2, height: area.h - 4, rx: 10 }),
      svg('path', { class: 'basin-back', d: `${basin}z` }),
      this.#water,
      this.#mound,
      svg('path', { class: 'full-mark', d: `M${tank.x - 5} ${tank.y}h${tank.w + 10}` }),
      svg('path', { class: 'basin', d: basin }),
      this.#peak,
      this.#fall,
      chip,
      name,
      this.#fits,
      this.#number,
      this.#age,
      this.#dropped,
      this.#droppedUnit,
      this.#stream,
      ...fork,
      this.#valve,
      ...this.#processes.map(({ element }) => element),
    )
    this.element.addEventListener('click', () => handlers.onSelect(shard))
  }

  select(selected: boolean): void {
    this.element.classList.toggle('selected', selected)
  }

  draw(shard: ShardView, age: Age | undefined, overflowing: boolean, state: LiveState): void {
    this.#last = shard
    const { tank } = { tank: this.#tank }
    const open = shard.state === 'listening'
    const fits = shard.limit + 1
    const fill = open ? shard.length / fits : 0
    const level = Math.min(1, fill)
    const top = tank.y + tank.h * (1 - level) - (shard.length > 0 && level * tank.h < 3 ? 3 : 0)
    set(this.#water, 'd', open && shard.length > 0 ? `M${tank.x} ${top}h${tank.w}V${tank.y + tank.h}h-${tank.w}z` : '')
    const spills = open && overflowing && shard.dropsPerSecond > 0
    const above = Math.min(1, Math.max(0, (shard.length - fits) / Math.max(1, fits)))
    const rise = open && fill > 1 ? 4 + above * (MOUND - 4) : 0
    set(this.#mound, 'd', rise > 0 ? `M${tank.x} ${tank.y}q${tank.w / 2} ${-2 * rise} ${tank.w} 0z` : '')
    if (age !== undefined) {
      shade(this.#oldStop, age.oldestMs)
      shade(this.#newStop, age.newestMs)
    }
    const states = [
      open ? '' : shard.state,
      fill >= 1 ? 'full' : fill >= 0.5 ? 'half' : '',
      spills ? 'spills' : '',
      shard.stalled ? 'stalled' : '',
    ].filter((name) => name !== '')
    const base = `lane ${this.#room}${this.element.classList.contains('selected') ? ' selected' : ''}`
    set(this.element, 'class', [base, ...states].join(' '))
    const strength = spills ? Math.min(1, 0.35 + Math.log10(1 + shard.dropsPerSecond) / 4) : 0
    this.#fall.style.opacity = String(strength)
    set(this.#fall, 'data-on', spills)
    const peak = tank.y + tank.h * (1 - Math.min(1, shard.peak / fits))
    set(
      this.#peak,
      'd',
      open && this.#room !== 'dense' && shard.peak > shard.length ? `M${tank.x - 9} ${peak - 5}l8 5l-8 5z` : '',
    )
    this.#words(shard, age, top, open)
    const dropping = open && shard.dropsPerSecond >= 0.5
    say(this.#dropped, dropping ? `${whole(shard.dropsPerSecond)}${this.#room === 'dense' ? '' : '/s'}` : '')
    say(this.#droppedUnit, dropping && this.#room === 'wide' ? 'dropped' : '')
    set(this.#valve, 'visibility', shard.stalled || !open ? 'visible' : 'hidden')
    const flow = open && !shard.stalled ? shard.acceptsPerSecond : 0
    this.#stream.style.strokeWidth = flow > 0 ? String(1.5 + Math.log10(1 + flow) * 1.6) : '0'
    set(this.element, 'data-tip', shardInWords(shard, age))
    for (const [index, box] of this.#processes.entries()) box.draw(shard, shard.processes[index], state)
  }

  #words(shard: ShardView, age: Age | undefined, top: number, open: boolean): void {
    const { y, h, w } = this.#tank
    const size = this.#room === 'wide' ? Math.min(46, w * 0.34) : this.#room === 'narrow' ? Math.min(28, w * 0.42) : 0
    const line = this.#room === 'wide' ? 19 : 15
    const middle = y + h / 2 + size * 0.1
    this.#number.style.fontSize = `${open ? size : Math.min(size, 22)}px`
    set(this.#number, 'y', middle)
    say(this.#number, size === 0 ? '' : open ? number(shard.length) : shard.state)
    // Letters on water have water's own ink.
    const onWater = (at: number): string => (top < at ? ' on-water' : '')
    set(this.#number, 'class', `length${onWater(middle - size * 0.45)}`)
    set(this.#fits, 'y', middle + line)
    set(this.#fits, 'class', `fits${onWater(middle + line - 5)}`)
    say(this.#fits, open && size > 0 ? `of ${number(shard.limit + 1)}` : '')
    const showsAge = size > 0 && open && shard.length > 0 && age !== undefined
    const words = showsAge
      ? `${this.#room === 'wide' ? 'oldest ' : ''}${age.atMost ? '≤ ' : ''}${duration(age.oldestMs)}`
      : ''
    set(this.#age, 'y', middle + 2 * line)
    set(this.#age, 'class', `age${onWater(middle + 2 * line - 5)}`)
    say(this.#age, words)
  }
}

/** The colour of an age: CSS knows both ends, the share between them is ours. */
function shade(stop: SVGStopElement, ageMs: number): void {
  const share = `${Math.round(staleness(ageMs) * 100)}%`
  if (stop.style.getPropertyValue('--stale-share') !== share) stop.style.setProperty('--stale-share', share)
}

function fallOf(tank: Box, area: Box, room: Layout['room']): SVGGElement {
  const right = tank.x + tank.w
  const thick = room === 'wide' ? 24 : room === 'narrow' ? 13 : 4
  const reach = Math.min(room === 'wide' ? 12 : 5, Math.max(1, area.x + area.w - right - thick))
  const { y } = tank
  const end = y + tank.h + 4
  const sheet = `M${right - 12} ${y - 2}C${right + reach} ${y - 10} ${right + reach + thick} ${y} ${right + reach + thick} ${y + 40}V${end}H${right + reach}V${y + 44}C${right + reach} ${y + 14} ${right + 2} ${y + 6} ${right - 2} ${y + 7}z`
  const strands = [0.3, 0.62].map((share) => {
    const x = right + reach + thick * share
    return svg('path', {
      class: 'strand',
      d: `M${right + 2 + 6 * share} ${y + 1}C${x - 3} ${y + 1} ${x} ${y + 16} ${x} ${y + 44}V${end - 14}`,
    })
  })
  return svg(
    'g',
    { class: 'fall', 'aria-hidden': 'true' },
    svg('path', { class: 'sheet', d: sheet }),
    ...(room === 'dense' ? [] : strands),
  )
}

function forkOf(middle: number, bottom: number, processes: readonly Box[]): string {
  const y = bottom + 22
  const middles = processes.map(({ x, w }) => x + w / 2)
  const [first = middle, last = first] = [middles[0], middles.at(-1)]
  return `M${Math.min(first, middle)} ${y}H${Math.max(last, middle)}${middles.map((x) => `M${x} ${y}V395`).join('')}`
}

/** A process, which is also the switch that stalls it. */
class ProcessBox {
  readonly element: SVGGElement
  readonly #box: SVGRectElement
  readonly #title: SVGTextElement
  readonly #rate: SVGTextElement
  readonly #note: SVGTextElement
  readonly #pill: SVGGElement
  readonly #pillText: SVGTextElement
  readonly #room: 'wide' | 'narrow' | 'dense'
  readonly #index: number | undefined

  constructor({ x, y, w, h }: Box, index: number | undefined, room: Layout['room'], toggle: () => void) {
    this.#index = index
    this.#room = w >= 168 ? 'wide' : w >= 60 ? 'narrow' : room === 'dense' || w < 60 ? 'dense' : 'narrow'
    this.#box = svg('rect', { x, y, width: w, height: h, rx: Math.min(9, w / 4), class: 'process' })
    const inset = Math.min(12, w * 0.1)
    this.#title = svg('text', { x: x + inset, y: y + 19, class: 'process-name' })
    this.#rate = svg('text', { x: x + inset, y: y + 40, class: 'process-rate' })
    this.#note = svg('text', { x: x + inset, y: y + 54, class: 'process-note', 'data-term': 'descriptor' })
    this.#pillText = svg('text', { x: x + w - 41, y: y + 35, class: 'pill-text' })
    this.#pill = svg(
      'g',
      { class: 'pill' },
      svg('rect', { x: x + w - 73, y: y + 17, width: 64, height: 26, rx: 13 }),
      this.#pillText,
    )
    if (this.#room !== 'wide') set(this.#pill, 'visibility', 'hidden')
    this.element = svg(
      'g',
      { class: 'process-switch', role: 'switch', tabindex: 0 },
      this.#box,
      this.#title,
      this.#rate,
      this.#note,
      this.#pill,
    )
    this.element.addEventListener('click', toggle)
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      toggle()
    })
  }

  draw(shard: ShardView, process: ProcessView | undefined, state: LiveState): void {
    const one = this.#index === undefined
    const stalled = one ? shard.stalled : (process?.stalled ?? false)
    const down = shard.state === 'down'
    const accepts = one ? shard.acceptsPerSecond : (process?.acceptsPerSecond ?? 0)
    const open = one ? shard.open : (process?.open ?? 0)
    const who = one
      ? state.mode === 'sharded'
        ? `backend ${shard.shard}`
        : 'backend'
      : `process ${(this.#index ?? 0) + 1}`
    set(this.element, 'aria-checked', stalled ? 'true' : 'false')
    set(this.element, 'aria-label', `Stall ${who}`)
    set(this.element, 'aria-disabled', down ? 'true' : undefined)
    set(this.element, 'class', `process-switch${stalled ? ' stalled' : ''}${down ? ' down' : ''}`)
    say(this.#title, this.#room === 'wide' ? who : this.#room === 'narrow' ? who.replace('backend ', '') : '')
    const lag = Math.max(0, ...shard.processes.map(({ lagMs }) => lagMs))
    say(
      this.#rate,
      down
        ? 'down'
        : stalled
          ? this.#room === 'dense'
            ? '‖'
            : this.#room === 'wide'
              ? `stalled ${duration(one ? lag : (process?.lagMs ?? 0))}`
              : 'stalled'
          : this.#room === 'dense'
            ? ''
            : `${whole(accepts)}${this.#room === 'wide' ? ' accepts/s' : '/s'}`,
    )
    const faults = shard.faults.join(', ')
    say(
      this.#note,
      this.#room === 'dense' || down ? '' : faults !== '' && this.#room === 'wide' ? faults : `${number(open)} open`,
    )
    say(this.#pillText, stalled ? 'Release' : 'Stall')
  }
}
