/** An experiment under way, on the board: what it has seen so far is told as that, and is no verdict yet. */
import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import type { Browser } from 'playwright-core'
import { eventually } from '#common/waiting.ts'
import type { ExpectationState } from '#live/experiment-state.ts'
import { experimentOf } from '#live/testing/state.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { stagedBoard } from './support/staged-board.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')
let browser: Browser
before(async () => {
  if (skip === false) browser = await launch()
})
after(() => browser?.close())

const expectation = (sentence: string, changes: Partial<ExpectationState> = {}): ExpectationState => ({
  counted: 'kernel',
  sentence,
  expected: '9',
  seen: '',
  outcome: 'open',
  reason: undefined,
  ...changes,
})
const sentence = 'the queue holds one more than its backlog'
const other = 'each SYN beyond it is dropped at once, and its client sends it again a second later'

test('the number that was seen last stands beside the expectation, which stays open until it is judged', {
  skip,
}, async (context) => {
  const shows = '1: lab'
  let experiment = experimentOf({ shows, expectations: [expectation(sentence), expectation(other, { expected: '' })] })
  await using board = await stagedBoard(() => ({ experiment, ...(experiment.running ? { lab: shows } : {}) }))
  const page = await open(context, browser, board.url)
  const told = (): Promise<{ class: string; words: string }[]> =>
    page.evaluate(`[...document.querySelectorAll('.verdict .expectations li')]
      .map((item) => ({ class: item.className, words: item.querySelector('small').textContent }))`)
  const becomes = (expected: { class: string; words: string }[]): Promise<unknown> =>
    eventually('it is told', told, (now) => assert.deepEqual(now, expected))
  const open1 = { class: 'open', words: 'so far nothing · counted by kernel' }
  await becomes([{ class: 'open', words: 'expected 9 · so far nothing · counted by kernel' }, open1])

  const seen = [expectation(sentence, { seen: '4' }), expectation(other, { expected: '' })]
  experiment = { ...experiment, expectations: seen }
  await becomes([{ class: 'open', words: 'expected 9 · so far 4 · counted by kernel' }, open1])
  assert.equal(await page.locator('.verdict').getAttribute('aria-live'), 'off', 'each change would be read out')
  for (const [width, height] of [
    [1280, 800],
    [390, 844],
  ] as const)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await keepPicture(page, `experiment-so-far-${width}-${colorScheme}`, width < 1000)
      const wider = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      assert.equal(wider, 0, `nothing is wider than the window at ${width} pixels`)
    }

  const judged = [expectation(sentence, { seen: '9', outcome: 'met' }), expectation(other, { outcome: 'not judged' })]
  experiment = { ...experiment, shows: undefined, running: false, status: 'passed', expectations: judged }
  await becomes([
    { class: 'met', words: 'expected 9 · seen 9 · counted by kernel' },
    { class: 'not-judged', words: 'expected 9 · counted by kernel' },
  ])
  assert.equal(await page.locator('.verdict').getAttribute('aria-live'), 'polite')
})
