/** The head of the board: facts and ages have places of their own, whatever there is to say. */
import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import type { Browser } from 'playwright-core'
import { eventually } from '#common/waiting.ts'
import { shardOf } from '#live/testing/state.ts'
import { cutLines } from './support/board-looks.ts'
import { launch, open } from './support/browser.ts'
import { stagedBoard } from './support/staged-board.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')
let browser: Browser
before(async () => {
  if (skip === false) browser = await launch()
})
after(() => browser?.close())

const old = { listeners: 20, synQueue: 14_900, connections: 400, counters: 50, backends: 300 }
const fresh = { ...old, synQueue: 90 }
const shards = [8, 128, 4096].map((limit, index) => shardOf(index + 1, { limit, backlog: limit }))

test('beside the longest age the facts keep their one line, and the head its height', { skip }, async (context) => {
  let ages = fresh
  await using board = await stagedBoard(() => ({ ages, shards }))
  const page = await open(context, browser, board.url)
  const head = (): Promise<{ height: number; lines: number; live: string }> =>
    page.evaluate(`(() => {
      const facts = document.querySelector('#facts')
      const range = document.createRange()
      range.selectNodeContents(facts)
      const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)))
      return { height: document.querySelector('header').offsetHeight, lines: tops.size, live: document.querySelector('#live').textContent.trim() }
    })()`)
  for (const width of [1920, 1280, 1024, 901]) {
    await page.setViewportSize({ width, height: 800 })
    ages = fresh
    await eventually('the age is gone', head, ({ live }) => assert.equal(live, 'live, 10 Hz'))
    const { height } = await head()
    ages = old
    await eventually('the age is told', head, ({ live }) => assert.match(live, /half-open requests up to 14\.9 s old$/))
    assert.deepEqual({ ...(await head()), live: '' }, { height, lines: 1, live: '' }, `at ${width} pixels`)
    assert.deepEqual(await cutLines(page), [], `at ${width} pixels`)
  }
})
