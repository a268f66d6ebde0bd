/**
 * The journey of a connection: clients, SYN queue, accept queues, processes, receive and send queues. Built once for a
 * number of shards; each state then only moves what has changed. Every figure is that of the last sample.
 */
import { bytes, number, plural, whole } from '#common/quantities.ts'
import type { LiveState } from '#live/state.ts'
import { say, set, svg } from '../page/dom.ts'
import type { TermName } from '../page/glossary.ts'
import { type Age, Ages } from './ages.ts'
import { HalfOpenGrid } from './grid.ts'
import { Lane, type PictureHandlers } from './lane.ts'
import { type Box, gridOf, HEIGHT, type LaneLayout, type Layout, LEAST_WIDTH, layoutOf } from './layout.ts'

export class Picture {
  readonly element: SVGSVGElement
  /** The present layout, in the units of the SVG. */
  layout: Layout
  readonly #handlers: PictureHandlers
  readonly #ages = new Ages()
  #shape = ''
  #state: LiveState | undefined
  #parts: Parts | undefined
  #selected = 1

  constructor(handlers: PictureHandlers) {
    this.#handlers = handlers
    this.layout = layoutOf(LEAST_WIDTH, [1])
    this.element = svg('svg', { class: 'picture', role: 'group', 'aria-label': 'Queues of the shared port' })
  }

