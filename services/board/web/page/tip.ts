/**
 * Shows the explanation of a term or a vessel while the pointer is over it or it has the focus. It never covers a number
 * that is to be watched: it takes the nearest free place, and on a narrow page stands below what it explains.
 */
import { byId } from './dom.ts'
import { glossary, type TermName } from './glossary.ts'
import { type Area, coveredBy, placeOf } from './tip-place.ts'

const ownWords = new WeakMap<Element, () => string>()

/** Gives an element words of its own, which are made only when somebody asks. */
export function explain(element: Element, words: () => string): void {
  ownWords.set(element, words)
  element.setAttribute('data-tip', '')
}

const isTerm = (name: string): name is TermName => Object.hasOwn(glossary, name)

/** What must stay in sight. */
const watched = 'header, .picture text, .readout, #words, .summary, .told, .present-figures p, .chart-title, input'
const blocks = '#stage, #present, .chart, .control, header'
/** Long words find room between the numbers where they are wider: the first of these, in pixels, that covers none. */
const WIDTHS = [400, 640, 900, 300] as const
const narrow = matchMedia('(max-width: 640px)')

export function explainOnHover(): void {
  const tip = byId('tip')
  let over: Element | undefined
  let searchAgain = 0
  // Numbers go on changing under the pointer: it is placed anew before what has changed is painted.
  const changes = new MutationObserver((records) => {
    if (records.some(({ target }) => !tip.contains(target))) place()
  })

  const words = (element: Element): string => {
    const term = element.getAttribute('data-term') ?? ''
    const says = isTerm(term) ? `${glossary[term].term}: ${glossary[term].says}` : ''
    const about = element.closest('[data-tip]')
    const own = about === null ? '' : (ownWords.get(about)?.() ?? '')
    return [own, says].filter((text) => text !== '').join('\n')
  }
  const place = (): void => {
    const text = over?.isConnected ? words(over) : ''
    if (over === undefined || text === '') {
      hide()
      return
    }
    const isNew = tip.hidden
    if (tip.textContent !== text) tip.textContent = text
    tip.hidden = false
    changes.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true })
    if (narrow.matches) {
      tip.style.maxWidth = ''
      const block = over.closest(blocks)
      if (block !== null && block.nextElementSibling !== tip) block.after(tip)
      return
    }
    if (tip.parentElement !== document.body) document.body.append(tip)
    const numbers = watchedAreas()
    const view = { width: innerWidth, height: innerHeight }
    // It stays where it is for as long as it has room and nothing comes under it; where nothing is free, for a while.
    const now = tip.getBoundingClientRect()
    const fits = now.right <= view.width && now.bottom <= view.height && coveredBy(now, numbers) === 0
    if (!isNew && (fits || performance.now() < searchAgain)) return
    const area = over.getBoundingClientRect()
    let least = Number.POSITIVE_INFINITY
    let best: { left: number; top: number; width: number } = { left: 0, top: 0, width: WIDTHS[0] }
    for (const width of WIDTHS) {
      // At the edge of the window it would be narrower than it may be.
      Object.assign(tip.style, { left: '0', maxWidth: `${width}px` })
      const size = tip.getBoundingClientRect()
      const { left, top } = placeOf(size, area, view, numbers)
      const covered = coveredBy({ left, top, right: left + size.width, bottom: top + size.height }, numbers)
      if (covered < least) [least, best] = [covered, { left, top, width }]
      if (covered === 0) break
    }
    searchAgain = least > 0 ? performance.now() + 300 : 0
    Object.assign(tip.style, { left: `${best.left}px`, top: `${best.top}px`, maxWidth: `${best.width}px` })
  }
  const hide = (): void => {
    over = undefined
    tip.hidden = true
    changes.disconnect()
  }
  const enter = (event: Event): void => {
    const target = event.target instanceof Element ? event.target.closest('[data-term], [data-tip]') : null
    if (event.target === tip) return
    if (target !== over) tip.hidden = true
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
  for (const moves of ['scroll', 'resize']) addEventListener(moves, () => !tip.hidden && place(), { passive: true })
}

const watchedAreas = (): Area[] =>
  [...document.querySelectorAll(watched)]
    .map((element) => element.getBoundingClientRect())
    .filter(({ width, height, bottom, top }) => width > 0 && height > 0 && bottom > 0 && top < innerHeight)
