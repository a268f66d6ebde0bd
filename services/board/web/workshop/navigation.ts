/** The way through the chapters: how far each is done, the next one, and the way back to the beginning. */
import type { WorkshopConfig } from '../../api.ts'
import { byId, html } from '../page/dom.ts'
import type { Progress } from './progress.ts'

export function drawNavigation({ chapters, chapter }: WorkshopConfig, progress: Progress): void {
  const links = chapters.map(({ name, title, steps }) => {
    const done = steps.filter((step) => progress.isDone(step, name)).length
    const link = html(
      'a',
      { href: `/workshop/${name}`, ...(name === chapter ? { 'aria-current': 'page' } : {}) },
      title,
    )
    return html('li', {}, link, ' ', html('span', { class: 'done' }, `${done} of ${steps.length}`))
  })
  const at = chapters.findIndex(({ name }) => name === chapter)
  const reset = html('button', { type: 'button', class: 'small', id: 'reset' }, 'Forget my progress')
  reset.addEventListener('click', () => {
    if (!confirm('Forget the predictions and the progress of all chapters?')) return
    progress.reset()
    location.reload()
  })
  const current = chapters[at]?.title ?? ''
  const menu = html('details', {}, html('summary', {}, `Chapters: ${current}`), html('ol', {}, ...links), reset)
  const nav = byId('chapters')
  menu.open = nav.querySelector('details')?.open === true
  nav.replaceChildren(menu)
  const next = chapters[at + 1]
  byId('onward').replaceChildren(
    ...(next === undefined ? [] : ['Next: ', html('a', { href: `/workshop/${next.name}` }, next.title)]),
  )
}