  /** Fits the picture into a width and at most a height, in pixels. */
  resize(widthPx: number, mostHeightPx: number): void {
    const scale = Math.min(widthPx / LEAST_WIDTH, mostHeightPx / HEIGHT)
    const width = Math.round(widthPx / scale)
    if (width === this.layout.width && this.#parts !== undefined) return
    this.layout = { ...this.layout, width }
    this.#shape = ''
    set(this.element, 'viewBox', `0 0 ${width} ${HEIGHT}`)
    if (this.#state !== undefined) this.draw(this.#state)
  }

  select(shard: number): void {
    this.#selected = shard
    for (const lane of this.#parts?.lanes ?? []) lane.select(lane.shard === shard && this.layout.lanes.length > 1)
  }

  draw(state: LiveState): void {
    const repeated = state.sequence === this.#state?.sequence
    this.#state = state
    const processes = state.shards.map((shard) => Math.max(1, shard.processes.length, state.mode === 'shared' ? 1 : 0))
    const shape = `${this.layout.width}/${state.shards.map(({ shard }, index) => `${shard}:${processes[index]}`).join()}`
    if (shape !== this.#shape || this.#parts === undefined) {
      this.#shape = shape
      this.layout = layoutOf(this.layout.width, processes)
      this.#parts = this.#build(state)
      this.select(this.#selected)
    }
    const ages = repeated ? undefined : this.#ages.see(state)
    this.#parts.draw(state, ages)
  }

  #build(state: LiveState): Parts {
    const parts = new Parts(this.layout, state, this.#handlers)
    this.element.replaceChildren(definitions(), ...parts.elements)
    return parts
  }
}

function definitions(): SVGDefsElement {
  const fall = svg(
    'linearGradient',
    { id: 'fall', x1: 0, y1: 0, x2: 0, y2: 1 },
    svg('stop', { offset: 0, class: 'fall-top' }),
    svg('stop', { offset: 0.55, class: 'fall-middle' }),
    svg('stop', { offset: 1, class: 'fall-bottom' }),
  )
  return svg('defs', {}, fall)
}

/** Everything that is drawn for one layout. */
class Parts {
  readonly elements: Element[]
  readonly lanes: Lane[]
  readonly #grid: HalfOpenGrid
  readonly #clients: Facts
  readonly #synStage: Stage
  readonly #acceptStage: Stage
  readonly #processStage: Stage
  readonly #connectionStage: Stage
  readonly #steering: Stage
  readonly #receive: Gauge
  readonly #send: Gauge

  constructor(layout: Layout, state: LiveState, handlers: PictureHandlers) {
    const { clients, grid, boundaryY, width } = layout
    this.#clients = new Facts(clients)
    this.#grid = new HalfOpenGrid(grid)
    this.lanes = state.shards.map(
      ({ shard }, index) => new Lane(shard, layout.lanes[index] as LaneLayout, layout, state.mode, handlers),
    )
    this.#synStage = new Stage('SYN queue', 'synQueue', 90)
    this.#steering = new Stage('', 'steering', 172)
    this.#acceptStage = new Stage(state.mode === 'sharded' ? 'Accept queues' : 'Accept queue', 'acceptQueue', 226)
    this.#processStage = new Stage(state.mode === 'single' ? 'Process' : 'Processes', 'accept', 412)
    this.#connectionStage = new Stage('Connections', 'descriptor', 487, true)
    this.#receive = new Gauge(layout.receive, 'receive queues', 'receiveQueue')
    this.#send = new Gauge(layout.send, 'send queues', 'sendQueue')
    const boundary = svg(
      'g',
      { class: 'boundary', 'aria-hidden': 'true' },
      svg('path', { d: `M16 ${boundaryY}H${width - 16}` }),
      svg('text', { x: 16, y: boundaryY - 7 }, 'kernel'),
      svg('text', { x: 16, y: boundaryY + 17 }, 'user space'),
    )
    this.elements = [
      boundary,
      new Stage('Clients', 'rate', 40).element,
      ...[this.#synStage, this.#steering, this.#acceptStage, this.#processStage, this.#connectionStage].map(
        ({ element }) => element,
      ),
      this.#clients.element,
      pipes(layout),
      this.#grid.element,
      ...this.lanes.map(({ element }) => element),
      this.#receive.element,
      this.#send.element,
    ]
  }

  draw(state: LiveState, ages: Map<number, Age> | undefined): void {
    const { shards, portView: port } = state
    this.#clients.draw(state)
    const queue = port?.synQueue ?? { length: 0, limit: 0, peak: 0 }
    const members = Math.max(1, shards.filter(({ state }) => state === 'listening').length)
    const fits = queue.limit + members
    this.#grid.draw(state, gridOf(this.#grid.box, fits), fits)
    this.#synStage.draw(number(queue.length), `half open · fits ${number(fits)}`)
    const waiting = shards.reduce((sum, { length }) => sum + length, 0)
    this.#acceptStage.draw(number(waiting), waiting === 1 ? 'connection waits' : 'connections wait')
    this.#steering.draw('', steeringWords(state))
    const accepts = shards.reduce((sum, { acceptsPerSecond }) => sum + acceptsPerSecond, 0)
    this.#processStage.draw(whole(accepts), 'accepts a second')
    this.#connectionStage.draw(number(port?.connections ?? 0), 'established')
    this.#receive.draw(
      port?.receiveBytes ?? 0,
      port === undefined || port.receiveBytes === 0 ? '' : `fullest ${bytes(port.receiveBytesMax)}`,
      false,
    )
    const closed = port?.zeroWindows ?? 0
    this.#send.draw(port?.sendBytes ?? 0, closed > 0 ? `${plural(closed, 'window')} closed` : '', closed > 0)
    const overflowing = state.moved.some(({ name }) => name === 'ListenOverflows')
    for (const [index, lane] of this.lanes.entries()) {
      const shard = shards[index]
      if (shard !== undefined) lane.draw(shard, ages?.get(shard.shard), overflowing, state)
    }
  }
}

function steeringWords({ steering, mode, shards }: LiveState): string {
  if (mode !== 'sharded' || shards.length === 1) return ''
  switch (steering.by) {
    case 'hash':
      return 'dealt by hash'
    case 'cpu':
      return 'dealt by CPU'
    case 'random':
      return 'dealt at random'
    case 'member':
      return `all to shard ${steering.member + 1}`
  }
}

/** From the hash table down to every tank. */
function pipes({ grid, lanes, room }: Layout): SVGGElement {
  const y = grid.y + grid.h + 8
  const middles = lanes.map(({ tank }) => tank.x + tank.w / 2)
  const [first = 0, last = first] = [middles[0], middles.at(-1)]
  const busY = y + 16
  return svg(
    'g',
    { class: `pipes ${room}`, 'aria-hidden': 'true' },
    svg('path', { d: `M${(first + last) / 2} ${y - 4}V${busY}M${first} ${busY}H${last}` }),
    ...middles.map((x) => svg('path', { d: `M${x} ${busY}V${busY + 16}` })),
    ...(room === 'dense' ? [] : middles).map((x) =>
      svg('path', { class: 'head', d: `M${x - 5} ${busY + 13}l5 7l5 -7z` }),
    ),
  )
}

/** A stage of the journey, named in the gutter with its total. */
class Stage {
  readonly element: SVGGElement
  readonly #number = svg('tspan', { class: 'stage-number' })
  readonly #unit = svg('tspan', { class: 'stage-unit' })

  /** `oneLine` where number and unit share a line. */
  constructor(name: string, term: TermName, y: number, oneLine = false) {
    const below = name === '' ? 0 : 26
    if (!oneLine)
      for (const [part, dy] of [
        [this.#number, 0],
        [this.#unit, name === '' ? 0 : 17],
      ] as const) {
        set(part, 'x', 16)
        set(part, 'dy', dy)
      }
    this.element = svg(
      'g',
      { class: 'stage-label', 'data-term': term },
      svg('text', { x: 16, y, class: 'stage-name' }, name),
      svg('text', { x: 16, y: y + below }, this.#number, this.#unit),
    )
    if (oneLine) set(this.#unit, 'dx', 6)
  }

  draw(number: string, unit: string): void {
    say(this.#number, number)
    say(this.#unit, unit)
  }
}

/** What the clients do, in the band on top. */
class Facts {
  readonly element: SVGGElement
  readonly #facts: { number: SVGTSpanElement; group: SVGTextElement }[]

  constructor({ x, y, w, h }: Box) {
    const names: [string, TermName][] = [
      [' new connections', 'rate'],
      [' SYNs sent again', 'retransmit'],
      [' SYNs never to be completed', 'halfOpen'],
    ]
    this.#facts = names.map(([name, term], index) => {
      const number = svg('tspan', { class: 'fact-number' })
      const group = svg(
        'text',
        { x: x + 18 + (index * (w - 20)) / 3, y: y + h / 2 + 8, class: 'fact', 'data-term': term },
        number,
        svg('tspan', { class: 'fact-unit' }, name),
      )
      return { number, group }
    })
    this.element = svg(
      'g',
      {},
      svg('rect', { x, y, width: w, height: h, rx: 10, class: 'band' }),
      ...this.#facts.map(({ group }) => group),
    )
  }

  draw({ clients }: LiveState): void {
    const numbers = [clients.startedPerSecond, clients.synRetransmitsPerSecond, clients.halfOpenPerSecond]
    for (const [index, value] of numbers.entries()) {
      const fact = this.#facts[index]
      if (fact === undefined) continue
      say(fact.number, `${whole(value)}/s`)
      set(fact.group, 'class', `fact${value < 0.5 ? ' none' : ['', ' bad', ' odd'][index]}`)
    }
  }
}

/** Bytes on a logarithmic scale from 1 kB to 1 GB. */
class Gauge {
  readonly element: SVGGElement
  readonly #fill: SVGRectElement
  readonly #number: SVGTextElement
  readonly #note: SVGTextElement
  readonly #width: number
  readonly #name: string

  constructor({ x, y, w, h }: Box, name: string, term: TermName) {
    this.#width = w
    this.#name = name
    const barY = y + h - 12
    this.#fill = svg('rect', { x, y: barY, width: 0, height: 12, rx: 3, class: 'gauge-fill' })
    this.#number = svg('text', { x, y: barY - 8, class: 'gauge-number' })
    this.#note = svg('text', { x: x + w, y: barY - 8, class: 'gauge-note' })
    const ticks = [0, 1, 2].map((step) => svg('path', { class: 'tick', d: `M${x + (w * step) / 2} ${barY + 12}v4` }))
    const labels = ['1 kB', '1 MB', '1 GB'].map((label, step) =>
      svg('text', { x: x + (w * step) / 2, y: barY + 27, class: `tick-label at-${step}` }, label),
    )
    this.element = svg(
      'g',
      { class: 'gauge', 'data-term': term },
      svg('rect', { x, y: barY, width: w, height: 12, rx: 3, class: 'vessel' }),
      this.#fill,
      this.#number,
      this.#note,
      ...ticks,
      ...labels,
    )
  }

  draw(value: number, note: string, warns: boolean): void {
    const share = value < 1 ? 0 : Math.min(1, Math.max(0.01, Math.log10(value / 1000) / 6))
    set(this.#fill, 'width', share * this.#width)
    set(this.#fill, 'class', warns ? 'gauge-fill warns' : 'gauge-fill')
    say(this.#number, `${bytes(value)} in ${this.#name}`)
    say(this.#note, note)
    set(this.#note, 'class', warns ? 'gauge-note warns' : 'gauge-note')
  }
}
