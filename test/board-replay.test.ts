/** Slow motion in a real browser: the past is drawn sample by sample, and never passes for the present. */
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { eventually } from '#common/waiting.ts'
import { emptyWindow, type SampleWindow } from '#live/sample-window.ts'
import { shardOf } from '#live/testing/state.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { type StagedBoard, stagedBoard } from './support/staged-board.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')
/** Every so often shard 2 drops three SYNs, which are sent again a second later. */
const EVERY_MS = 5000
const DROPPED = 3
const RETURN_MS = 1010

let board: StagedBoard
let browser: Browser
let latest = 0

before(async () => {
  if (skip !== false) return
  board = await stagedBoard(
    (index) => {
      latest = index
      return { shards: [shardOf(1), shardOf(2, { length: 128 }), shardOf(3)] }
    },
    { samples: () => samplesUntil(latest * 100) },
  )
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await board?.[Symbol.asyncDispose]()
})

/** Shard 2 is full at the sample at which it drops, and has one place less taken at all others. */
function samplesUntil(lastMs: number): SampleWindow {
  const window = emptyWindow()
  for (let atMs = lastMs - 30_000; atMs <= lastMs; atMs += 10) {
    const drops = atMs % EVERY_MS === 0
    for (const shard of [1, 2, 3]) {
      window.listeners.atMs.push(atMs)
      window.listeners.shard.push(shard)
      window.listeners.length.push(shard === 2 ? (drops ? 129 : 128) : 0)
      window.listeners.limit.push(128)
      window.listeners.dropped.push(shard === 2 && drops ? DROPPED : 0)
    }
    if (drops) window.overflows.atMs.push(atMs + 50)
    if (atMs % 50 === 10) {
      window.resent.atMs.push(atMs)
      window.resent.gained.push(atMs % EVERY_MS === RETURN_MS ? DROPPED : 0)
    }
    if (atMs % 100 !== 0) continue
    window.synQueue.atMs.push(atMs)
    window.synQueue.length.push(0)
    window.synQueue.limit.push(384)
  }
  return window
}

interface Seen {
  past: boolean
  moment: string
  /** Milliseconds before the end. */
  beforeMs: number
  words: string
  badge: string
  length: string
  classes: string
  dropped: string
  notes: string
  cursor: number
}

const seen = (page: Page): Promise<Seen> =>
  page.evaluate(`(() => {
    const text = (selector) => document.querySelector(selector)?.textContent ?? ''
    const lane = document.querySelector('.lane[data-shard="2"]')
    const moment = text('.past-moment')
    return {
      past: !document.querySelector('.past').hidden,
      moment,
      beforeMs: Math.round(Number(/[\\d.]+/.exec(moment)?.[0]) * 1000),
      words: text('.past-words'),
      badge: text('#live-words'),
      length: lane.querySelector('.length').textContent,
      classes: lane.getAttribute('class'),
      dropped: lane.querySelector('.dropped').textContent,
      notes: [...document.querySelectorAll('.past-note')].map(({ textContent }) => textContent).join(' | '),
      cursor: new DOMMatrix(getComputedStyle(document.querySelectorAll('.u-cursor-x')[4]).transform).m41,
    }
  })()`)

async function opened(context: TestContext): Promise<Page> {
  const page = await open(context, browser, board.url)
  await eventually(
    'the page is live',
    () => seen(page),
    ({ badge }) => assert.equal(badge, 'live, 10 Hz'),
  )
  return page
}

async function inThePast(context: TestContext): Promise<Page> {
  const page = await opened(context)
  await page.keyboard.press('s')
  await eventually(
    'the past is shown',
    () => seen(page),
    ({ past, badge }) => {
      assert.ok(past)
      assert.match(badge, /^the past: −[\d.]+ s$/)
    },
  )
  return page
}

test('nothing of the past is asked for until somebody wants it; then it begins shortly before a drop that came back', {
  skip,
}, async (context) => {
  const page = await opened(context)
  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await page.getByRole('button', { name: 'Slow motion' }).hover()
  assert.ok(!asked.includes('/replay'))
  await page.getByRole('button', { name: 'Slow motion' }).click()
  const first = await eventually(
    'the past is shown',
    () => seen(page),
    ({ past }) => assert.ok(past),
  )
  assert.equal(asked.filter((path) => path === '/replay').length, 1)
  assert.doesNotMatch(first.classes, /spills/)
  assert.match(
    (await page.locator('.past-resolution').textContent()) ?? '',
    /^Accept queues: a sample every 10 ms; between them nothing is known\. SYN queue: every 100 ms, SYNs sent again: every 50 ms\./,
  )
  await page.getByRole('button', { name: 'Next drop' }).click()
  await eventually(
    'the drop is shown',
    () => seen(page),
    (now) => {
      assert.equal(first.beforeMs - now.beforeMs, 200)
      assert.match(now.classes, /full.*spills/)
    },
  )
})

