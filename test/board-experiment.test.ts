/** An experiment run from the board is seen, in a real browser and real labs: its lab, its phases, what it expects, its verdict. */
import assert from 'node:assert/strict'
import { before, type TestContext, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type ShownBoard, showBoard } from '#cli/board/shown.ts'
import { Latest } from '#common/latest.ts'
import { eventually } from '#common/waiting.ts'
import { Lab } from '#lab/lab.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { Loads } from '#live/loads.ts'
import { observe } from '#live/observer.ts'
import type { LabView } from '#live/view.ts'
import { takenDownAfter } from './support/beside-lab.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')

let lab: Lab
let views: Latest<LabView>
let board: ShownBoard
let browser: Browser
const over = new AbortController()

before(async () => {
  if (skip !== false) return
  lab = await Lab.start({ backends: Array.from({ length: 3 }, () => ({ backlog: 32 })) })
  const loads = new Loads(lab)
  views = new Latest(observe(lab, over.signal))
  board = await showBoard({ host: '127.0.0.1', port: 0 }, namespaces)
  board.begin({ lab, loads }, views)
  await loads.start('gentle', 100)
  browser = await launch()
})

takenDownAfter(() => ({ over, browser, board, lab }))

interface Shown {
  tanks: number
  facts: string
  banner: string
  steps: string[]
  verdict: string
  outcomes: string[]
  switches: boolean
}

const shown = (page: Page): Promise<Shown> =>
  page.evaluate(`(() => {
    const text = (selector) => document.querySelector(selector)?.textContent ?? ''
    const banner = document.querySelector('.run-banner')
    return {
      tanks: document.querySelectorAll('.lane').length,
      facts: text('#facts'),
      banner: banner.hidden ? '' : text('.run-banner h2') + ' | ' + text('.run-banner .where'),
      steps: [...document.querySelectorAll('.run-banner .steps li')].map((step) => step.textContent),
      verdict: document.querySelector('.verdict').hidden ? '' : text('.verdict h3'),
      outcomes: [...document.querySelectorAll('.verdict .expectations li')].map((item) => item.className),
      switches: document.querySelector('[role="tablist"]').checkVisibility(),
    }
  })()`)

async function begins(page: Page, name: string): Promise<void> {
  await eventually(
    'the own lab is shown',
    () => shown(page),
    ({ tanks, switches }) => assert.deepEqual([tanks, switches], [3, true]),
  )
  await page.getByRole('tab', { name: 'Experiments' }).click()
  await page.getByRole('button', { name: `Run ${name}` }).click()
}

const seesItsLab = (page: Page, name: string, facts: RegExp): Promise<Shown> =>
  eventually(
    'the lab of the experiment is shown',
    () => shown(page),
    (now) => {
      assert.match(now.facts, facts)
      assert.match(now.banner, new RegExp(`^Experiment ${name} \\| .*own lab`))
      assert.equal(now.switches, false)
    },
  )

const isOver = (page: Page, status: RegExp): Promise<Shown> =>
  eventually(
    'the experiment is over and the own lab is shown again',
    () => shown(page),
    (now) => {
      assert.match(now.banner, status)
      assert.match(now.facts, /3 shards · backlog 32/)
      assert.deepEqual([now.tanks, now.switches], [3, true])
    },
    { withinMs: 120_000 },
  )

async function dismissed(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await eventually(
    'the verdict is gone',
    () => shown(page),
    ({ banner, verdict }) => assert.deepEqual([banner, verdict], ['', '']),
  )
}

/** Pages opened one after the other, the first of which runs an experiment. */
const opened = (context: TestContext): Promise<Page> => open(context, browser, board.url)

test('an experiment is seen in its own lab, by every page, and its verdict stays until it is dismissed', {
  skip,
}, async (context) => {
  const page = await opened(context)
  const before = (await lab.clients.reports()).reduce((sum, { started }) => sum + started, 0)
  await begins(page, 'small-backlog')
  const during = await seesItsLab(page, 'small-backlog', /1 shard · backlog 8/)
  assert.equal(during.tanks, 1)
  assert.equal(during.verdict, 'small-backlog: running')
  assert.deepEqual(during.outcomes, Array(5).fill('open'))
  assert.deepEqual(
    during.steps.map((step) => step.replace(/, .*/, '')),
    ['stall', 'burst', 'release', 'afterwards'],
  )
  await keepPicture(page, 'experiment-running')
  const second = await opened(context)
  await seesItsLab(second, 'small-backlog', /1 shard · backlog 8/)
  await eventually(
    'a later phase is marked as the present one, and those before it as done',
    () => shown(second),
    ({ steps }) => assert.match(steps.join(' '), /^stall, done .*, now/),
  )
  const { outcomes, verdict } = await isOver(page, /^Experiment small-backlog: (passed|not judged) \|/)
  assert.match(verdict, /^small-backlog: (passed|not judged)$/)
  assert.equal(outcomes.filter((outcome) => outcome === 'open').length, 0)
  if (verdict.endsWith('passed')) assert.deepEqual(outcomes, Array(5).fill('met'))
  await keepPicture(page, 'experiment-over')
  await isOver(second, /^Experiment small-backlog/)

  const popup = page.waitForEvent('popup')
  await page.getByRole('link', { name: 'Open the report' }).click()
  const report = await popup
  await report.waitForLoadState()
  assert.match(await report.title(), /small-backlog/)
  await keepPicture(report, 'experiment-report')
  await report.close()
  const after = (await lab.clients.reports()).reduce((sum, { started }) => sum + started, 0)
  assert.ok(after > before, 'the load of the own lab has gone on')
  assert.equal(await page.evaluate(`document.querySelectorAll('.readout').length`), 5)

  await dismissed(second)
  await eventually(
    'it is gone on the other page too',
    () => shown(page),
    ({ banner }) => assert.equal(banner, ''),
  )
})

test('an experiment with several cases shows the lab of each; meanwhile orders to the own lab are refused', {
  skip,
}, async (context) => {
  const page = await opened(context)
  await begins(page, 'node-default-511')
  const cases = (): Promise<string[]> =>
    page.evaluate(`[...document.querySelectorAll('.run-banner .cases li')].map(({ textContent }) => textContent)`)
  await eventually('the first case is the present one', cases, (now) =>
    assert.match(now.join(' | '), /^\S.*, now \| .*, to come$/),
  )
  await seesItsLab(page, 'node-default-511', /backlog/)
  const refused = await page.evaluate(`(async () => {
    const { token } = JSON.parse(document.querySelector('#config').textContent)
    const headers = { 'content-type': 'application/json', 'x-spillway-token': token }
    const answer = await fetch('/switches', { method: 'POST', headers, body: JSON.stringify({ do: 'stall', shard: 1 }) })
    return [answer.status, (await answer.json()).error]
  })()`)
  assert.deepEqual(refused, [409, 'node-default-511 is running'])
  await eventually(
    'the second case is the present one',
    cases,
    (now) => assert.match(now.join(' | '), /^\S.*, done \| .*, now$/),
    { withinMs: 120_000 },
  )
  await seesItsLab(page, 'node-default-511', /backlog/)
  await keepPicture(page, 'experiment-cases')
  await page.getByRole('button', { name: 'Stop it' }).click()
  const { outcomes } = await isOver(page, /^Experiment node-default-511: not judged \| .*the run was interrupted/)
  assert.deepEqual(new Set(outcomes), new Set(['not-judged']))
  assert.equal((await lab.backend(1).status()).faults.stalled, false)
  await dismissed(page)
})
