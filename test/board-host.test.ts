/** The board of any host: real commands before real listeners, in a real browser. */
import assert from 'node:assert/strict'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { eventually } from '#common/waiting.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { CheckHost, CLIENTS, run, spillway } from './support/check-host.ts'
import { relayTo, socketFolder, topOnTheWeb } from './support/host-boards.ts'
import { skipWithout } from './support/tools.ts'

const skip =
  ['chromium', 'unshare', 'nsenter', 'ss', 'curl'].map(skipWithout).find((reason) => reason !== false) ?? false

let browser: Browser | undefined
test.before(async () => {
  if (skip === false) browser = await launch()
})
test.after(() => browser?.close())

const hostFor = async (context: TestContext): Promise<CheckHost> => {
  const host = await CheckHost.start()
  context.after(() => host[Symbol.asyncDispose]())
  return host
}

const opened = (context: TestContext, url: string): Promise<Page> => {
  assert.ok(browser)
  return open(context, browser, url)
}

const reads = (page: Page, selector: string, words: RegExp): Promise<string> =>
  eventually(
    `${selector} says ${words}`,
    async () => (await page.locator(selector).allTextContents()).join(' | '),
    (text) => assert.match(text, words),
    { withinMs: 60_000 },
  )

const choose = (page: Page, text: string): Promise<void> => page.locator('.place', { hasText: text }).first().click()

const UNIX_SERVER = `
const [path, backlog] = process.argv.slice(1)
require('node:net').createServer().listen({ path, backlog: Number(backlog) }, () =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))`

test('a full UNIX listener is drawn without what only a port has, and without an age that nobody knows', {
  skip,
}, async (context) => {
  const host = await hostFor(context)
  const socket = path.join(socketFolder(context), 'app.sock')
  host.start(process.execPath, ['-e', UNIX_SERVER, socket, '8'])
  await eventually('it listens', async () => (await host.run('ss', ['-Hlx'])).stdout.includes(socket))
  host.start(process.execPath, ['-e', CLIENTS, socket, '12'])
  const page = await opened(context, await topOnTheWeb(context, host))
  await reads(page, '.places', /app\.sock.*9.*of 9.*full/s)
  await choose(page, 'app.sock')
  await reads(page, '#chosen-place', /app\.sock/)
  await reads(page, '.lane .length', /^9$/)
  assert.equal(await page.locator('.grid, .gauge, .band').count(), 0)
  assert.doesNotMatch(String(await page.locator('.picture').textContent()), /SYN|oldest/)
  await reads(page, '.about', /counts nothing/)
  assert.equal(await page.locator('.chart').count(), 1)
  await page.getByRole('tab', { name: 'Plan' }).click()
  await reads(page, '.planned', /UNIX sockets: there is nothing to plan from/)
  await keepPicture(page, 'host-unix')
})

test('it only shows: whatever could change something is refused, and another site cannot read it', {
  skip,
}, async (context) => {
  const host = await hostFor(context)
  const socket = path.join(socketFolder(context), 'board')
  host.start(spillway, ['top', `--web=unix:${socket}`])
  const url = await relayTo(context, socket)
  await eventually('it answers', async () => (await fetch(`${url}/health`)).ok)
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
    for (const place of ['/switches', '/', '/events', '/plan']) {
      const answer = await fetch(`${url}${place}`, { method })
      assert.equal(answer.status, 403, `${method} ${place}`)
      assert.match(String(await answer.text()), /only shows: nothing can be ordered/)
    }
  const elsewhere = await run('curl', ['-s', '-w', '%{http_code}', '-H', 'Host: evil.example', `${url}/history`])
  assert.match(elsewhere.stdout, /not by this host name.*403$/s)
  const framed = await fetch(`${url}/plan`, { headers: { 'sec-fetch-site': 'cross-site' } })
  assert.equal(framed.status, 403)
  assert.equal((await fetch(`${url}/events?queue=${'x'.repeat(1001)}`)).status, 400)
  assert.match(await (await fetch(`${url}/plan?queue=nowhere`)).text(), /Nothing listens here/)
})
