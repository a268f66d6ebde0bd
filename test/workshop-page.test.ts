/** The workshop's page in a real browser: a chapter beside a board whose states a test makes. */
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { workshopOffer } from '#cli/workshop/chapters.ts'
import { eventually } from '#common/waiting.ts'
import type { ExperimentState } from '#live/experiment-state.ts'
import type { SwitchOrder } from '#live/orders.ts'
import type { LiveState } from '#live/state.ts'
import { shardOf, stateOf } from '#live/testing/state.ts'
import type { CheckNews, WorkshopOffer } from '#services/board/server/workshop.ts'
import { selectorOf } from '../services/board/web/workshop/places.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { chapters } from './support/citations.ts'
import { type StagedBoard, stagedBoard } from './support/staged-board.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')
const LIMIT = 128
let browser: Browser

before(async () => {
  if (skip === false) browser = await launch()
})
after(() => browser?.close())

/** A lab in which a stalled shard is full from the burst on, and experiments take as long as the test says. */
interface Staged extends StagedBoard {
  ordered: SwitchOrder[]
  experiment: ExperimentState | undefined
}

async function staged(context: TestContext, check?: WorkshopOffer['check']): Promise<Staged> {
  const ordered: SwitchOrder[] = []
  const lab: Pick<Staged, 'experiment'> = { experiment: undefined }
  const states = (): Partial<LiveState> => {
    const did = (what: SwitchOrder['do']): boolean => ordered.some((order) => order.do === what)
    const full = did('stall') && did('start load')
    const stalled = shardOf(2, { stalled: did('stall'), length: full ? LIMIT + 1 : 0, limit: LIMIT })
    return { ...stateOf({ shards: [shardOf(1), stalled, shardOf(3)] }), ...lab }
  }
  const board = await stagedBoard(
    () => {
      const { shards, experiment } = states()
      return { ...(shards === undefined ? {} : { shards }), experiment }
    },
    {
      workshop: { ...workshopOffer(), ...(check === undefined ? {} : { check }) },
      actions: {
        experiments: [],
        unavailable: {},
        async perform(order) {
          ordered.push(order)
          return `Done: ${order.do}`
        },
      },
    },
  )
  context.after(() => board[Symbol.asyncDispose]())
  return Object.assign(lab, board, { ordered })
}

const step = (page: Page, name: string) => page.locator(`[data-step="${name}"]`)
const says = (page: Page, name: string, pattern: RegExp): Promise<unknown> =>
  eventually(
    `${name} says ${pattern}`,
    () => step(page, name).locator('output').first().textContent(),
    (text) => assert.match(text ?? '', pattern),
  )

async function predict(page: Page, name: string, value: number): Promise<void> {
  await step(page, name).locator('input').fill(String(value))
  await step(page, name).locator('button').click()
}

/** How many pixels of the fill chart have the accent's colour, in which predictions are drawn. */
const predictionPixels = (page: Page): Promise<number> =>
  page.evaluate(`(() => {
    const board = document.getElementById('board').contentDocument
    const canvas = board.querySelector('.chart:has([data-term="acceptQueue"]) canvas')
    if (canvas === null) return 0
    const probe = board.createElement('i')
    probe.style.color = 'var(--accent)'
    board.body.append(probe)
    const [r, g, b] = board.defaultView.getComputedStyle(probe).color.match(/\\d+/g).map(Number)
    probe.remove()
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    let count = 0
    for (let at = 0; at < data.length; at += 4)
      if (Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) + Math.abs(data[at + 2] - b) < 6 && data[at + 3] > 250) count++
    return count
  })()`)

