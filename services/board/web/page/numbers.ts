/** The picture as a table, for screen readers: the same figures, of the same sample. */
import { bytes, number, whole } from '#common/quantities.ts'
import { waitInWords, worstAge } from '#live/reading.ts'
import type { PictureState } from '#live/state.ts'
import { amount, ifKnown, roomOf } from '../picture/amounts.ts'
import { html, say } from './dom.ts'

const columns = [
  'shard',
  'state',
  'waiting',
  'capacity',
  'drops per second',
  'accepts per second',
  'oldest wait',
  'hung up',
] as const

/** How far the table may be behind the picture. */
const BEHIND_MS = 400

/**
 * Nobody hears ten states a second, and laying a table out costs more than all letters of the picture: it takes the latest
 * state a little later, and each row of it is of that state.
 */
export class NumberTable {
  readonly element: HTMLElement
  readonly #caption = html('caption')
  readonly #body = html('tbody')
  readonly #rest = html('p')
  #latest: PictureState | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

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

  draw(state: PictureState): void {
    this.#latest = state
    this.#timer ??= setTimeout(() => this.#write(), this.#isEmpty ? 0 : BEHIND_MS)
  }

  get #isEmpty(): boolean {
    return this.#body.rows.length === 0
  }

  #write(): void {
    this.#timer = undefined
    if (this.#latest === undefined) return
    const { shards, portView, sequence, ages, clients, read } = this.#latest
    while (this.#body.rows.length > shards.length) this.#body.deleteRow(-1)
    for (const [index, shard] of shards.entries()) {
      const row = this.#body.rows[index] ?? this.#body.insertRow()
      const cells = [
        String(shard.shard),
        shard.stalled ? 'stalled' : shard.state,
        amount(shard.length, shard.unit),
        shard.state === 'listening' ? amount(roomOf(shard), shard.unit) : number(0),
        ifKnown(shard.dropsPerSecond, whole),
        ifKnown(shard.acceptsPerSecond, whole),
        shard.state === 'listening' ? waitInWords(shard.oldestWait) : '–',
        hungUpWords(shard),
      ]
      for (const [column, text] of cells.entries()) say(row.cells[column] ?? row.insertCell(), text)
    }
    const nobody = clients === undefined ? '' : 'No backend is listening.'
    say(this.#rest, portView === undefined ? nobody : portWords(portView, ages, read))
    this.element.dataset.sequence = String(sequence)
  }
}

/** At least so many; nothing is said to be 0 that is not known. */
function hungUpWords({ state, hungUp }: PictureState['shards'][number]): string {
  if (state !== 'listening' || hungUp === undefined) return '–'
  return hungUp.least < hungUp.most ? `${number(hungUp.least)} to ${number(hungUp.most)}` : number(hungUp.least)
}

function portWords(
  port: NonNullable<PictureState['portView']>,
  ages: PictureState['ages'],
  read: PictureState['read'],
): string {
  const { synQueue: queue, connections, receiveBytes, sendBytes } = port
  const half =
    queue === undefined
      ? 'The SYN queue has not been read lately.'
      : `${number(queue.length)} half-open requests in the SYN queue, limit ${number(queue.limit)}.`
  const rest =
    connections === undefined || receiveBytes === undefined || sendBytes === undefined
      ? 'The connections have not been read lately.'
      : `${number(connections)} connections; ${bytes(receiveBytes)} in receive queues, ${bytes(sendBytes)} in send queues.`
  const old = worstAge(ages, read)
  return `${half} ${rest}${old === undefined ? '' : ` Readings: ${old}.`}`
}
