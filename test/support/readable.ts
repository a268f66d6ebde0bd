/** Whether a page of a report can be read: in the light, in the dark, on a phone, on paper. */
import assert from 'node:assert/strict'
import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** How a page is looked at, and whether it is dark then. */
export const looks = [
  ['light', 1280, { colorScheme: 'light' }, false],
  ['dark', 1280, { colorScheme: 'dark' }, true],
  ['phone', 400, { colorScheme: 'light' }, false],
  ['print', 700, { media: 'print', colorScheme: 'dark' }, false],
] as const

/** Looks at a page in one of these ways: contrast, nothing beyond the edge, no small print, nothing that axe finds. */
export async function assertReadable(page: Page, [, width, media, dark]: (typeof looks)[number]): Promise<void> {
  await page.setViewportSize({ width, height: 900 })
  await page.emulateMedia(media)
  const { ink, paper } = await shades(page)
  assert.ok(dark ? ink - paper > 150 : paper - ink > 150, `text ${ink} on ${paper}`)
  assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= width, 'nothing sticks out')
  const smallest = await page.evaluate(`Math.min(...[...document.querySelectorAll('main *')]
    .filter((element) => element.checkVisibility() && [...element.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim() !== ''))
    .map((element) => Number.parseFloat(getComputedStyle(element).fontSize)))`)
  assert.ok(Number(smallest) >= 11, `${smallest} px`)
  assert.deepEqual(await violations(page), [])
}

/** What axe finds against WCAG 2.2 AA, contrast included. */
export function violations(page: Page): Promise<string[]> {
  return page.evaluate(`(async () => {
    ${axe.source}
    const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })
    return violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).join(', '))
  })()`)
}

/** Lightness of text and of what lies behind it, from 0 to 255. */
function shades(page: Page): Promise<{ ink: number; paper: number }> {
  return page.evaluate(`(() => {
    const canvas = document.createElement('canvas').getContext('2d')
    const shade = (colour) => {
      canvas.fillStyle = '#fff'
      canvas.fillRect(0, 0, 1, 1)
      canvas.fillStyle = colour
      canvas.fillRect(0, 0, 1, 1)
      const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data
      return (red + green + blue) / 3
    }
    const style = getComputedStyle(document.documentElement)
    return { ink: shade(style.color), paper: shade(style.backgroundColor) }
  })()`)
}
