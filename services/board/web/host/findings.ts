/** What is wrong on the host, worst first, each with what to type: as spillway check says it. */
import { number, plural } from '#common/quantities.ts'
import type { FoundView, HostState } from '#live/host/host-state.ts'
import { html, say } from '../page/dom.ts'
import { mendList } from '../page/mends.ts'

const inWords = { critical: 'Clients are turned away', warning: 'Soon, or lately', note: 'Worth knowing' } as const
const surely = { certain: '', likely: 'likely', possible: 'one possible cause' } as const

export class Findings {
  readonly element = html('div', { class: 'findings' })
  readonly #head = html('p', { class: 'summary' })
  readonly #list = html('ol', { class: 'found-list' })
  readonly #onChoose: (key: string) => void
  #key = ''

  constructor(onChoose: (key: string) => void) {
    this.#onChoose = onChoose
    this.element.append(this.#head, this.#list)
  }

  draw({ findings, moreFindings, judged }: HostState): void {
    say(this.#head, headOf(findings, moreFindings, judged))
    const key = JSON.stringify(findings)
    // Whoever is about to copy a line keeps it below the pointer.
    if (key === this.#key || this.#list.matches(':hover, :focus-within')) return
    this.#key = key
    this.#list.replaceChildren(...findings.map((found) => this.#item(found)))
  }

  #item({ code, severity, sure, key, where, words, mends }: FoundView): HTMLElement {
    const about = key === undefined ? html('span', {}, where) : html('button', { type: 'button', class: 'link' }, where)
    if (key !== undefined) about.addEventListener('click', () => this.#onChoose(key))
    const doubt = surely[sure]
    return html(
      'li',
      { class: `found ${severity}` },
      html(
        'p',
        { class: 'found-head' },
        html('span', { class: 'severity' }, inWords[severity]),
        ' ',
        ...(where === '' ? [] : [about]),
      ),
      html('p', {}, words),
      ...(mends.length === 0 ? [] : [mendList(mends)]),
      html('p', { class: 'found-code' }, `${code}${doubt === '' ? '' : `, ${doubt}`}`),
    )
  }
}

function headOf(findings: readonly FoundView[], more: number, judged: boolean): string {
  if (!judged) return 'Looking: two looks are compared …'
  if (findings.length === 0) return 'Nothing is wrong that can be seen.'
  const critical = findings.filter(({ severity }) => severity === 'critical').length
  const left = more > 0 ? `; ${number(more)} more are left out: spillway check lists all` : ''
  return `${plural(findings.length, 'finding')}${critical > 0 ? `, ${number(critical)} critical` : ''}${left}.`
}