test('a drop is drawn at its sample alone, and the SYNs’ return a second later at theirs', {
  skip,
}, async (context) => {
  const page = await inThePast(context)
  await page.getByRole('button', { name: 'Next drop' }).click()
  const drop = await eventually(
    'the drop is shown',
    () => seen(page),
    (now) => {
      assert.match(now.classes, /full.*spills/)
      assert.deepEqual([now.length, now.dropped], ['129', '3'])
      assert.match(now.words, /^Shard 2 dropped 3 within 10 ms\. SYNs were sent again 1\.01 s later, at −[\d.]+ s\.$/)
      assert.match(now.notes, /3 dropped/)
    },
  )
  await keepPicture(page, 'replay-drop')
  await page.locator('.past input[type="range"]').focus()
  for (const [key, before, spills] of [
    ['ArrowLeft', 10, false],
    ['ArrowRight', 0, true],
    ['ArrowRight', -10, false],
    ['Shift+ArrowRight', -110, false],
  ] as const) {
    await page.keyboard.press(key)
    await eventually(
      `${key} steps by samples`,
      () => seen(page),
      (now) => {
        assert.equal(now.beforeMs, drop.beforeMs + before)
        assert.equal(/spills/.test(now.classes), spills)
        assert.equal(now.length, spills ? '129' : '128')
      },
    )
  }
  await page.getByRole('button', { name: 'Its return' }).click()
  await eventually(
    'the return is shown',
    () => seen(page),
    (now) => {
      assert.equal(now.beforeMs, drop.beforeMs - RETURN_MS)
      assert.match(
        now.words,
        /^3 SYNs sent again within the 50 ms before \(TCPSynRetrans of the clients’ namespace\)\.$/,
      )
      assert.match(now.notes, /3 SYNs sent again/)
    },
  )
  await keepPicture(page, 'replay-return')
})

test('it plays at a chosen speed and pauses; scrubbing moves picture and charts', { skip }, async (context) => {
  const page = await inThePast(context)
  await page.getByRole('radio', { name: '1/40' }).check({ force: true })
  const start = await seen(page)
  await page.getByRole('button', { name: 'Play' }).click()
  const played = await eventually(
    'it has moved on by less than a second',
    () => seen(page),
    (now) => assert.ok(now.beforeMs < start.beforeMs),
  )
  assert.ok(start.beforeMs - played.beforeMs < 1000, 'forty times slower than it was')
  await page.keyboard.press('Escape')
  await eventually(
    'the present is shown',
    () => seen(page),
    ({ past, badge }) => assert.deepEqual([past, badge], [false, 'live, 10 Hz']),
  )
  await page.keyboard.press('s')
  const again = await eventually(
    'the past is shown again, and stands still, with a cursor in the charts',
    () => seen(page),
    ({ past, cursor }) => assert.ok(past && cursor > 0, `${cursor}`),
  )
  await page.locator('.past input[type="range"]').fill('4000')
  const scrubbed = await eventually(
    'another moment is shown',
    () => seen(page),
    (now) => assert.equal(Math.round(now.beforeMs / 1000), 26),
  )
  assert.ok(scrubbed.cursor < again.cursor, 'the cursor of the charts goes along')
})

test('the large view of the past is of the past too', { skip }, async (context) => {
  const page = await inThePast(context)
  const sequence = (): Promise<unknown> => page.evaluate('document.documentElement.dataset.sequence')
  const before = await sequence()
  const pressed = latest
  await page.getByRole('button', { name: 'Present' }).click()
  await eventually(
    'states have come meanwhile',
    () => latest,
    (now) => assert.ok(now > pressed + 5),
  )
  assert.equal(await sequence(), before)
  assert.equal(await page.locator('#present').isVisible(), true)
})

test('the past takes no orders and says that it is the past; the present goes on and is there when one comes back', {
  skip,
}, async (context) => {
  const page = await inThePast(context)
  const orders = board.orders.length
  await page.locator('.process-switch').nth(1).dispatchEvent('click')
  assert.equal(await page.locator('#panel').evaluate((panel) => panel.matches('[inert]')), true)
  assert.match((await page.locator('.past').textContent()) ?? '', /^The past−/)
  const pressed = latest
  await eventually(
    'states have come meanwhile',
    () => latest,
    (now) => assert.ok(now > pressed + 10),
  )
  await page.getByRole('button', { name: 'Back to live' }).click()
  await eventually(
    'the present is shown',
    () => page.locator('html').getAttribute('data-sequence'),
    (sequence) => assert.ok(Number(sequence) > pressed),
  )
  assert.equal(await page.locator('#panel').evaluate((panel) => panel.matches('[inert]')), false)
  assert.equal(board.orders.length, orders)
})

test('without samples the states are the moments, and it is said', { skip }, async (context) => {
  const plain = await stagedBoard()
  context.after(() => plain[Symbol.asyncDispose]())
  const page = await open(context, browser, plain.url)
  await page.getByRole('button', { name: 'Slow motion' }).click()
  await eventually(
    'the past is shown',
    () => page.locator('.past-resolution').textContent(),
    (words) =>
      assert.match(words ?? '', /^States every 100 ms.*; between them nothing is known\. No samples are kept here\.$/),
  )
})