test('the way of a chapter: a prediction is drawn, a button throws the switches, the place is shown, and all is kept', {
  skip,
}, async (context) => {
  const board = await staged(context)
  const page = await open(context, browser, `${board.url}/workshop`)
  await page.waitForFunction("document.getElementById('board').contentDocument?.querySelector('.lane') !== null")
  assert.equal(await predictionPixels(page), 0)
  await predict(page, 'predict-full', 100)
  await says(page, 'predict-full', /^You: 100\. Now: 0 of 129\.$/)
  await eventually(
    'the prediction is a line in the chart',
    () => predictionPixels(page),
    (count) => assert.ok(count > 100, `${count}`),
  )

  await step(page, 'run').locator('button').click()
  await eventually(
    'both orders have come',
    async () => board.ordered,
    (orders) =>
      assert.deepEqual(orders, [
        { do: 'stall', shard: 2 },
        { do: 'start load', load: 'burst', amount: 600 },
      ]),
  )
  await says(page, 'run', /^Done: start load$/)
  await says(page, 'predict-full', /^You: 100\. Now: 129 of 129\.$/)

  await step(page, 'look').locator('button').click()
  const rings = await eventually(
    'the tank of shard 2 is ringed',
    () =>
      page.evaluate<number[][]>(`(() => {
        const board = document.getElementById('board').contentDocument
        return ['.looked-at', '.lane[data-shard="2"]'].map((selector) => {
          const box = board.querySelector(selector)?.getBoundingClientRect()
          return box === undefined ? [] : [box.left + box.width / 2, box.top + box.height / 2].map(Math.round)
        })
      })()`),
    ([ring = [], tank = []]) => {
      assert.equal(ring.length, 2)
      for (const [at, value] of ring.entries()) assert.ok(Math.abs(value - (tank[at] ?? 0)) <= 3, `${ring} and ${tank}`)
    },
  )
  assert.equal(rings.length, 2)
  await keepPicture(page, 'workshop-look')

  await predict(page, 'predict-small', 50)
  await says(page, 'predict-small', /^Kept\./)
  await page.locator('#explain > summary').click()
  await says(page, 'predict-small', /^You: 50\. small-backlog: 9\.$/)

  await page.reload()
  assert.equal(await step(page, 'predict-full').locator('input').inputValue(), '100')
  await says(page, 'predict-small', /^You: 50\. small-backlog: 9\.$/)
  for (const name of ['predict-full', 'run', 'look', 'explain'])
    assert.notEqual(await step(page, name).getAttribute('data-done'), null, name)
  assert.equal(await step(page, 'run-2').getAttribute('data-done'), null)
  await eventually(
    'it is drawn again',
    () => predictionPixels(page),
    (count) => assert.ok(count > 100, `${count}`),
  )

  page.on('dialog', (dialog) => void dialog.accept())
  await page.locator('#chapters summary').click()
  await Promise.all([page.waitForEvent('load'), page.locator('#reset').click()])
  assert.equal(await step(page, 'predict-full').locator('input').inputValue(), '')
  assert.equal(await step(page, 'run').getAttribute('data-done'), null)
})

test('an experiment moves while it runs: its phases come one by one, then what was seen', { skip }, async (context) => {
  const board = await staged(context)
  const page = await open(context, browser, `${board.url}/workshop/01-handshake`)
  const name = 'experiment-small-backlog'
  const nothing = {
    teaches: '',
    run: 1,
    shows: undefined,
    still: undefined,
    cases: [],
    steps: [],
    status: undefined,
    reason: undefined,
    expectations: [],
    folder: undefined,
    report: undefined,
  }
  const running = { name: 'small-backlog', running: true, phases: [], ...nothing }
  await step(page, name).locator('button').click()
  await eventually(
    'it is ordered',
    async () => board.ordered,
    (orders) => assert.deepEqual(orders, [{ do: 'run experiment', name: 'small-backlog' }]),
  )
  board.experiment = { ...running, phases: [{ name: 'stall', timeMs: Date.now() }] }
  await says(page, name, /^stall, \d+ s$/)
  assert.equal(await step(page, name).locator('progress').isVisible(), true)
  assert.equal(await step(page, 'experiment-handshake').locator('button').isDisabled(), true, 'one at a time')
  const phases = ['stall', 'burst'].map((phase) => ({ name: phase, timeMs: Date.now() }))
  board.experiment = { ...running, phases }
  await says(page, name, /^burst, \d+ s$/)
  const expectation = {
    counted: 'kernel',
    expected: '9',
    seen: '9',
    outcome: 'met' as const,
    reason: undefined,
    sentence: 'the queue holds nine',
  }
  board.experiment = { ...running, phases, running: false, status: 'passed', expectations: [expectation] }
  await says(page, name, /^small-backlog passed: 1 of 1 expectations$/)
  assert.deepEqual(await step(page, name).locator('li').allTextContents(), [
    'stall',
    'burst',
    'the queue holds nine: 9',
  ])
  assert.equal(await step(page, name).locator('progress').isVisible(), false)
})

