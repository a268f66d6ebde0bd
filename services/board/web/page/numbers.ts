/** The picture as a table, for screen readers: the same figures, of the same sample. */
import { bytes, duration, number, whole } from '#common/quantities.ts'
import type { LiveState } from '#live/state.ts'
import { html, say } from './dom.ts'

const columns = [
  'shard',
  'state',
  'waiting',
  'capacity',
  'drops per second',
  'accepts per second',
  'oldest wait',
] as const

export class NumberTable {
  readonly element: HTMLElement
  readonly #caption = html('caption')
  readonly #body = html('tbody')
  readonly #rest = html('p')

  constructor() {
    this.element = html(
      'div',
      { class: 'unseen' },
      html(
        'table',
        {},
        this.#caption,
        html('thead', {}, html('tr', {}, ...columns.map((name) => html('th', { scope: 'col' }, name)))),
        this.#body,
      ),
      this.#rest,
    )
    this.old = false
  }

  /** Whether the figures are out of date. */
  set old(old: boolean) {
    say(this.#caption, old ? 'Accept queues by shard: these figures are old' : 'Accept queues by shard')
  }

  draw({ shards, portView, sequence }: LiveState): void {
    while (this.#body.rows.length > shards.length) this.#body.deleteRow(-1)
    for (const [index, shard] of shards.entries()) {
      const row = this.#body.rows[index] ?? this.#body.insertRow()
      const cells = [
        String(shard.shard),
        shard.stalled ? 'stalled' : shard.state,
        number(shard.length),
        number(shard.state === 'listening' ? shard.limit + 1 : 0),
        whole(shard.dropsPerSecond),
        whole(shard.acceptsPerSecond),
        shard.oldestWaitMs === undefined ? 'not known by shard' : duration(shard.oldestWaitMs),
      ]
      for (const [column, text] of cells.entries()) say(row.cells[column] ?? row.insertCell(), text)
    }
    say(this.#rest, portView === undefined ? 'No backend is listening.' : portWords(portView))
    this.element.dataset.sequence = String(sequence)
  }
}

function portWords(port: NonNullable<LiveState['portView']>): string {
  const { synQueue: queue, connections, receiveBytes, sendBytes } = port
  const half =
    queue === undefined
      ? 'The SYN queue has not been read lately.'
      : `${number(queue.length)} half-open requests in the SYN queue, limit ${number(queue.limit)}.`
  const rest =
    connections === undefined || receiveBytes === undefined || sendBytes === undefined
      ? 'The connections have not been read lately.'
      : `${number(connections)} connections; ${bytes(receiveBytes)} in receive queues, ${bytes(sendBytes)} in send queues.`
  return `${half} ${rest}`
}
