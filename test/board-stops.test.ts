/** What the board's pause, its zoom and its presenter's view do, in a real browser. */
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { eventually } from '#common/waiting.ts'
import { shardOf, stateOf } from '#live/testing/state.ts'
import { cutLines } from './support/board-looks.ts'
import { scenes } from './support/board-scenes.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { violations } from './support/readable.ts'
import { type StagedBoard, stagedBoard } from './support/staged-board.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')
/** Two minutes are there before the page. */
const PAST = 1200

let counting: StagedBoard
let browser: Browser

before(async () => {
  if (skip !== false) return
  // What waits in shard 1, and what is half open, counts tenths of a second.
  counting = await stagedBoard((index) => ({
    shards: [shardOf(1, { length: index, limit: 1_000_000, acceptsPerSecond: index }), shardOf(2), shardOf(3)],
    portView: { ...stateOf().portView!, synQueue: { length: index, peak: index, limit: 1_000_000 } },
  }))
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await counting?.[Symbol.asyncDispose]()
})

const tenths = (text: string | null): number => Number(/[\d,]+/.exec(text ?? '')?.[0].replaceAll(',', ''))
const inPicture = async (page: Page): Promise<number> =>
  tenths(await page.locator('.lane .length').first().textContent())
const inChart = async (page: Page): Promise<number> =>
  tenths(await page.locator('.readout').nth(3).locator('span span').first().textContent())

async function opened(context: TestContext, where = ''): Promise<Page> {
  const page = await open(context, browser, `${counting.url}/${where}`)
  await eventually(
    'the page has the minutes before it',
    () => inChart(page),
    (now) => assert.ok(now >= PAST),
  )
  return page
}

test('pause stops picture and charts and says since when; resumed, both show the present at once', {
  skip,
}, async (context) => {
  const page = await opened(context)
  await page.keyboard.press('p')
  await page.getByRole('button', { name: 'Resume' }).waitFor()
  const live = page.locator('#live')
  await eventually(
    'the page says since when',
    () => live.textContent(),
    (words) => assert.match(words ?? '', /^paused since \d\d:\d\d:\d\d, /),
  )
  const picture = await inPicture(page)
  await eventually(
    'three seconds have passed',
    () => live.textContent(),
    (words) => assert.match(words ?? '', /, ([3-9]|\d\d)(\.\d)? s ago$/),
  )
  assert.equal(await inPicture(page), picture)
  assert.ok(Math.abs((await inChart(page)) - picture) <= 10, 'picture and charts show the same moment')
  assert.match((await page.locator('.unseen caption').textContent()) ?? '', /old/)
  await keepPicture(page, 'paused')
  await page.getByRole('button', { name: 'Resume' }).click()
  assert.ok((await inPicture(page)) >= picture + 30, 'the picture has caught up')
  await eventually(
    'the charts have caught up',
    () => inChart(page),
    (now) => assert.ok(now >= picture + 30),
  )
  await eventually(
    'the page is live again',
    () => live.textContent(),
    (words) => assert.equal(words, 'live, 10 Hz'),
  )
})

test('a zoom shows exactly the time that was drawn over, however long the pointer takes', { skip }, async (context) => {
  const page = await opened(context)
  const over = page.locator('.u-over').nth(3)
  const at = async (share: number): Promise<[number, number]> => {
    const box = await over.boundingBox()
    assert.ok(box !== null)
    return [box.x + 0.5 + share * (box.width - 1), box.y + box.height / 2]
  }
  const readAt = async (share: number): Promise<number> => {
    await page.mouse.move(...(await at(share)), { steps: 2 })
    return inChart(page)
  }
  await page.mouse.move(...(await at(0.3)))
  await page.mouse.down()
  await page.mouse.move(...(await at(0.31)))
  const from = await readAt(0.3)
  const present = await inPicture(page)
  await eventually(
    'the lab has gone on for two seconds meanwhile',
    () => inPicture(page),
    (now) => assert.ok(now >= present + 20),
  )
  const to = await readAt(0.7)
  await page.mouse.up()
  await page.getByRole('button', { name: 'Resume' }).waitFor()
  // A pixel of a minute on 190 pixels is a third of a second.
  assert.ok(Math.abs((await readAt(0)) - from) <= 4, `begins at ${await readAt(0)}, not at ${from}`)
  assert.ok(Math.abs((await readAt(1)) - to) <= 4, `ends at ${await readAt(1)}, not at ${to}`)
})

