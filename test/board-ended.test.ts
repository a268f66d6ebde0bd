/** A board whose lab has ended, or that is gone itself, in a real browser: nothing old passes for present. */
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { UsageError } from '#common/errors.ts'
import { eventually } from '#common/waiting.ts'
import type { LiveState } from '#live/state.ts'
import { stateOf } from '#live/testing/state.ts'

import { keepPicture, launch, open } from './support/browser.ts'
import { stagedBoard } from './support/staged-board.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')
let browser: Browser

before(async () => {
  if (skip === false) browser = await launch()
})
after(() => browser?.close())

interface Shown {
  badge: string
  words: string
  stale: boolean
  over: boolean
  caption: string
}

const shown = (page: Page): Promise<Shown> =>
  page.evaluate(`(() => {
    const text = (selector) => document.querySelector(selector).textContent.trim()
    const { stale, over } = document.documentElement.dataset
    return { badge: text('#live'), words: text('#words'), stale: stale !== undefined, over: over !== undefined, caption: text('.unseen caption') }
  })()`)

const calm = (page: Page): Promise<Shown> =>
  eventually(
    'the page shows a live lab',
    () => shown(page),
    ({ badge, words, stale }) => {
      assert.equal(badge, 'live, 10 Hz')
      assert.match(words, /^All is calm/)
      assert.equal(stale, false)
    },
  )

/** What the page says in the end; at no moment before that is an old picture called calm or live. */
async function saysInTheEnd(page: Page, expected: Partial<Record<'badge' | 'words', RegExp>>): Promise<void> {
  await eventually(
    'the page says that the lab has ended',
    () => shown(page),
    ({ badge, words, stale, over, caption }) => {
      if (stale) assert.doesNotMatch(`${badge} ${words}`, /calm|live/)
      assert.match(badge, expected.badge ?? /./)
      assert.match(words, expected.words ?? /./)
      assert.deepEqual({ stale, over }, { stale: true, over: true })
      assert.match(caption, /old/)
    },
  )
}

async function staged(context: TestContext): ReturnType<typeof stagedBoard> {
  const board = await stagedBoard()
  context.after(() => board[Symbol.asyncDispose]())
  return board
}

test('when the source ends the page says that the lab has ended and how to start one, also once the board is gone', {
  skip,
}, async (context) => {
  const board = await staged(context)
  const page = await open(context, browser, board.url)
  await calm(page)
  board.end()
  await board.sourceEnded
  const ended = { badge: /^the lab has ended$/, words: /^The lab has ended\. Start one: npm start$/ }
  await saysInTheEnd(page, ended)
  await keepPicture(page, 'ended')
  const late = await open(context, browser, board.url)
  await saysInTheEnd(late, ended)
  assert.equal(await late.locator('.readout').count(), 5)
  assert.equal((await fetch(`${board.url}/health`)).status, 503)

  await page.getByRole('switch', { name: 'Stall backend 2' }).click()
  await eventually(
    'the refusal is said',
    () => page.locator('#panel .told.bad').textContent(),
    (words) => assert.match(words ?? '', /^The lab has ended\. Start one: npm start/),
  )
  assert.deepEqual(board.orders, [])

  await board[Symbol.asyncDispose]()
  await saysInTheEnd(page, ended)
})

test('the reason is said as it was given; an error that is not meant for people is not shown', {
  skip,
}, async (context) => {
  for (const [error, words] of [
    [
      new UsageError('The lab has ended: its first process was killed', 'Look at the kernel log'),
      /^The lab has ended: its first process was killed\. Look at the kernel log\. Start one: npm start$/,
    ],
    [new UsageError('The lab has ended', 'Start one: npm start'), /^The lab has ended\. Start one: npm start$/],
    [new TypeError('fetch failed'), /^The lab has ended\. Start one: npm start$/],
  ] as const) {
    const board = await staged(context)
    const page = await open(context, browser, board.url)
    await calm(page)
    board.end(error)
    await assert.rejects(board.sourceEnded, error)
    await saysInTheEnd(page, { words })
  }
})

test('a board that is gone without a word is named with its address; the page comes back with another start', {
  skip,
}, async (context) => {
  const board = await staged(context)
  const page = await open(context, browser, board.url)
  await calm(page)
  await board[Symbol.asyncDispose]()
  await saysInTheEnd(page, {
    words: new RegExp(`^This page has lost its connection to the board at ${board.url}\\. .*npm start$`),
  })
  await keepPicture(page, 'lost')
  const listen = { host: '127.0.0.1', port: Number(new URL(board.url).port) }
  const second = await stagedBoard(undefined, { listen })
  context.after(() => second[Symbol.asyncDispose]())
  await calm(page)
})

test('samples that stop are called old and not calm, until they come again', {
  skip,
}, async (context) => {
  const board = await staged(context)
  const page = await open(context, browser, board.url)
  await calm(page)
  board.hold()
  await eventually(
    'the page says that its picture is old',
    () => shown(page),
    ({ badge, words, stale, over }) => {
      assert.match(badge, /^no sample for .*: the picture is old$/)
      assert.match(words, /^No new samples are arriving: the picture is old\./)
      assert.deepEqual({ stale, over }, { stale: true, over: false })
    },
  )
  board.goOn()
  await calm(page)
})

test('a page that is open before the lab says that it waits', { skip }, async (context) => {
  const begun = Promise.withResolvers<void>()
  const source = async function* (): AsyncGenerator<LiveState> {
    await begun.promise
    yield stateOf()
  }
  const board = await stagedBoard(undefined, { source: source() })
  context.after(() => {
    begun.resolve()
    return board[Symbol.asyncDispose]()
  })
  const page = await open(context, browser, board.url)
  await eventually(
    'the page says that it waits',
    () => shown(page),
    ({ badge, words, stale }) => {
      assert.equal(badge, 'waiting for the lab')
      assert.equal(words, 'No sample has arrived yet: the lab is starting.')
      assert.equal(stale, false)
    },
  )
})
