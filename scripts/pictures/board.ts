/**
 * Makes docs/board.png, the README's first picture: the live board before a real lab under load, with one stalled backend
 * and slow readers, as it looked after some seconds. `node scripts/board-picture.ts` (needs chromium)
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { Loads } from '#live/loads.ts'
import { observe } from '#live/observer.ts'
import { showBoard } from '../cli/board/shown.ts'
import { Lab } from '../lab/lab.ts'
import { namespaces } from '../lab/namespaces/driver.ts'
import { findProgram } from '../test/support/tools.ts'

const RATE = 600
const picture = fileURLToPath(new URL('../docs/board.png', import.meta.url))

const executablePath = findProgram('chromium')
if (executablePath === undefined) throw new Error('chromium is not on the PATH')

const over = new AbortController()
await using lab = await Lab.start({ connectionsIntervalMs: 250 })
await using board = await showBoard({ host: '127.0.0.1', port: 0 }, namespaces)
const loads = new Loads(lab)
board.begin({ lab, loads }, observe(lab, over.signal))
await loads.start('gentle', RATE)

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 })
  await page.goto(board.url)
  await page.getByRole('button', { name: '30 s' }).click()
  await sleep(12_000)
  await loads.start('slow-read', 20)
  await loads.start('half-open', 30)
  await sleep(4000)
  await lab.backend(2).stall()
  await sleep(3500)
  await page.screenshot({ path: picture })
} finally {
  await browser.close()
  over.abort()
}