for (const address of ['#present=2', '?present=2'])
  test(`the address ${address} opens one queue, large, and Escape leaves it`, { skip }, async (context) => {
    const page = await opened(context, address)
    const title = page.locator('#present h2')
    await eventually(
      'shard 2 is shown',
      () => title.textContent(),
      (words) => assert.equal(words, 'Accept queue of shard 2'),
    )
    assert.equal(await page.locator('#stage').isVisible(), false)
    await page.keyboard.press('ArrowLeft')
    await eventually(
      'shard 1 is shown',
      () => title.textContent(),
      (words) => assert.equal(words, 'Accept queue of shard 1'),
    )
    assert.equal(new URL(page.url()).hash, '#present=1')
    await page.keyboard.press('Escape')
    await page.locator('#stage').waitFor()
    assert.equal(await page.locator('#present').isVisible(), false)
    const { search, hash } = new URL(page.url())
    assert.equal(search + hash, '')
  })

test("the presenter's view is entered by a key and a button; its numbers are large, and drops the largest", {
  skip,
}, async (context) => {
  const board = await stagedBoard((index) => scenes.stalled(index))
  context.after(() => board[Symbol.asyncDispose]())
  const page = await open(context, browser, board.url)
  await page.locator('.lane').first().waitFor()
  await page.keyboard.press('2')
  await page.keyboard.press('b')
  await eventually(
    'shard 2 is shown to be full',
    () => page.locator('.present-figures .waiting').textContent(),
    (words) => assert.equal(words, '129 of 129 wait for accept()'),
  )
  for (const [width, height] of [
    [400, 850],
    [1280, 800],
    [1920, 1080],
  ] as const)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const sizes: Record<string, number> =
        await page.evaluate(`Object.fromEntries([...document.querySelectorAll('.present-figures p:not([hidden]) b')]
        .map((number) => [number.parentElement.classList[0], Number.parseFloat(getComputedStyle(number).fontSize)]))`)
      const { dropped = 0, ...others } = sizes
      assert.ok(Math.min(...Object.values(others)) >= (width === 400 ? 30 : 48), JSON.stringify(sizes))
      assert.ok(dropped > Math.max(...Object.values(others)), JSON.stringify(sizes))
      assert.deepEqual(await cutLines(page), [], `${width}`)
      if (width > 1000)
        assert.ok(Number(await page.evaluate('document.documentElement.scrollHeight - innerHeight')) <= 0)
      assert.deepEqual(await violations(page), [], `${width} ${colorScheme}`)
      await keepPicture(page, `present-${width}-${colorScheme}`)
    }
  await page.getByRole('button', { name: 'Release' }).click()
  await eventually(
    'the order has arrived',
    () => board.orders,
    (orders) => assert.deepEqual(orders, [{ do: 'release', shard: 2 }]),
  )
  await page.getByRole('button', { name: 'Present' }).click()
  await page.locator('#stage').waitFor()
})

test("paused, the presenter's view shows the moment at which the picture stands", { skip }, async (context) => {
  const page = await opened(context)
  await page.keyboard.press('p')
  await page.getByRole('button', { name: 'Resume' }).waitFor()
  const still = await inPicture(page)
  await page.keyboard.press('b')
  const large = await eventually(
    'the large view has its numbers',
    () => page.locator('#present').textContent(),
    (text) => assert.match(text ?? '', /of 1,000,001/),
  )
  assert.ok(large?.includes(still.toLocaleString('en')), `${still}: ${large}`)
})

test('the keys are listed, and can be switched off', { skip }, async (context) => {
  const page = await opened(context)
  await page.keyboard.press('?')
  const list = page.getByRole('dialog', { name: 'Keys' })
  await list.waitFor()
  assert.match((await list.textContent()) ?? '', /Pause the picture and the charts/)
  assert.deepEqual(await violations(page), [])
  await list.getByRole('checkbox').uncheck()
  await list.getByRole('button', { name: 'Close' }).click()
  await page.keyboard.press('b')
  assert.equal(await page.locator('#present').isVisible(), false)
  await page.keyboard.press('p')
  await page.getByRole('button', { name: 'Pause' }).waitFor()
  await page.evaluate('localStorage.clear()')
})
