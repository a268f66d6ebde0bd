/** What the board says that the last minute of arrivals needs, held against a real kernel. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { type ShownBoard, showBoard } from '#cli/board/shown.ts'
import { eventually } from '#common/waiting.ts'
import type { Load } from '#lab/clients.ts'
import { Lab } from '#lab/lab.ts'
import { Loads } from '#live/loads.ts'
import { observe } from '#live/observer.ts'
import type { BacklogAdvice } from '#live/state.ts'
import { takenDownAfter } from './support/beside-lab.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')
const RATE = 100
const BACKLOG = 16
const STALL_MS = 1000
const INTERVAL_MS = 100

let lab: Lab
let board: ShownBoard
let browser: Browser
const over = new AbortController()

before(async () => {
  if (skip !== false) return
  lab = await Lab.start({ backends: [{ backlog: BACKLOG }] })
  const loads = new Loads(lab)
  board = await showBoard({ host: '127.0.0.1', port: 0 }, undefined)
  board.begin({ lab, loads }, observe(lab, over.signal))
  browser = await launch()
})

takenDownAfter(() => ({ over, browser, board, lab }))

const planned = async (stallMs: number): Promise<BacklogAdvice> => {
  const answer = await fetch(`${board.url}/plan?stallMs=${stallMs}`)
  const plan: unknown = await answer.json()
  return plan as BacklogAdvice
}

const constantLoad = (durationMs?: number): Promise<Load> =>
  lab.clients.start({
    kind: 'connections',
    records: true,
    arrivals: { shape: 'constant', ratePerSecond: RATE, ...(durationMs === undefined ? {} : { durationMs }) },
  })

/** How many connections began within the busiest stretch of so long, as their clients know: on a busy machine not quite evenly. */
async function mostBegunWithin(load: Load, ms: number): Promise<number> {
  const begun = (await load.records()).map(({ startedMs }) => startedMs)
  return Math.max(...begun.map((fromMs) => begun.filter((atMs) => atMs >= fromMs && atMs < fromMs + ms).length))
}

const limitInKernel = async (): Promise<number | undefined> => (await lab.backend(1).status()).listener?.limit

/** Stalls the backend for about half of what is planned for, and tells how many SYNs the kernel dropped. */
async function dropsOfAStall(): Promise<number> {
  const overflows = async (): Promise<number> => (await lab.look()).namespaces[0]?.counters.TcpExt_ListenOverflows ?? 0
  const before = await overflows()
  await lab.backend(1).stall()
  await sleep(STALL_MS / 2)
  await lab.backend(1).release()
  return (await overflows()) - before
}

async function openPlan(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Plan' }).click()
  await page.getByRole('radio', { name: '1 s', exact: true }).check()
}

const advice = (page: Page): Promise<string> => page.locator('.advice').innerText()

test('without arrivals the plan says that there are none, and gives no number', { skip }, async (context) => {
  const page = await open(context, browser, board.url)
  await openPlan(page)
  await eventually(
    'the page says that nothing came',
    () => advice(page),
    (words) =>
      assert.match(words, /^Port 8080 had no new connections in the last .*s: there is nothing to plan for\.$/),
  )
  assert.equal(await page.locator('table.plan').isVisible(), false)
  assert.equal((await planned(STALL_MS)).backlog, undefined)
  await keepPicture(page, 'plan-nothing')
})

test('a known load gets the backlog that the arithmetic demands, as far as the readings can tell', {
  skip,
}, async (context) => {
  const page = await open(context, browser, board.url)
  await openPlan(page)
  const load = await constantLoad(4000)
  await load.done()
  const [came, atMost] = [
    await mostBegunWithin(load, STALL_MS),
    await mostBegunWithin(load, STALL_MS + 2 * INTERVAL_MS),
  ]
  assert.ok(came >= (RATE * STALL_MS) / 1000, `${came} in the busiest second`)
  await eventually(
    'the page advises a backlog',
    () => advice(page),
    (words) => {
      assert.match(words, /^Set a backlog of \d+: 16 survives a stall of (less than )?\d+ ms only, not one of 1 s\.$/)
      const shown = Number(/backlog of (\d+)/.exec(words)?.[1])
      assert.ok(shown + 1 >= came && shown + 1 <= atMost, `${came} to ${atMost} places expected: ${words}`)
    },
  )
  const row = page.locator('table.plan tbody')
  assert.match(await row.innerText(), /^✗ 1\s+16: too small\s+(less than )?\d+ ms$/)
  const { basis } = await planned(STALL_MS)
  assert.match(basis.join(' '), /^Based on \d+ connections .* read by the exporter every \d+ ms/)
  assert.doesNotMatch(basis.join(' '), /counts port/, 'nobody else listens there')
  await keepPicture(page, 'plan-too-small')
})

test('a stall that spills drops nobody any more once the button has set what is advised', { skip }, async (context) => {
  const page = await open(context, browser, board.url)
  const load = await constantLoad()
  context.after(() => load.stop())
  await openPlan(page)
  const dropped = await dropsOfAStall()
  assert.ok(dropped > 0, 'half a second brings about fifty, and seventeen fit')
  await eventually(
    'the page says what was left out',
    () => page.locator('.basis:not(.spells)').innerText(),
    (basis) => assert.match(basis, /SYNs met a full queue and were dropped.*are left out/s),
  )

  const button = page.locator('.planned button')
  // Clients that a busy machine holds up come in bunches, and then more is advised than a moment before.
  for (let presses = 0; presses < 5 && /^Set/.test(await advice(page)); presses++) {
    const before = (await limitInKernel()) ?? 0
    assert.match(await button.innerText(), /^Set \d+ on shard 1$/)
    await button.focus()
    await page.keyboard.press('Enter')
    const limit = await eventually('the kernel has a larger limit', limitInKernel, (now) =>
      assert.ok(now !== undefined && now > before, `${now}`),
    )
    await eventually(
      'the table shows the limit that is set',
      () => page.locator('table.plan tbody').innerText(),
      (row) => assert.match(row, new RegExp(`^. 1\\s+${limit}(: too small)?\\s+[\\d.]+ m?s`)),
    )
    await eventually(
      'the page says that it is set',
      () => advice(page),
      (words) => assert.match(words, new RegExp(`${limit} is set|${limit} survives`)),
    )
  }
  assert.match(await advice(page), /^A backlog of \d+ is enough for a stall of 1 s; \d+ is set, and survives/)
  await keepPicture(page, 'plan-enough')
  assert.equal(await dropsOfAStall(), 0)
})
