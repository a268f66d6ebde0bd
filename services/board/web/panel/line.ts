/** Who waits in the chosen queue, in order, each with its age: asked for while it is looked at, and at no other time. */
import { duration, number } from '#common/quantities.ts'
import { type Line, type LineRow, lineRows, othersBehind } from '#live/line.ts'
import type { QueueView } from '#live/state.ts'
import { html, say, set } from '../page/dom.ts'

const EVERY_MS = 250
/** Above this the age of an answer is said. */
const OLD_MS = 500

const columns = ['place', 'client', 'wait', 'unread', 'gone'] as const satisfies readonly (keyof LineRow)[]
const titles = { place: '#', client: 'client', wait: 'waits', unread: 'unread', gone: '' } as const

export class LineTab {
  readonly element: HTMLElement
  readonly #whose = html('h3', { class: 'line-whose', 'data-term': 'acceptQueue' })
  readonly #words = html('p', { class: 'line-words' })
  readonly #table = html('table', { class: 'line' })
  readonly #body = html('tbody')
  readonly #behind = html('p', { class: 'line-behind' })
  #cookie: string | undefined
  #line: Line | undefined
  #readMs = 0
  #asking = false

  constructor() {
    this.#table.append(
      html(
        'thead',
        {},
        html(
          'tr',
          {},
          ...columns.map((column) => html('th', { scope: 'col', class: `line-${column}` }, titles[column])),
        ),
      ),
      this.#body,
    )
    this.#table.hidden = true
    this.element = html('div', { class: 'line-tab' }, this.#whose, this.#words, this.#table, this.#behind)
    setInterval(() => void this.#ask(), EVERY_MS)
  }

  /** The queue that is meant: the chosen one, or of several the longest. */
  draw(queues: readonly QueueView[], several: boolean): void {
    const queue = queues.reduce<QueueView | undefined>(
      (longest, one) => (longest === undefined || one.length > longest.length ? one : longest),
      undefined,
    )
    say(
      this.#whose,
      queue === undefined || !several ? 'Who waits, in order' : `Who waits at shard ${number(queue.shard)}, in order`,
    )
    if (queue?.cookie !== this.#cookie) {
      this.#cookie = queue?.cookie
      this.#line = undefined
    }
    this.#show()
  }

  /** Whoever does not look costs the kernel nothing. */
  async #ask(): Promise<void> {
    const cookie = this.#cookie
    if (cookie === undefined || this.#asking || document.hidden || this.element.offsetParent === null) return
    this.#asking = true
    try {
      const answer = await fetch(`/waiting?cookie=${cookie}`)
      const line: unknown = await answer.json()
      if (answer.ok && cookie === this.#cookie && isLine(line)) {
        this.#line = line
        this.#readMs = performance.now()
      }
    } catch {
      // The page says so itself when its server has gone.
    } finally {
      this.#asking = false
    }
    this.#show()
  }

  #show(): void {
    const line = this.#line
    const ageMs = performance.now() - this.#readMs
    const isKnown = line !== undefined && !('why' in line)
    const rows = isKnown ? lineRows(line) : []
    this.#table.hidden = rows.length === 0
    say(this.#words, wordsOf(this.#cookie, line, ageMs))
    say(this.#behind, isKnown ? othersBehind(line) : '')
    while (this.#body.rows.length > rows.length) this.#body.deleteRow(-1)
    for (const [index, row] of rows.entries()) {
      const tr = this.#body.rows[index] ?? newRow(this.#body)
      set(tr, 'class', row.gone === '' ? undefined : 'line-dead')
      for (const [at, column] of columns.entries()) {
        const cell = tr.cells[at]
        if (cell !== undefined) say(cell, row[column])
      }
    }
  }
}

function newRow(body: HTMLTableSectionElement): HTMLTableRowElement {
  const tr = body.insertRow()
  for (const column of columns) tr.append(html('td', { class: `line-${column}` }))
  return tr
}

/** What the list is, or why there is none. */
function wordsOf(cookie: string | undefined, line: Line | undefined, ageMs: number): string {
  if (cookie === undefined) return 'Of a queue that is not TCP, or not open, the kernel does not tell.'
  if (line === undefined) return 'Asking …'
  if ('why' in line) return line.why
  const old = ageMs > OLD_MS ? `, read ${duration(Math.round(ageMs / 100) * 100)} ago` : ''
  if (line.length === 0) return `Nobody waits (exact${old}).`
  const first = line.first.length < line.length ? `the first ${number(line.first.length)} of ` : ''
  return `${first}${number(line.length)} of ${number(line.limit + 1)} (exact, read by BPF${old}). accept() takes the first.`
}

const isLine = (answer: unknown): answer is Line =>
  typeof answer === 'object' && answer !== null && ('why' in answer || 'first' in answer)
