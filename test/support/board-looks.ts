/** What is seen of a board's page: what lies on what, what is cut, which figures are the largest. */
import type { Page } from 'playwright-core'

/** Widths and heights that the board is looked at in: a phone, a laptop, a screen on a wall. */
export const screens = [
  { width: 400, height: 850 },
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
] as const

/** Texts of the picture that lie on one another or on the button of their process, or reach beyond the page. */
export function clashes(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const texts = []
    const walker = document.createTreeWalker(document.querySelector('#stage'), NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      if (node.data.trim() === '' || !node.parentElement.checkVisibility({ visibilityProperty: true })) continue
      if (node.parentElement.closest('.unseen') !== null) continue
      const range = document.createRange()
      range.selectNodeContents(node)
      const { left, right, top, bottom } = range.getBoundingClientRect()
      if (right - left < 1) continue
      // Letters fill the middle of their line.
      const air = (bottom - top) * 0.22
      texts.push({ words: node.data.trim(), of: node.parentElement, left, right, top: top + air, bottom: bottom - air })
    }
    const buttons = [...document.querySelectorAll('.pill')].filter((pill) => pill.checkVisibility({ visibilityProperty: true }))
      .map((pill) => ({ words: 'the button ' + pill.textContent, of: pill, ...box(pill.querySelector('rect')) }))
    const found = []
    const meets = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1
    for (const [index, text] of texts.entries()) {
      for (const other of texts.slice(index + 1)) if (meets(text, other)) found.push(text.words + ' lies on ' + other.words)
      for (const button of buttons) if (!button.of.contains(text.of) && meets(text, button)) found.push(text.words + ' lies on ' + button.words)
      if (text.left < -1 || text.right > document.documentElement.clientWidth + 1) found.push(text.words + ' reaches beyond the page')
      const tank = text.of.matches('.lane :is(.length, .fits, .age)') ? box(text.of.closest('.lane').querySelector('.basin')) : undefined
      if (tank !== undefined && (text.bottom > tank.bottom || text.top < tank.top)) found.push(text.words + ' stands beyond its tank')
      const scene = box(document.querySelector('.scene'))
      if (text.of.closest('svg') !== null && (text.bottom > scene.bottom + 1 || text.top < scene.top - 1)) found.push(text.words + ' is cut')
    }
    return found

    function box(element) {
      const { left, right, top, bottom } = element.getBoundingClientRect()
      return { left, right, top, bottom }
    }
  })()`)
}

/** Lines of the page's own text that are wider than their place. */
export function cutLines(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('header *, #words, .chart figcaption, .readout, .chart-tools *, .key *, .present-figures p, #panel [role=tab]')]
    .filter((element) => element.checkVisibility() && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
    .map((element) => element.tagName + ' ' + element.textContent.trim())
    .concat(document.documentElement.scrollWidth > innerWidth ? ['the page is wider than the window'] : [])`)
}

/** The charts that are not wholly in the window. */
export function chartsOutside(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('.chart, .chart canvas')]
    .filter((chart) => { const { top, bottom, left, right } = chart.getBoundingClientRect(); return top < 0 || left < 0 || bottom > innerHeight || right > innerWidth })
    .map((chart) => chart.tagName + ' down to ' + chart.getBoundingClientRect().bottom)`)
}

/** The sizes of figures in the picture: the least of the rates of drops, and the most of all else. */
export function figureSizes(page: Page): Promise<{ dropped: number[]; most: number }> {
  return page.evaluate(`(() => {
    const sized = [...document.querySelectorAll('.picture tspan, .picture text')]
      .filter((element) => element.checkVisibility() && [...element.childNodes].some(({ nodeType, data }) => nodeType === 3 && /\\d/.test(data)))
    const isRate = (element) => element.closest('.dropped, .grid-note.bad') !== null
    const size = (element) => Number.parseFloat(getComputedStyle(element).fontSize)
    return { dropped: sized.filter(isRate).map(size), most: Math.max(...sized.filter((element) => !isRate(element)).map(size)) }
  })()`)
}

/** Figures that the explanation which is shown lies on; undefined if none is shown. */
export function coveredByTip(page: Page): Promise<string[] | undefined> {
  return page.evaluate(`(() => {
    const tip = document.querySelector('#tip')
    if (tip.hidden) return undefined
    const a = tip.getBoundingClientRect()
    return [...document.querySelectorAll('.picture text, .readout, #words, .summary, #live')]
      .filter((element) => {
        const b = element.getBoundingClientRect()
        return b.width > 0 && /\\d/.test(element.textContent) && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1
      })
      .map((element) => element.textContent)
  })()`)
}
