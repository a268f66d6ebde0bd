/** What to type to mend something: the line, where it belongs, and what puts it in force. */
import { html } from './dom.ts'

interface Mend {
  line: string
  where: string
  after: string
}

/** The first is the best. */
export const mendList = (mends: readonly Mend[]): HTMLElement =>
  html(
    'ul',
    { class: 'mend-list' },
    ...mends.map(({ line, where, after }) =>
      html(
        'li',
        {},
        html('code', {}, line),
        html('span', {}, ` ${[where, after].filter((part) => part !== '').join('; ')}`),
      ),
    ),
  )
