/** The board beside the chapter: what the chapter points at in it, and predictions for its charts. */

import { selectorOf } from './places.ts'
import { PREDICTED, type PredictedLine } from './predicted.ts'

const SHOWN_MS = 6000

export class BoardFrame {
  readonly #frame: HTMLIFrameElement
  readonly #lines = new Map<string, PredictedLine>()
  #ring: HTMLElement | undefined

  constructor(element: HTMLElement) {
    if (!(element instanceof HTMLIFrameElement)) throw new Error('The board is not in a frame')
    this.#frame = element
    // A board that reloads itself has forgotten them.
    element.addEventListener('load', () => this.#send())
  }

  /** Scrolls to a place and rings it for a while. False if the board does not show it now. */
  show(place: string): boolean {
    const page = this.#frame.contentDocument
    const selector = selectorOf(place)
    const target = selector === undefined ? undefined : page?.querySelector(selector)
    if (page === null || target === null || target === undefined) return false
    this.#ring?.remove()
    dress(page)
    const ring = page.createElement('div')
    ring.className = 'looked-at'
    page.body.append(ring)
    this.#ring = ring
    target.scrollIntoView({ block: 'center', behavior: 'smooth' })
    const follow = (): void => {
      const { left, top, width, height } = target.getBoundingClientRect()
      Object.assign(ring.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` })
      if (ring.isConnected) requestAnimationFrame(follow)
    }
    follow()
    setTimeout(() => ring.remove(), SHOWN_MS)
    // On a narrow screen the board stands below the chapter.
    this.#frame.scrollIntoView({ block: 'nearest', behavior: 'smooth' })
    return true
  }

  /** Draws a prediction in the chart that shows its reading; one of the same name is replaced. */
  predict(name: string, line: PredictedLine): void {
    const before = this.#lines.get(name)
    if (before !== undefined && before.value === line.value) return
    this.#lines.set(name, line)
    this.#send()
  }

  #send(): void {
    const there = this.#frame.contentWindow
    there?.dispatchEvent(new CustomEvent(PREDICTED, { detail: [...this.#lines.values()] }))
  }
}

/** The ring's style, in a page that knows nothing of it. */
function dress(page: Document): void {
  if (page.getElementById('look-style') !== null) return
  const link = page.createElement('link')
  Object.assign(link, { id: 'look-style', rel: 'stylesheet', href: '/workshop/look.css' })
  page.head.append(link)
}
