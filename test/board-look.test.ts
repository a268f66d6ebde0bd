/** How the board looks, in a real browser: on a phone, a laptop and a wall, in light and dark, in every kind of trouble. */
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { eventually } from '#common/waiting.ts'
import { chartsOutside, clashes, coveredByTip, cutLines, figureSizes, screens } from './support/board-looks.ts'
import { type Scene, type SceneName, scenes } from './support/board-scenes.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { violations } from './support/readable.ts'
import { type StagedBoard, stagedBoard } from './support/staged-board.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')
const names = Object.keys(scenes) as SceneName[]
let browser: Browser

before(async () => {
  if (skip === false) browser = await launch()
})
after(() => browser?.close())

async function opened(context: TestContext, name: SceneName): Promise<{ page: Page; board: StagedBoard }> {
  const scene: Scene = scenes[name]
  const board = await stagedBoard(scene)
  context.after(() => board[Symbol.asyncDispose]())
  const page = await open(context, browser, board.url)
  await drawn(page)
  return { page, board }
}

const drawn = (page: Page): Promise<unknown> =>
  eventually(
    'the picture and the charts are drawn',
    () => page.locator('.lane .length, .u-over').count(),
    (count) => assert.ok(count > 5),
  )

/** Everything that is laid out anew has been, and a state has been drawn into it. */
async function settled(page: Page): Promise<void> {
  const sequence = (): Promise<number> => page.evaluate('Number(document.documentElement.dataset.sequence)')
  const before = await sequence()
  await eventually('two more states are drawn', sequence, (now) => assert.ok(now > before + 1))
}

for (const name of names)
  test(`with ${name} nothing lies on anything else and nothing is cut, on a phone, a laptop and a wall`, {
    skip,
  }, async (context) => {
    const { page } = await opened(context, name)
    for (const screen of screens) {
      await page.setViewportSize(screen)
      await settled(page)
      const where = `at ${screen.width} pixels`
      assert.deepEqual(await clashes(page), [], where)
      assert.deepEqual(await cutLines(page), [], where)
      if (screen.width > 1000) assert.deepEqual(await chartsOutside(page), [], where)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await settled(page)
        await keepPicture(page, `look-${name.replaceAll(' ', '-')}-${screen.width}-${colorScheme}`, screen.width < 1000)
      }
    }
  })

for (const name of ['stalled', 'spilling', 'eight shards', 'half open'] as const)
  test(`with ${name} the rates of drops are the largest figures`, { skip }, async (context) => {
    const { page } = await opened(context, name)
    for (const screen of screens) {
      await page.setViewportSize(screen)
      await settled(page)
      const { dropped, most } = await figureSizes(page)
      assert.ok(dropped.length > 0, 'there are rates')
      assert.ok(Math.min(...dropped) > most, `${dropped} and ${most} at ${screen.width} pixels`)
    }
  })

for (const name of ['stalled', 'eight shards'] as const)
  test(`with ${name} no explanation covers a number`, { skip }, async (context) => {
    const { page } = await opened(context, name)
    for (const screen of screens) {
      await page.setViewportSize(screen)
      await settled(page)
      const places = ['.lane .lane-area', '.lane .process-switch', '.lane .basin-back', '.way li', '.legend']
      for (const place of [...places, '.stage-name', '.fact-unit', '.gauge-number', '.chart-title'])
        for (const target of [page.locator(place).first(), page.locator(place).last()]) {
          await page.mouse.move(0, 0)
          await target.hover({ force: true })
          const covered = await eventually(
            `${place} is explained`,
            () => coveredByTip(page),
            (figures) => assert.ok(figures !== undefined),
          )
          assert.deepEqual(covered, [], `${place} at ${screen.width} pixels`)
        }
      await keepPicture(page, `tip-${name.replaceAll(' ', '-')}-${screen.width}`)
      await page.mouse.move(0, 0)
    }
  })

test('on a phone the tanks come first, and what is pressed is large enough for a thumb', { skip }, async (context) => {
  const { page } = await opened(context, 'eight shards')
  await page.setViewportSize(screens[0])
  await settled(page)
  const top = async (selector: string): Promise<number> => (await page.locator(selector).first().boundingBox())?.y ?? 0
  const tank = await top('.basin')
  for (const later of ['.fact', '.cells', '.gauge', '#words', '.chart', '#panel'])
    assert.ok(tank < (await top(later)), later)
  const switches = page.locator('.process-switch, header button, .chart-tools button, [role=tab]')
  for (const one of await switches.all()) {
    if (!(await one.isVisible())) continue
    const box = await one.boundingBox()
    assert.ok(box !== null && box.width >= 44 && box.height >= 44, `${await one.textContent()}: ${JSON.stringify(box)}`)
  }
  const smallest =
    await page.evaluate(`Math.min(...[...document.querySelectorAll('.picture text')].filter((text) => text.textContent !== '' && text.checkVisibility())
    .map((text) => Number.parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a))`)
  assert.ok(Number(smallest) >= 10, `${smallest} px`)
})

for (const colorScheme of ['light', 'dark'] as const)
  test(`axe finds nothing against a lab in trouble or one that has ended, at any width, in ${colorScheme} mode`, {
    skip,
  }, async (context) => {
    const { page, board } = await opened(context, 'stalled')
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const screen of screens) {
      await page.setViewportSize(screen)
      await settled(page)
      assert.deepEqual(await violations(page), [], `${screen.width}`)
    }
    board.end()
    await eventually(
      'the page says that the lab has ended',
      () => page.locator('#live').textContent(),
      (words) => assert.match(words ?? '', /ended/),
    )
    for (const screen of screens) {
      await page.setViewportSize(screen)
      assert.deepEqual(await cutLines(page), [], `${screen.width}`)
      await keepPicture(page, `look-ended-${screen.width}-${colorScheme}`, screen.width < 1000)
    }
  })
