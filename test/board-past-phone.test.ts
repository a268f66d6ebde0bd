/** Slow motion on a phone: the bar and the tanks are seen together, and nothing of the bar lies on anything else. */
import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import type { Browser } from 'playwright-core'
import { eventually } from '#common/waiting.ts'
import { clashes, cutLines } from './support/board-looks.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { stagedBoard } from './support/staged-board.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')
let browser: Browser
before(async () => {
  if (skip === false) browser = await launch()
})
after(() => browser?.close())

interface Places {
  bar: number
  back: number
  moment: number
  track: number
  words: number
  tank: number
  beyond: number
}

test('on a phone the bar of slow motion stands at the top, with its tanks in sight below', {
  skip,
}, async (context) => {
  await using board = await stagedBoard()
  const page = await open(context, browser, board.url)
  await page.setViewportSize({ width: 390, height: 844 })
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await eventually(
    'the picture is drawn',
    () => page.locator('.lane .length').count(),
    (count) => assert.equal(count, 3),
  )
  await page.getByRole('button', { name: 'Slow motion' }).click()
  await page.locator('.past').waitFor()
  const places = (): Promise<Places> =>
    page.evaluate(`(() => {
      const box = (selector) => document.querySelector(selector).getBoundingClientRect()
      const middle = ({ top, bottom }) => (top + bottom) / 2
      return {
        bar: box('.past').top,
        back: middle(box('.past-head > :last-child')),
        moment: middle(box('.past-moment')),
        track: box('.track input').bottom,
        words: box('.past-words').top,
        tank: middle(box('.lane .length')),
        beyond: document.documentElement.scrollWidth - innerWidth,
      }
    })()`)
  const found = await eventually('the bar is at the top', places, ({ bar }) =>
    assert.ok(bar >= -1 && bar < 20, `${bar}`),
  )
  await keepPicture(page, 'past-390-dark')
  assert.ok(found.tank < 844, `the length of a queue stands at ${found.tank}`)
  assert.ok(Math.abs(found.back - found.moment) < 8, 'the way back stands beside the moment')
  assert.ok(found.words - found.track >= 5, 'the ring of the focus lies on no word')
  assert.equal(found.beyond, 0)
  assert.deepEqual(await clashes(page), [])
  assert.deepEqual(await cutLines(page), [])
})
