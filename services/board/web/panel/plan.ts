/** The backlog that the last minute of arrivals needs, in the planner's words, and a button that sets it, or the line to type. */

import { duration, number } from '#common/quantities.ts'
import { switchNames } from '#live/names.ts'
import type { BacklogAdvice, PictureState } from '#live/state.ts'
import { html, say, set } from '../page/dom.ts'
import { mendList } from '../page/mends.ts'
import { Choice } from './controls.ts'

const SEEN = 'seen'
/** The answer moves with each second that passes. */
const ASK_AGAIN_MS = 1000

const stalls: [string, string][] = [
  ['100', '100 ms'],
  ['300', '300 ms'],
  ['1000', '1 s'],
  ['3000', '3 s'],
]

/** What is planned, and who sets it. */
export interface Planned {
  /** Who is stalled; a backend unless it is said. */
  who?: string
  /** The rest of the question: `queue=…`; empty for the only port there is. */
  about?(): string
  /** Sets a backlog on some shards; where it is left out, it is said what to type. */
  set?(shards: readonly number[], backlog: number): void
}

export class PlanTab {
  readonly element: HTMLElement
  readonly #planned: Planned
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
  readonly #spells = html('ul', { class: 'basis spells', 'aria-label': 'Seen in the last five minutes' })
  readonly #mends = html('div', { class: 'mends' })
  #chosen = '100'
  #plan: BacklogAdvice | undefined
  /** What the plan was asked for, and when; another choice or other limits ask at once. */
  #asked = { about: '', atMs: Number.NEGATIVE_INFINITY }
  #asking = false
  #state: PictureState | undefined

  constructor(planned: Planned) {
    this.#planned = planned
    this.#stall = new Choice<string>(
      {
        name: `${planned.who ?? 'A backend'} is stalled for`,
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
    this.#table.hidden = this.#set.hidden = this.#setNote.hidden = this.#basis.hidden = this.#spells.hidden = true
    this.#set.addEventListener('click', () => {
      const backlog = this.#plan?.backlog
      if (backlog === undefined) return
      planned.set?.(this.#others(backlog), backlog)
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
      this.#mends,
      this.#why,
      this.#spells,
      this.#basis,
    )
  }

  draw(state: PictureState): void {
    this.#state = state
    if (this.element.closest('[hidden]') !== null) return
    this.#stall.draw(this.#chosen)
    this.#ask()
    this.#redraw()
  }

  /** Asks the server if what it said is old, or about something else. */
  #ask(): void {
    const limits = this.#listening().map(({ shard, limit }) => `${shard}:${limit}`)
    const about = [this.#chosen, this.#planned.about?.() ?? '', ...limits].join(' ')
    const old = performance.now() - this.#asked.atMs >= ASK_AGAIN_MS
    if (this.#asking || (!old && about === this.#asked.about)) return
    this.#asked = { about, atMs: performance.now() }
    this.#asking = true
    void this.#fetch(this.#chosen, this.#planned.about?.() ?? '')
      .catch(() => {}) // the page says elsewhere that the board is gone
      .finally(() => {
        this.#asking = false
      })
  }

  async #fetch(chosen: string, of: string): Promise<void> {
    const query = [...(chosen === SEEN ? [] : [`stallMs=${chosen}`]), ...(of === '' ? [] : [of])].join('&')
    const answer = await fetch(query === '' ? '/plan' : `/plan?${query}`)
    if (!answer.ok) return
    const plan: BacklogAdvice = await answer.json()
    // Another one may have been chosen meanwhile.
    if (chosen === this.#chosen && of === (this.#planned.about?.() ?? '')) this.#plan = plan
    this.#redraw()
  }

  #redraw(): void {
    const plan = this.#plan
    if (plan === undefined) return
    const {
      backlog,
      sockets,
      basis,
      words,
      longestWaitMs,
      upperBound = false,
      cures = true,
      mends = [],
      spells = [],
    } = plan
    const [first = '', ...rest] = words
    say(this.#longest, `The longest accept wait of the last minute was ${duration(longestWaitMs)}.`)
    say(this.#verdict, first)
    set(this.#verdict, 'class', !cures || sockets.some(({ enough }) => !enough) ? 'advice short' : 'advice')
    say(this.#why, rest.join(' '))
    this.#table.hidden = backlog === undefined
    const rows = this.#listening().map(({ shard, limit }) => {
      const advised = sockets.find((socket) => socket.shard === shard && socket.limit === limit)
      const enough = backlog === undefined || limit >= backlog
      return [
        enough ? '✓' : upperBound ? '?' : '✗',
        String(shard),
        `${number(limit)}${enough ? '' : upperBound ? ': may be too small' : ': too small'}`,
        advised?.survives ?? '…',
      ]
    })
    this.#drawRows(rows)
    const others = backlog === undefined ? [] : this.#others(backlog)
    // Where no backlog is the cure, a button that sets one would say that it is.
    const able = backlog !== undefined && cures && this.#planned.set !== undefined && this.#state?.server === undefined
    this.#set.hidden = this.#setNote.hidden = !able || others.length === 0
    say(
      this.#set,
      `Set ${number(backlog ?? 0)} on ${others.length === 1 ? `shard ${others[0]}` : `${others.length} shards`}`,
    )
    this.#drawMends(mends)
    drawList(this.#basis, basis)
    drawList(this.#spells, spells)
  }

  #drawMends(mends: NonNullable<BacklogAdvice['mends']>): void {
    const key = JSON.stringify(mends)
    if (this.#mends.dataset.key === key) return
    this.#mends.dataset.key = key
    this.#mends.replaceChildren(...(mends.length === 0 ? [] : [mendList(mends)]))
  }

  #drawRows(rows: string[][]): void {
    const key = JSON.stringify(rows)
    if (this.#rows.dataset.key === key) return
    this.#rows.dataset.key = key
    this.#rows.replaceChildren(
      ...rows.map(([tick = '', shard = '', limit = '', survives = '']) =>
        html(
          'tr',
          { class: tick === '✓' ? 'passed' : tick === '?' ? '' : 'failed' },
          html('th', { scope: 'row' }, html('span', { class: 'tick', 'aria-hidden': 'true' }, tick), ` ${shard}`),
          html('td', {}, limit),
          html('td', {}, survives),
        ),
      ),
    )
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

function drawList(list: HTMLElement, lines: readonly string[]): void {
  const key = lines.join('\n')
  if (list.dataset.key === key) return
  list.dataset.key = key
  list.hidden = lines.length === 0
  list.replaceChildren(...lines.map((line) => html('li', {}, line)))
}
