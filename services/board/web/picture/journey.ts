/** The whole journey of a connection, as it is drawn for one layout: from the clients down to the byte queues. */
import { bytes, number, plural, whole } from '#common/quantities.ts'
import { ageBeside } from '#live/reading.ts'
import type { LiveState } from '#live/state.ts'
import { svg } from '../page/dom.ts'
import type { Age } from './ages.ts'
import { ByteGauge } from './byte-gauge.ts'
import { Clients } from './clients.ts'
import { Lane, type PictureHandlers } from './lane.ts'
import type { LaneLayout, Layout } from './layout.ts'
import { Stage } from './stage.ts'
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
  readonly #steering: Stage
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
    this.#synStage = new Stage('SYN queue', 'synQueue', 90)
    this.#steering = new Stage('', 'steering', 172)
    this.#acceptStage = new Stage(state.mode === 'sharded' ? 'Accept queues' : 'Accept queue', 'acceptQueue', 226)
    this.#processStage = new Stage(state.mode === 'single' ? 'Process' : 'Processes', 'accept', 412)
    this.#connectionStage = new Stage('Connections', 'descriptor', 487, true)
    this.elements = [
      boundary(layout),
      new Stage('Clients', 'rate', 40).element,
      ...[this.#synStage, this.#steering, this.#acceptStage, this.#processStage, this.#connectionStage].map(
        ({ element }) => element,
      ),
      this.#clients.element,
      pipes(layout),
      this.#synQueue.element,
      ...this.lanes.map(({ element }) => element),
      this.#receive.element,
      this.#send.element,
    ]
  }

  draw(state: LiveState, ages: Map<number, Age> | undefined): void {
    this.#clients.draw(state)
    this.#drawSynQueue(state)
    this.#steering.draw('', steeringWords(state))
    this.#drawLanes(state, ages)
    this.#drawConnections(state)
  }

  #drawSynQueue(state: LiveState): void {
    const { portView } = state
    const queue = portView === undefined ? { length: 0, limit: 0 } : portView.synQueue
    if (queue === undefined) {
      this.#synStage.draw('–', 'half-open: not read lately')
      return
    }
    const members = Math.max(1, state.shards.filter(({ state }) => state === 'listening').length)
    const fits = queue.limit + members
    this.#synQueue.draw(state, fits)
    const age = ageBeside(state.ages, 'synQueue')
    this.#synStage.draw(number(queue.length), `half-open · holds ${number(fits)}`, age)
  }

  #drawLanes(state: LiveState, ages: Map<number, Age> | undefined): void {
    const { shards } = state
    const waiting = shards.reduce((sum, { length }) => sum + length, 0)
    this.#acceptStage.draw(
      number(waiting),
      waiting === 1 ? 'connection waits' : 'connections wait',
      ageBeside(state.ages, 'listeners'),
    )
    const accepts = shards.reduce((sum, { acceptsPerSecond }) => sum + acceptsPerSecond, 0)
    this.#processStage.draw(whole(accepts), 'accepts per second', ageBeside(state.ages, 'backends'))
    const overflowing = state.moved.some(({ name }) => name === 'ListenOverflows')
    for (const [index, lane] of this.lanes.entries()) {
      const shard = shards[index]
      if (shard !== undefined) lane.draw(shard, ages?.get(shard.shard), overflowing, state)
    }
  }

  #drawConnections({ portView: port, ages }: LiveState): void {
    if (port !== undefined && port.connections === undefined) {
      this.#connectionStage.draw('–', 'established: not read lately')
      return
    }
    const { receiveBytes = 0, receiveBytesMax = 0 } = port ?? {}
    this.#connectionStage.draw(number(port?.connections ?? 0), 'established', ageBeside(ages, 'connections'))
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
    svg('text', { x: 16, y: boundaryY - 7 }, 'kernel'),
    svg('text', { x: 16, y: boundaryY + 17 }, 'user space'),
  )
}
