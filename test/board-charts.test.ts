/** What pointer, touch and keys do in the charts and switches of the board, in a real browser. */
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { eventually } from '#common/waiting.ts'
import { shardOf, stateOf } from '#live/testing/state.ts'

import { launch, open } from './support/browser.ts'
import { type StagedBoard, stagedBoard } from './support/staged-board.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')
const CHARTS = 5
const SYN_QUEUE = 3
const ACCEPTS = 4

let board: StagedBoard
let browser: Browser

before(async () => {
  if (skip !== false) return
  // Half-open requests and accepts of shard 1 count tenths of a second: what is read out says which moment it is of.
  board = await stagedBoard((index) => ({
    shards: [shardOf(1, { acceptsPerSecond: index }), shardOf(2), shardOf(3)],
    portView: { ...stateOf().portView!, synQueue: { length: index, peak: index, limit: 100_000 } },
  }))
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await board?.[Symbol.asyncDispose]()
})

async function opened(context: TestContext): Promise<Page> {
  const page = await open(context, browser, board.url)
  await page.setViewportSize({ width: 1280, height: 1200 })
  await eventually(
    'the page has the minutes before it',
    () => tenthsRead(page),
    (tenths) => assert.ok(tenths >= 1200, 'the past is there'),
  )
  return page
}

/** The moment that a chart reads out, in tenths of a second. */
async function tenthsRead(page: Page, chart = SYN_QUEUE): Promise<number> {
  const text = await page.locator('.readout').nth(chart).locator('span span').first().textContent()
  return Number(/^[\d,]+/.exec(text ?? '')?.[0].replaceAll(',', ''))
}

/** Where a share of a chart's width is on the screen. */
async function at(page: Page, chart: number, share: number): Promise<[x: number, y: number]> {
  const box = await page.locator('.u-over').nth(chart).boundingBox()
  assert.ok(box !== null)
  return [box.x + 0.5 + share * (box.width - 1), box.y + box.height / 2]
}

async function drag(page: Page, chart: number, from: number, to: number): Promise<void> {
  await page.mouse.move(...(await at(page, chart, from)))
  await page.mouse.down()
  await page.mouse.move(...(await at(page, chart, to)), { steps: 5 })
  await page.mouse.up()
}

/** How much time a chart shows, in seconds: what it reads out at its right edge less what it does at its left. */
async function secondsShown(page: Page, chart: number): Promise<number> {
  const reading = async (share: number): Promise<number> => {
    await page.mouse.move(...(await at(page, chart, 0.5)))
    await page.mouse.move(...(await at(page, chart, share)))
    return tenthsRead(page)
  }
  return ((await reading(1)) - (await reading(0))) / 10
}

const isAbout = (seconds: number, expected: number): void =>
  assert.ok(Math.abs(seconds - expected) <= expected * 0.04 + 0.2, `${seconds} s are shown, of ${expected}`)

test('dragging over 40 % of a minute shows 24 s in all charts, in whichever it was dragged', {
  skip,
}, async (context) => {
  const page = await opened(context)
  for (let chart = 0; chart < CHARTS; chart++) {
    await drag(page, chart, 0.3, 0.7)
    for (let shown = 0; shown < CHARTS; shown++) isAbout(await secondsShown(page, shown), 24)
    await page.mouse.dblclick(...(await at(page, chart, 0.5)))
    await page.getByRole('button', { name: 'Pause' }).waitFor()
  }
})

test('a zoom into a zoom, also backwards, is that part of it, and a double-click goes back to the last minute', {
  skip,
}, async (context) => {
  const page = await opened(context)
  await drag(page, 1, 0.9, 0.4)
  isAbout(await secondsShown(page, 1), 30)
  await drag(page, 4, 0.25, 0.75)
  isAbout(await secondsShown(page, 0), 15)
  await page.getByRole('button', { name: 'Resume' }).waitFor()
  await page.mouse.dblclick(...(await at(page, 2, 0.5)))
  await page.getByRole('button', { name: 'Pause' }).waitFor()
  await eventually(
    'the whole minute is shown again',
    () => secondsShown(page, 2),
    (seconds) => assert.ok(seconds > 55, `${seconds} s are shown`),
  )
})

