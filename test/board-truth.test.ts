/** What the board says of numbers that are old, bounded or not known, and of who has hung up: staged, in a real browser. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { eventually } from '#common/waiting.ts'
import type { LiveState } from '#live/state.ts'
import { shardOf, stateOf } from '#live/testing/state.ts'
import { keepPicture, launch } from './support/browser.ts'
import { type StagedBoard, stagedBoard } from './support/staged-board.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')
const { ages } = stateOf()
/** What the board is sent: one page for all tests, since loading one takes long on a busy machine. */
let staged: Partial<LiveState> = {}
let board: StagedBoard
let browser: Browser
let page: Page
const complaints: string[] = []

before(async () => {
  if (skip !== false) return
  board = await stagedBoard(() => staged)
  browser = await launch()
  page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message))
  await page.goto(board.url, { timeout: 0 })
})
after(async () => {
  await browser?.close()
  await board?.[Symbol.asyncDispose]()
  assert.deepEqual(complaints, [], 'the page has complained')
})

interface Shown {
  head: string
  words: string
  /** Of the picture, by shard. */
  lengths: string[]
  waits: string[]
  hungUp: string[]
  dead: string[]
  ages: string[]
  table: string
  summary: string
}

const shown = (): Promise<Shown> =>
  page.evaluate(`(() => {
    const all = (selector) => [...document.querySelectorAll(selector)]
    const text = (selector) => all(selector).map((element) => element.textContent)
    return {
      head: text('#live').join().trim(),
      words: text('#words').join().trim(),
      lengths: text('.lane .length'),
      waits: text('.lane .age:not(.hung-up)'),
      hungUp: text('.lane .hung-up'),
      dead: all('.lane .dead').map((element) => element.getAttribute('d') ?? ''),
      ages: text('.stage-age').filter((words) => words !== ''),
      table: text('.unseen').join(),
      summary: text('.summary').join(),
    }
  })()`)

/** Sends the page such states, and waits until it shows them. */
function sees(changes: Partial<LiveState>, what: string, check: (seen: Shown) => void): Promise<unknown> {
  staged = changes
  return eventually(what, shown, check)
}

test('while all is fresh no age is shown', { skip }, async () => {
  await sees({}, 'the page is live', ({ head, words, ages }) => {
    assert.equal(head, 'live, 10 Hz')
    assert.match(words, /^All is calm/)
    assert.deepEqual(ages, [])
  })
})

test('an old reading is told in the head and beside its number, and nothing is called calm', {
  skip,
}, async () => {
  await sees(
    { ages: { ...ages, connections: 1400, backends: 900 }, calm: undefined },
    'the ages are shown',
    ({ head, words, ages, table }) => {
      assert.equal(head, 'live, 10 Hz, connections up to 1.4 s old')
      assert.deepEqual(ages, ['up to 900 ms old', 'up to 1.4 s old'])
      assert.equal(words, '')
      assert.match(table, /connections up to 1\.4 s old/)
    },
  )
})

test('a bounded wait is told as a bound, and a queue that was not read is neither closed nor empty', {
  skip,
}, async () => {
  await sees(
    {
      calm: undefined,
      shards: [
        shardOf(1, { length: 5, oldestWait: { leastMs: 3400, mostMs: 3500 } }),
        shardOf(2, { length: 5, oldestWait: undefined }),
        shardOf(3, { state: 'unread' }),
      ],
    },
    'the waits are shown',
    ({ waits, lengths, words }) => {
      assert.deepEqual(waits, ['oldest ≤ 3.5 s', 'oldest –', ''])
      assert.deepEqual(lengths, ['5', '5', 'not read'])
      assert.equal(words, '')
    },
  )
})

/** How high a path from its top to the bottom of the tank stands. */
const heightOf = (path: string): number => {
  const [, top, bottom] = /^M\S+ (\S+)h\S+V(\S+)h/.exec(path) ?? []
  return top === undefined ? 0 : Number(bottom) - Number(top)
}

test('who has hung up is drawn apart, as high as their share, and counted; in doubt at least so many', {
  skip,
}, async () => {
  await sees(
    {
      shards: [
        shardOf(1, { length: 129, stalled: true, hungUp: { least: 129, most: 129 } }),
        shardOf(2, { length: 129, stalled: true, hungUp: { least: 43, most: 50 } }),
        shardOf(3, { length: 129, stalled: true, hungUp: { least: 0, most: 50 } }),
      ],
    },
    'the dead are drawn',
    ({ dead, hungUp, table }) => {
      const [all = 0, third = 0, none] = dead.map(heightOf)
      assert.ok(all > 0)
      assert.ok(Math.abs(third - all / 3) < 1, `${third} of ${all}`)
      assert.equal(none, 0)
      assert.deepEqual(hungUp, ['129 hung up', '≥ 43 hung up', ''])
      assert.match(table, /43 to 50/)
    },
  )
  await keepPicture(page, 'hung-up')
})

test('a backlog that the kernel has capped is told as asked and as in force', { skip }, async () => {
  await sees({ shards: [shardOf(1, { limit: 4096, backlog: 99_999_999 })] }, 'the cap is told', ({ summary }) =>
    assert.match(summary, /^0 of 4,097 waiting · .* · backlog 99,999,999 asked, 4,096 in force$/),
  )
})
