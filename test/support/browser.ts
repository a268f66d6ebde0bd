/** A real browser for tests, and where they leave what they saw. */
import fs from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { findProgram } from './tools.ts'

/** Chromium without a window. */
export function launch(): Promise<Browser> {
  const executablePath = findProgram('chromium')
  if (executablePath === undefined) throw new Error('chromium is not on the PATH')
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

/** A page that fails its test for whatever goes wrong in it. */
export async function open(context: TestContext, browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
  // On a busy machine a page takes its time.
  page.setDefaultTimeout(180_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message))
  page.on('console', (message) => {
    // The browser itself reports a lost server and a refused order, which tests ask for.
    if (message.type() === 'error' && !/net::ERR_|status of 409/.test(message.text())) complaints.push(message.text())
  })
  context.after(async () => {
    await page.close()
    if (complaints.length > 0) throw new Error(`The page complained: ${complaints.join('\n')}`)
  })
  // On a busy machine a page of fifty modules takes its time; the limit of the test itself holds all the same.
  page.setDefaultTimeout(0)
  await page.goto(url)
  return page
}

/** Where pictures are kept: the folder SPILLWAY_ARTEFACTS, or test/pictures, which git ignores. */
export const pictureFolder = process.env.SPILLWAY_ARTEFACTS ?? fileURLToPath(new URL('../pictures/', import.meta.url))

/** Keeps a picture of the page, or of all that can be scrolled to. */
export async function keepPicture(page: Page, name: string, fullPage = false): Promise<void> {
  fs.mkdirSync(pictureFolder, { recursive: true })
  await page.screenshot({ path: path.join(pictureFolder, `${name}.png`), fullPage })
}
