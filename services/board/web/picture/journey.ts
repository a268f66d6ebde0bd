/** The whole journey of a connection, as it is drawn for one layout: from the clients down to the byte queues. */
import { bytes, number, plural, whole } from '#common/quantities.ts'
import { ageBeside } from '#live/reading.ts'
import type { LiveState } from '#live/state.ts'
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

  constructor(layout: Layout, state: LiveState, handlers: PictureHandlers) {
    this.#clients = new Clients(layout.clients)
    this.#synQueue = new SynQueue(layout.grid)
    this.lanes = state.shards.map(
      ({ shard }, index) => new Lane(shard, layout.lanes[index] as LaneLayout, layout, state.mode, handlers),
    )
    this.#receive = new ByteGauge(layout.receive, 'receive queues', 'receiveQueue')
    this.#send = new ByteGauge(layout.send, 'send queues', 'sendQueue')
    const { clients, syn, accept, process, connections } = layout.stations
    this.#synStage = new Stage('SYN queue', 'synQueue', syn, 2)
    this.#steering = svg('text', { ...layout.steering, class: 'stage-unit', 'data-term': 'steering' })
    this.#acceptStage = new Stage(state.mode === 'sharded' ? 'Accept queues' : 'Accept queue', 'acceptQueue', accept, 3)
    const { x, y, end } = layout.dropped
    this.#dropped = new DropFigure({ x, y, w: 140 }, end ? 'end' : 'middle')
    this.#droppedUnit = end ? undefined : svg('text', { x, y: y + 17, class: 'dropped-unit at-middle' })
    this.#processStage = new Stage(state.mode === 'single' ? 'Process' : 'Processes', 'accept', process, 4)
    this.#connectionStage = new Stage('Connections', 'descriptor', connections)
    this.elements = [
      ...(layout.stacked ? [] : [boundary(layout), wayLine([clients, syn, accept, process])]),
      new Stage('Clients', 'rate', clients, 1).element,
      ...[this.#synStage, this.#acceptStage, this.#processStage, this.#connectionStage].map(({ element }) => element),
      this.#steering,
      this.#dropped.element,
      ...(this.#droppedUnit === undefined ? [] : [this.#droppedUnit]),
      this.#clients.element,
      pipes(layout),
      this.#synQueue.element,
      ...this.lanes.map(({ element }) => element),
      this.#receive.element,
      this.#send.element,
    ]
  }

  draw(state: LiveState, ages: ReadonlyMap<number, Age>): void {
    this.#clients.draw(state)
    this.#drawSynQueue(state)
    say(this.#steering, steeringWords(state))
    this.#drawLanes(state, ages)
    this.#drawConnections(state)
  }

  #drawSynQueue(state: LiveState): void {
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

  #drawLanes(state: LiveState, ages: ReadonlyMap<number, Age>): void {
    const { shards } = state
    const waiting = shards.reduce((sum, { length }) => sum + length, 0)
    this.#acceptStage.draw(
      number(waiting),
      waiting === 1 ? 'connection waits' : 'connections wait',
      ageBeside(state.ages, 'listeners'),
    )
    const drops = shards.reduce((sum, { dropsPerSecond }) => sum + dropsPerSecond, 0)
    this.#dropped.draw(drops, this.#droppedUnit === undefined ? '/s dropped' : '/s')
    if (this.#droppedUnit !== undefined) say(this.#droppedUnit, drops > 0 ? 'dropped in all' : '')
    const accepts = shards.reduce((sum, { acceptsPerSecond = Number.NaN }) => sum + acceptsPerSecond, 0)
    const age = ageBeside(state.ages, 'backends')
    // There is room for one of them below the number.
    if (age === '') this.#processStage.draw(whole(accepts), 'accepts per second')
    else this.#processStage.draw(`${whole(accepts)}/s`, '', age)
    const overflowing = state.moved.some(({ name }) => name === 'ListenOverflows')
    for (const [index, lane] of this.lanes.entries()) {
      const shard = shards[index]
      if (shard !== undefined) lane.draw(shard, ages.get(shard.shard), overflowing, state)
    }
  }

  #drawConnections({ portView: port, ages }: LiveState): void {
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