test('a check says what is still wrong, then that it is solved; hints open one by one', { skip }, async (context) => {
  const answers: CheckNews[][] = [
    [{ phase: 'stall' }, { problem: 'There is no my-backlog.ts here. Make one: spillway new my-backlog' }],
    [
      { phase: 'burst' },
      {
        found: [{ asks: 'a backend has the backlog 0', wrong: 'it is 8' }, { asks: 'clients come' }],
        status: 'passed',
      },
    ],
    [{ found: [{ asks: 'a backend has the backlog 0' }, { asks: 'clients come' }], status: 'passed' }],
  ]
  const asked: string[] = []
  const board = await staged(context, async function* (exercise, file) {
    asked.push(`${exercise} ${file}`)
    yield* answers.shift() ?? []
  })
  const page = await open(context, browser, `${board.url}/workshop`)
  const name = 'check-backlog-zero'
  const check = (): Promise<void> => step(page, name).locator('button').click()
  assert.equal(await page.locator('details.hint[open]').count(), 0)
  await page.locator('details.hint > summary').first().click()
  assert.equal(await page.locator('details.hint[open]').count(), 1)
  await check()
  await says(page, name, /^There is no my-backlog\.ts/)
  await check()
  await says(page, name, /^1 of 2 still to do\.$/)
  assert.deepEqual(await step(page, name).locator('li').allTextContents(), [
    'a backend has the backlog 0: it is 8',
    'clients come',
  ])
  assert.equal(await step(page, name).getAttribute('data-done'), null)
  await check()
  await says(page, name, /^Solved\.$/)
  assert.notEqual(await step(page, name).getAttribute('data-done'), null)
  assert.deepEqual(new Set(asked), new Set(['backlog-zero ./my-backlog.ts']))
})

test('where files may not be run the check says so, and asks nothing', { skip }, async (context) => {
  const board = await staged(context)
  const page = await open(context, browser, `${board.url}/workshop`)
  await says(page, 'check-backlog-zero', /^spillway workshop checks it/)
  assert.equal(await step(page, 'check-backlog-zero').locator('button').isDisabled(), true)
})

test('every place that a chapter shows is on the board', { skip }, async (context) => {
  const board = await staged(context)
  const page = await open(context, browser, `${board.url}/workshop/board`)
  await page.waitForSelector('.lane')
  const { chapters: all } = workshopOffer()
  const places = new Set(
    all.flatMap(({ html }) => [...html.matchAll(/data-place="([^"]+)"/g)].map(([, place = '']) => place)),
  )
  assert.ok(places.size >= 8)
  for (const place of places)
    assert.equal(
      await page
        .locator(selectorOf(place) ?? 'none')
        .first()
        .isVisible(),
      true,
      place,
    )
})

test('each chapter is readable without barriers, in light and dark, wide and narrow', { skip }, async (context) => {
  const board = await staged(context)
  const page = await open(context, browser, `${board.url}/workshop`)
  for (const colorScheme of ['light', 'dark'] as const)
    for (const file of chapters()) {
      await page.emulateMedia({ colorScheme })
      await page.goto(`${board.url}/workshop/${file.replace('.md', '')}`)
      await page.locator('#explain > summary').click()
      await page.evaluate(axe.source)
      const found: { id: string; nodes: { html: string }[] }[] = await page.evaluate(
        "axe.run('#chapter', { runOnly: ['wcag2a', 'wcag2aa'] }).then(({ violations }) => violations)",
      )
      assert.deepEqual(
        found.map(({ id, nodes }) => `${file}: ${id} ${nodes[0]?.html}`),
        [],
      )
      await keepPicture(page, `workshop-${file.slice(0, 2)}-${colorScheme}`)
    }
  await page.setViewportSize({ width: 400, height: 800 })
  const boxes = await page.evaluate<{ chapter: number; board: number; wide: number }>(
    `(() => ({
      chapter: document.getElementById('chapter').getBoundingClientRect().bottom,
      board: document.getElementById('board').getBoundingClientRect().top,
      wide: document.documentElement.scrollWidth,
    }))()`,
  )
  assert.ok(boxes.board >= boxes.chapter - 1, 'the board stands below the chapter')
  assert.ok(boxes.wide <= 400, `nothing is cut at the side: ${boxes.wide}`)
  await keepPicture(page, 'workshop-narrow')
})
