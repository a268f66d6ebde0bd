/** The backlog that the last minute of arrivals needs, in the planner's words, and a button that sets it. */

import { duration, number } from '#common/quantities.ts'
import { switchNames } from '#live/names.ts'
import type { BacklogAdvice, LiveState } from '#live/state.ts'
import type { PageConfig } from '../../api.ts'
import { html, say, set } from '../page/dom.ts'
import { Choice } from './controls.ts'
import type { Orders } from './orders.ts'

const SEEN = 'seen'
/** The answer moves with each second that passes. */
const ASK_AGAIN_MS = 1000

const stalls: [string, string][] = [
  ['100', '100 ms'],
  ['300', '300 ms'],
  ['1000', '1 s'],
  ['3000', '3 s'],
]

export class PlanTab {
  readonly element: HTMLElement
  readonly #unavailable: string | undefined
  readonly #stall: Choice<string>
  readonly #longest = html('p', { class: 'does' })
  readonly #verdict = html('p', { class: 'advice' })
  readonly #why = html('p', {})
  readonly #rows = html('tbody')
  readonly #table: HTMLTableElement
  readonly #set: HTMLButtonElement
  readonly #setNote = html(
    'p',
    { class: 'does' },
    'Calls listen() again on each; the table then shows the limit that the kernel applies.',
  )
  readonly #basis = html('ul', { class: 'basis' })
  #chosen = '100'
  #plan: BacklogAdvice | undefined
  /** What the plan was asked for, and when; another choice or other limits ask at once. */
  #asked = { about: '', atMs: Number.NEGATIVE_INFINITY }
  #asking = false
  #state: LiveState | undefined

  constructor(orders: Orders, { unavailable }: PageConfig) {
    this.#unavailable = unavailable.relisten
    this.#stall = new Choice<string>(
      {
        name: 'A backend is stalled for',
        does: 'Connections that arrive meanwhile have to fit in its queue.',
      },
      [...stalls, [SEEN, 'longest wait']],
      (value) => {
        this.#chosen = value
        this.#ask()
      },
    )
    this.#stall.draw(this.#chosen)
    const heads = ['Shard', switchNames.backlog, 'Survives'].map((head) => html('th', { scope: 'col' }, head))
    this.#table = html('table', { class: 'plan' }, html('thead', {}, html('tr', {}, ...heads)), this.#rows)
    this.#set = html('button', { type: 'button', class: 'small' })
    this.#table.hidden = this.#set.hidden = this.#setNote.hidden = this.#basis.hidden = true
    this.#set.addEventListener('click', () => {
      const backlog = this.#plan?.backlog
      if (backlog === undefined) return
      void orders.send(...this.#others(backlog).map((shard) => ({ do: 'relisten', shard, backlog }) as const))
    })
    this.element = html(
      'div',
      { class: 'planned' },
      this.#stall.element,
      this.#longest,
      this.#verdict,
      this.#table,
      this.#set,
      this.#setNote,
      this.#why,
      this.#basis,
    )
  }

  draw(state: LiveState): void {
    this.#state = state
    if (this.element.closest('[hidden]') !== null) return
    this.#stall.draw(this.#chosen)
    this.#ask()
    this.#redraw()
  }

  /** Asks the server if what it said is old, or about something else. */
  #ask(): void {
    const limits = this.#listening().map(({ shard, limit }) => `${shard}:${limit}`)
    const about = [this.#chosen, ...limits].join(' ')
    const old = performance.now() - this.#asked.atMs >= ASK_AGAIN_MS
    if (this.#asking || (!old && about === this.#asked.about)) return
    this.#asked = { about, atMs: performance.now() }
    this.#asking = true
    void this.#fetch(this.#chosen)
      .catch(() => {}) // the page says elsewhere that the board is gone
      .finally(() => {
        this.#asking = false
      })
  }

  async #fetch(chosen: string): Promise<void> {
    const answer = await fetch(`/plan${chosen === SEEN ? '' : `?stallMs=${chosen}`}`)
    if (!answer.ok) return
    const plan: BacklogAdvice = await answer.json()
    // Another one may have been chosen meanwhile.
    if (chosen === this.#chosen) this.#plan = plan
    this.#redraw()
  }

  #redraw(): void {
    const plan = this.#plan
    if (plan === undefined) return
    const { backlog, sockets, basis, words, longestWaitMs } = plan
    const [first = '', ...rest] = words
    say(this.#longest, `The longest accept wait of the last minute was ${duration(longestWaitMs)}.`)
    say(this.#verdict, first)
    set(this.#verdict, 'class', sockets.some(({ enough }) => !enough) ? 'advice short' : 'advice')
    say(this.#why, rest.join(' '))
    this.#table.hidden = backlog === undefined
    const rows = this.#listening().map(({ shard, limit }) => {
      const advised = sockets.find((socket) => socket.shard === shard && socket.limit === limit)
      const enough = backlog === undefined || limit >= backlog
      return [
        enough ? '✓' : '✗',
        String(shard),
        `${number(limit)}${enough ? '' : ': too small'}`,
        advised?.survives ?? '…',
      ]
    })
    this.#drawRows(rows)
    const others = backlog === undefined ? [] : this.#others(backlog)
    const able = backlog !== undefined && this.#unavailable === undefined && this.#state?.server === undefined
    this.#set.hidden = this.#setNote.hidden = !able || others.length === 0
    say(
      this.#set,
      `Set ${number(backlog ?? 0)} on ${others.length === 1 ? `shard ${others[0]}` : `${others.length} shards`}`,
    )
    this.#drawBasis(basis)
  }

  #drawRows(rows: string[][]): void {
    const key = JSON.stringify(rows)
    if (this.#rows.dataset.key === key) return
    this.#rows.dataset.key = key
    this.#rows.replaceChildren(
      ...rows.map(([tick = '', shard = '', limit = '', survives = '']) =>
        html(
          'tr',
          { class: tick === '✓' ? 'passed' : 'failed' },
          html('th', { scope: 'row' }, html('span', { class: 'tick', 'aria-hidden': 'true' }, tick), ` ${shard}`),
          html('td', {}, limit),
          html('td', {}, survives),
        ),
      ),
    )
  }

  #drawBasis(basis: string[]): void {
    const key = basis.join('\n')
    if (this.#basis.dataset.key === key) return
    this.#basis.dataset.key = key
    this.#basis.hidden = basis.length === 0
    this.#basis.replaceChildren(...basis.map((line) => html('li', {}, line)))
  }

  #listening() {
    return (this.#state?.shards ?? []).filter(({ state }) => state === 'listening')
  }

  /** Shards whose backlog is too small; if none is, those that have more than is needed. */
  #others(backlog: number): number[] {
    const listening = this.#listening()
    const short = listening.filter(({ limit }) => limit < backlog)
    return (short.length > 0 ? short : listening.filter(({ limit }) => limit > backlog)).map(({ shard }) => shard)
  }
}
