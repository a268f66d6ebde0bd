/** Shows the explanation of a term or a vessel while the pointer is over it or it has the focus. */
import { byId } from './dom.ts'
import { glossary, type TermName } from './glossary.ts'

const isTerm = (name: string): name is TermName => Object.hasOwn(glossary, name)

export function explainOnHover(): void {
  const tip = byId('tip')
  let over: Element | undefined

  const words = (element: Element): string => {
    const term = element.getAttribute('data-term') ?? ''
    const says = isTerm(term) ? `${glossary[term].term}: ${glossary[term].says}` : ''
    const own = element.closest('[data-tip]')?.getAttribute('data-tip') ?? ''
    return [own, says].filter((text) => text !== '').join('\n')
  }
  const place = (): void => {
    const text = over?.isConnected ? words(over) : ''
    if (over === undefined || text === '') {
      hide()
      return
    }
    if (tip.textContent !== text) tip.textContent = text
    tip.hidden = false
    const box = over.getBoundingClientRect()
    const { width, height } = tip.getBoundingClientRect()
    const left = Math.max(8, Math.min(innerWidth - width - 8, box.left + box.width / 2 - width / 2))
    const above = box.top - height - 8
    tip.style.left = `${left}px`
    tip.style.top = `${above > 8 ? above : Math.min(box.bottom + 8, innerHeight - height - 8)}px`
  }
  const hide = (): void => {
    over = undefined
    tip.hidden = true
  }
  const enter = (event: Event): void => {
    const target = event.target instanceof Element ? event.target.closest('[data-term], [data-tip]') : null
    over = target ?? undefined
    place()
  }
  document.addEventListener('pointerover', enter)
  document.addEventListener('focusin', enter)
  document.addEventListener('focusout', hide)
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') hide()
  })
  document.documentElement.addEventListener('pointerleave', hide)
  // Numbers go on changing under the pointer.
  setInterval(() => {
    if (!tip.hidden) place()
  }, 300)
}
