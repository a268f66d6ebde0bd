/** Pictures of the live board before a real lab: what is done to the lab, and what must be seen before it is taken. */
import path from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { eventually } from '#common/waiting.ts'
import { Loads } from '#live/loads.ts'
import { observe } from '#live/observer.ts'
import { showBoard } from '../../cli/board/shown.ts'
import { Lab } from '../../lab/lab.ts'
import { namespaces } from '../../lab/namespaces/driver.ts'
import { findProgram } from '../../test/support/tools.ts'

interface BoardPicture {
  /** Below docs/. */
  file: string
  backends: { backlog: number }[]
  /** Provokes what is to be seen, and waits until it is. */
  play(lab: Lab, loads: Loads, page: Page): Promise<void>
  /** What of the page is taken: all of it if nothing is said. */
  of?: string
  /** Of the address: `#present=2`. */
  where?: string
}

const three = (backlog: number): { backlog: number }[] => Array.from({ length: 3 }, () => ({ backlog }))

/** Waits for words in the page. */
async function seen(page: Page, what: string, selector: string, words: RegExp): Promise<void> {
  const read = async (): Promise<string> => (await page.locator(selector).allTextContents()).join(' ')
  await eventually(
    what,
    read,
    (text) => {
      if (!words.test(text)) throw new Error(`${selector} says ${text}`)
    },
    { withinMs: 60_000 },
  )
}

/** A line's worth of the present trouble is in the charts, too. */
const SECONDS = 3

const spilled = (page: Page): Promise<void> =>
  seen(page, 'a queue spills', '.dropped tspan:first-child, .present-figures .dropped b', /[1-9]\d/)

export const boardPictures: Record<string, BoardPicture> = {
  board: {
    file: 'board.png',
    backends: three(128),
    async play(lab, loads, page) {
      await loads.start('gentle', 600)
      await loads.start('slow-read', 20)
      await loads.start('half-open', 30)
      await seen(page, 'half-open requests are there', '.stage-number', /[1-9]\d/)
      await lab.backend(2).stall()
      await spilled(page)
    },
  },
  spilling: {
    file: 'pictures/spilling.png',
    backends: [{ backlog: 32 }],
    of: '#stage',
    async play(lab, loads, page) {
      await lab.backend(1).set({ acceptDelayMs: 20 })
      await loads.start('gentle', 200)
      await spilled(page)
    },
  },
  stalled: {
    file: 'pictures/stalled-shard.png',
    backends: three(64),
    of: '#stage',
    async play(lab, loads, page) {
      await loads.start('gentle', 300)
      await lab.backend(2).stall()
      await spilled(page)
    },
  },
  dead: {
    file: 'pictures/dead-connections.png',
    backends: [{ backlog: 31 }],
    of: '#stage',
    async play(lab, _loads, page) {
      await lab.backend(1).stall()
      await lab.clients.start({ kind: 'connections', arrivals: { shape: 'burst', connections: 32 }, timeoutMs: 1000 })
      await seen(page, 'the queue is full', '.lane .length', /^32$/)
      // Its clients give up after a second.
      await eventually(
        'all of its clients have given up',
        async () => (await lab.clients.reports()).every(({ state }) => state !== 'running'),
        (over) => {
          if (!over) throw new Error('some still wait')
        },
      )
    },
  },
  'half-open': {
    file: 'pictures/half-open.png',
    backends: [{ backlog: 128 }],
    of: '#stage',
    async play(_lab, loads, page) {
      await loads.start('gentle', 100)
      await loads.start('half-open', 400)
      await seen(page, 'cookies are sent', '.grid-note', /cookies/)
    },
  },
  present: {
    file: 'pictures/present.png',
    backends: three(128),
    where: '#present=2',
    async play(lab, loads, page) {
      await loads.start('gentle', 600)
      await lab.backend(2).stall()
      await spilled(page)
    },
  },
}

/** Takes those of them that are wanted, one lab after the other. */
export async function takeBoardPictures(docs: string, wanted: readonly string[]): Promise<void> {
  const pictures = Object.entries(boardPictures).filter(([name]) => wanted.includes(name))
  if (pictures.length === 0) return
  const executablePath = findProgram('chromium')
  if (executablePath === undefined) throw new Error('chromium is not on the PATH')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    for (const [, picture] of pictures) await take(browser, docs, picture)
  } finally {
    await browser.close()
  }
}

async function take(
  browser: Browser,
  docs: string,
  { file, backends, play, of, where = '' }: BoardPicture,
): Promise<void> {
  const over = new AbortController()
  await using lab = await Lab.start({ backends, connectionsIntervalMs: 250 })
  await using board = await showBoard({ host: '127.0.0.1', port: 0 }, namespaces)
  const loads = new Loads(lab)
  board.begin({ lab, loads }, observe(lab, over.signal))
  try {
    const page = await browser.newPage({
      viewport: { width: 1280, height: 800 },
      deviceScaleFactor: 1.5,
      colorScheme: 'light',
    })
    page.setDefaultTimeout(180_000)
    await page.goto(`${board.url}/${where}`)
    await page.locator('.lane').first().waitFor({ state: 'attached' })
    if (where === '') await page.getByRole('button', { name: '30 s' }).click()
    await play(lab, loads, page)
    await page.waitForTimeout(SECONDS * 1000)
    const target = path.join(docs, file)
    if (of === undefined) await page.screenshot({ path: target })
    else await page.locator(of).screenshot({ path: target })
    await page.close()
  } finally {
    over.abort()
  }
}
