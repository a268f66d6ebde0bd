/** Pages of which one is shown, chosen by tabs: with the pointer, or with the arrow keys. */
import { html, set } from '../page/dom.ts'

/** The list of tabs, and the pages; the first one is shown. `label` is what the list is of. */
export function tabsOf(label: string, named: readonly (readonly [name: string, page: HTMLElement])[]): HTMLElement[] {
  const pages = named.map(([name, page]) => {
    const id = idOf(name)
    const shown = { role: 'tabpanel', id: `page-${id}`, 'aria-labelledby': `tab-${id}`, class: 'page', tabindex: 0 }
    return html('div', shown, page)
  })
  const show = (index: number): void => {
    for (const [position, tab] of tabs.entries()) {
      set(tab, 'aria-selected', String(position === index))
      set(tab, 'tabindex', position === index ? 0 : -1)
    }
    for (const [position, page] of pages.entries()) page.hidden = position !== index
  }
  const tabs = named.map(([name], index) => {
    const id = idOf(name)
    const tab = html('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': `page-${id}` }, name)
    tab.addEventListener('click', () => show(index))
    return tab
  })
  const list = html('div', { role: 'tablist', 'aria-label': label }, ...tabs)
  list.addEventListener('keydown', ({ key }) => {
    const now = tabs.findIndex((tab) => tab.id === document.activeElement?.id)
    const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
    if (step === 0 || now < 0) return
    const next = (now + step + tabs.length) % tabs.length
    show(next)
    tabs[next]?.focus()
  })
  show(0)
  return [list, ...pages]
}

const idOf = (name: string): string => name.toLowerCase().replaceAll(' ', '-')