test('a zoom that is let go below the chart ends where the pointer left it, and beside the chart at its edge', {
  skip,
}, async (context) => {
  const page = await opened(context)
  const letGoAt = async (share: number, belowPx: number): Promise<void> => {
    await page.mouse.move(...(await at(page, 1, 0.3)))
    await page.mouse.down()
    await page.mouse.move(...(await at(page, 1, Math.min(share, 0.7))), { steps: 3 })
    const [x, y] = await at(page, 1, share)
    await page.mouse.move(x, y + belowPx, { steps: 3 })
    await page.mouse.up()
  }
  await letGoAt(0.7, 120)
  isAbout(await secondsShown(page, 0), 24)
  await page.mouse.dblclick(...(await at(page, 1, 0.5)))
  await letGoAt(1.2, 0)
  isAbout(await secondsShown(page, 0), 42)
})

test('a click, another button and a tap do not zoom, and leave no selection behind', { skip }, async (context) => {
  const page = await opened(context)
  const [x, y] = await at(page, 0, 0.5)
  await page.mouse.click(x, y)
  await page.mouse.move(x, y)
  await page.mouse.down({ button: 'right' })
  await page.mouse.move(x + 60, y)
  await page.mouse.up({ button: 'right' })
  await page.getByRole('button', { name: 'Pause' }).waitFor()
  await drag(page, 0, 0.3, 0.7)
  const widths: string[] = await page.evaluate(
    `[...document.querySelectorAll('.u-select')].map((element) => element.style.width)`,
  )
  assert.deepEqual([...new Set(widths)], ['0px'])

  const touched = await browser.newPage({ viewport: { width: 1280, height: 1200 }, hasTouch: true })
  context.after(() => touched.close())
  await touched.goto(board.url)
  await eventually(
    'the page has the minutes before it',
    () => tenthsRead(touched),
    (tenths) => assert.ok(tenths >= 1200),
  )
  await touched.touchscreen.tap(...(await at(touched, 2, 0.5)))
  await touched.getByRole('button', { name: 'Pause' }).waitFor()
})

test('all charts read out the moment that is pointed at, and the last one when the pointer has left', {
  skip,
}, async (context) => {
  const page = await opened(context)
  await page.getByRole('button', { name: 'Pause' }).click()
  const last = await tenthsRead(page)
  for (let chart = 0; chart < CHARTS; chart++) {
    await page.mouse.move(...(await at(page, chart, 0.25)))
    const read = await tenthsRead(page)
    assert.equal(await tenthsRead(page, ACCEPTS), read, 'the charts agree')
    isAbout((last - read) / 10, 45)
  }
  await page.mouse.move(5, 5)
  assert.equal(await tenthsRead(page), last)
})

test('a key that is held down pauses once, and stalls once', { skip }, async (context) => {
  const page = await opened(context)
  const hold = async (key: string): Promise<void> => {
    for (let press = 0; press < 4; press++) await page.keyboard.down(key)
    await page.keyboard.up(key)
  }
  for (const [key, name] of [
    ['Enter', 'Resume'],
    ['Space', 'Pause'],
  ] as const) {
    await page.getByRole('button', { name: /^(Pause|Resume)$/ }).focus()
    await hold(key)
    await page.getByRole('button', { name, exact: true }).waitFor()
  }
  const before = board.orders.length
  await page.locator('.process-switch').nth(1).focus()
  await hold('Space')
  await eventually(
    'the order arrives once',
    () => board.orders.slice(before),
    (orders) => assert.deepEqual(orders, [{ do: 'stall', shard: 2 }]),
  )
})
