/** The whole journey of a connection, as it is drawn for one layout: from the clients down to the byte queues. */
import { bytes, duration, number, plural, UNKNOWN, whole } from '#common/quantities.ts'
import { ageBeside } from '#live/reading.ts'
import type { PictureState } from '#live/state.ts'
import { say, svg } from '../page/dom.ts'
import type { Age } from './ages.ts'
import { ByteGauge } from './byte-gauge.ts'
import { Clients } from './clients.ts'
import { DropFigure } from './drops.ts'
import { Lane, type PictureHandlers } from './lane.ts'
import type { LaneLayout, Layout } from './layout.ts'
import { Stage, wayLine } from './stage.ts'
import { pipes, steeringWords } from './steering.ts'
import { SynQueue } from './syn-queue.ts'

export class Journey {
  readonly elements: Element[]
  readonly lanes: Lane[]
  readonly #clients: Clients
  readonly #synQueue: SynQueue
  readonly #receive: ByteGauge
  readonly #send: ByteGauge
  readonly #synStage: Stage
  readonly #steering: SVGTextElement
  readonly #dropped: DropFigure
  readonly #droppedUnit: SVGTextElement | undefined
  readonly #acceptStage: Stage
  readonly #processStage: Stage
  readonly #connectionStage: Stage

  constructor(layout: Layout, state: PictureState, handlers: PictureHandlers) {
    const { port } = layout
    this.#clients = new Clients(layout.clients, state.clients === undefined)
    this.#synQueue = new SynQueue(layout.grid)
    this.lanes = state.shards.map(
      ({ shard }, index) => new Lane(shard, layout.lanes[index] as LaneLayout, layout, state.mode, handlers),
    )
    this.#receive = new ByteGauge(layout.receive, 'receive queues', 'receiveQueue')
    this.#send = new ByteGauge(layout.send, 'send queues', 'sendQueue')
    const { clients, syn, accept, process, connections } = layout.stations
    this.#synStage = new Stage('SYN queue', 'synQueue', syn, 2)
    this.#steering = svg('text', { ...layout.steering, class: 'stage-unit', 'data-term': 'steering' })
    const isBuffer = state.shards.some(({ unit }) => unit === 'bytes')
    this.#acceptStage = isBuffer
      ? new Stage('Receive buffer', 'receiveQueue', accept)
      : new Stage(
          state.mode === 'sharded' ? 'Accept queues' : 'Accept queue',
          'acceptQueue',
          accept,
          port ? 3 : undefined,
        )
    const { x, y, end } = layout.dropped
    this.#dropped = new DropFigure({ x, y, w: 140 }, end ? 'end' : 'middle')
    this.#droppedUnit = end ? undefined : svg('text', { x, y: y + 17, class: 'dropped-unit at-middle' })
    this.#processStage = new Stage(
      state.mode === 'single' ? 'Process' : 'Processes',
      'accept',
      process,
      port ? 4 : undefined,
    )
    this.#connectionStage = new Stage('Connections', 'descriptor', connections)
    this.elements = [
      ...(layout.stacked ? [] : [boundary(layout), ...(port ? [wayLine([clients, syn, accept, process])] : [])]),
      ...(port ? [new Stage('Clients', 'rate', clients, 1).element, this.#synStage.element] : []),
      this.#acceptStage.element,
      this.#processStage.element,
      ...(port ? [this.#connectionStage.element] : []),
      this.#steering,
      this.#dropped.element,
      ...(this.#droppedUnit === undefined ? [] : [this.#droppedUnit]),
      ...(port ? [this.#clients.element] : []),
      pipes(layout),
      ...(port ? [this.#synQueue.element] : []),
      ...this.lanes.map(({ element }) => element),
      ...(port ? [this.#receive.element, this.#send.element] : []),
    ]
  }

  draw(state: PictureState, ages: ReadonlyMap<number, Age>): void {
    this.#clients.draw(state)
    this.#drawSynQueue(state)
    say(this.#steering, steeringWords(state))
    this.#drawLanes(state, ages)
    this.#drawConnections(state)
  }

  #drawSynQueue(state: PictureState): void {
    const { portView } = state
    const queue = portView === undefined ? { length: 0, limit: 0 } : portView.synQueue
    if (queue === undefined) {
      this.#synStage.draw('–', 'not read lately')
      return
    }
    const members = Math.max(1, state.shards.filter(({ state }) => state === 'listening').length)
    const fits = queue.limit + members
    this.#synQueue.draw(state, fits)
    const age = ageBeside(state.ages, 'synQueue')
    this.#synStage.draw(number(queue.length), `of ${number(fits)} half-open`, age)
  }

  #drawLanes(state: PictureState, ages: ReadonlyMap<number, Age>): void {
    const { shards } = state
    const waiting = shards.reduce((sum, { length }) => sum + length, 0)
    const inBytes = shards.some(({ unit }) => unit === 'bytes')
    this.#acceptStage.draw(
      inBytes ? bytes(waiting) : number(waiting),
      inBytes ? 'wait to be read' : waiting === 1 ? 'connection waits' : 'connections wait',
      ageBeside(state.ages, 'listeners'),
    )
    const drops = shards.reduce((sum, { dropsPerSecond = 0 }) => sum + dropsPerSecond, 0)
    this.#dropped.draw(drops, this.#droppedUnit === undefined ? '/s dropped' : '/s')
    if (this.#droppedUnit !== undefined) say(this.#droppedUnit, drops > 0 ? 'dropped in all' : '')
    if (state.clients === undefined) this.#processStage.draw(...holdersInWords(state))
    else this.#drawAccepts(state)
    // What a UDP socket drops has met a full queue, always.
    const overflowing = inBytes || state.moved.some(({ name }) => name === 'ListenOverflows')
    for (const [index, lane] of this.lanes.entries()) {
      const shard = shards[index]
      if (shard !== undefined) lane.draw(shard, ages.get(shard.shard), overflowing, state)
    }
  }

  #drawAccepts({ shards, ages }: PictureState): void {
    const accepts = shards.reduce((sum, { acceptsPerSecond = Number.NaN }) => sum + acceptsPerSecond, 0)
    const age = ageBeside(ages, 'backends')
    // There is room for one of them below the number.
    if (age === '') this.#processStage.draw(whole(accepts), 'accepts per second')
    else this.#processStage.draw(`${whole(accepts)}/s`, '', age)
  }

  #drawConnections({ portView: port, ages }: PictureState): void {
    if (port !== undefined && port.connections === undefined) {
      this.#connectionStage.draw('–', 'not read lately')
      return
    }
    const { receiveBytes = 0, receiveBytesMax = 0 } = port ?? {}
    const age = ageBeside(ages, 'connections')
    // There is room for one of them.
    this.#connectionStage.draw(number(port?.connections ?? 0), age === '' ? 'established' : '', age)
    this.#receive.draw(receiveBytes, receiveBytes === 0 ? '' : `fullest ${bytes(receiveBytesMax)}`, false)
    const closed = port?.zeroWindows ?? 0
    this.#send.draw(port?.sendBytes ?? 0, closed > 0 ? `${plural(closed, 'window')} closed` : '', closed > 0)
  }
}

/** How many processes hold the sockets, and how many of them watch for connections; how long ago that was looked for. */
function holdersInWords({ shards, holdersAgeMs }: PictureState): [number: string, unit: string] {
  const holders = new Map(shards.flatMap(({ holders = [] }) => holders.map((holder) => [holder.pid, holder] as const)))
  if (holders.size === 0) return [UNKNOWN, 'not seen']
  const told = [...holders.values()].filter(({ accepts }) => accepts !== undefined)
  const accept = told.filter(({ accepts }) => accepts)
  // There is room for one line below the number.
  const age =
    holdersAgeMs === undefined || holdersAgeMs < 1000
      ? ''
      : ` (${duration(Math.floor(holdersAgeMs / 1000) * 1000)} ago)`
  return told.length === 0
    ? [number(holders.size), `${holders.size === 1 ? 'holds it' : 'hold it'}${age}`]
    : [`${number(accept.length)} of ${number(holders.size)}`, `${accept.length === 1 ? 'watches' : 'watch'}${age}`]
}

/** Where the kernel ends and the processes begin. */
function boundary({ boundaryY, width }: Layout): SVGGElement {
  return svg(
    'g',
    { class: 'boundary', 'aria-hidden': 'true' },
    svg('path', { d: `M16 ${boundaryY}H${width - 16}` }),
    svg('text', { x: 42, y: boundaryY - 7 }, 'kernel'),
    svg('text', { x: 42, y: boundaryY + 16 }, 'user space'),
  )
}
