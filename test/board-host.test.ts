/** The board of any host: real commands before real listeners, in a real browser. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { eventually } from '#common/waiting.ts'
import { screens } from './support/board-looks.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { CheckHost, CLIENTS, NODE_SERVER, run, spillway } from './support/check-host.ts'
import { exporterIn, relayTo, socketFolder, topOnTheWeb } from './support/host-boards.ts'
import { violations } from './support/readable.ts'
import { skipWithout } from './support/tools.ts'

const skip =
  ['chromium', 'unshare', 'nsenter', 'ss', 'curl', 'python3'].map(skipWithout).find((reason) => reason !== false) ??
  false

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

/** Three sockets at one port, as three processes have them; one of them never accepts. */
const SHARD = `
import socket, sys, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
s.bind(('127.0.0.1', 8443))
s.listen(15)
kept = []
while sys.argv[1] == 'stuck':
    time.sleep(1)
while True:
    kept.append(s.accept()[0])
`

const UNIX_SERVER = `
const [path, backlog] = process.argv.slice(1)
require('node:net').createServer().listen({ path, backlog: Number(backlog) }, () =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))`

test('one full shard of three is the first to be seen, with who does not accept, why, and what to do', {
  skip,
}, async (context) => {
  const host = await hostFor(context)
  for (const how of ['accepts', 'stuck', 'accepts']) host.start('python3', ['-c', SHARD, how])
  host.start(process.execPath, ['-e', NODE_SERVER, '8081', '511'])
  await host.listens(8443, 3)
  await host.listens(8081)
  host.start(process.execPath, ['-e', CLIENTS, '8443', '120'])
  const page = await opened(context, await topOnTheWeb(context, host))
  // Nobody has chosen: the worst one is drawn.
  await reads(page, '#chosen-place', /127\.0\.0\.1:8443/)
  await reads(page, '.lane .length', /\b16\b/)
  assert.equal(await page.locator('.lane').count(), 3)
  assert.equal(await page.locator('.lane.full').count(), 1)
  await reads(page, '.lane.full .holder', /does not accept/)
  await reads(page, '.lane:not(.full) .holder', /watches it.*watches it/s)
  await reads(page, '.places li:first-child', /python3 ×3.*1 of 3 full/s)
  await reads(page, '#words', /8443.*Shard \d of 3 stands still/s)
  await reads(page, '.about', /16 fit in each: backlog 15/)
  await reads(page, '.about', /16 of 48: 1 of 3 full/)
  await reads(page, '.about', /\d+ accepted; none waits to be read/)
  await reads(page, '.chart .readout', /100 %/)
  await page.getByRole('tab', { name: 'Findings' }).click()
  await reads(page, '.found.critical', /8443/)
  await page.getByRole('tab', { name: 'Plan' }).click()
  await reads(page, '.planned .advice', /shard \d of 3: 16 of 16 wait.*No backlog is the cure/s)
  assert.equal(await page.locator('.planned button.small:visible').count(), 0)
  await keepPicture(page, 'host-full-shard')

  // Another one is chosen by the keyboard, and stays chosen when the page is loaded anew.
  await page.keyboard.press('Escape')
  await page.locator('.place', { hasText: '8081' }).first().focus()
  await page.keyboard.press('Enter')
  await reads(page, '#chosen-place', /8081/)
  await page.reload()
  await reads(page, '#chosen-place', /8081/)
})

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

/** A listener of MPTCP that never accepts. */
const MPTCP = `
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
s.bind(('127.0.0.1', 8262))
s.listen(5)
time.sleep(1000)
`

test('a listener of MPTCP says so in its tile, as the chosen queue, and in what is found', {
  skip,
}, async (context) => {
  const host = await hostFor(context)
  const server = host.start('python3', ['-c', MPTCP])
  await eventually('it listens, or there is no MPTCP', async () => {
    if (server.exitCode !== null) return true
    return (await host.run('ss', ['-Hltn'])).stdout.includes(':8262 ')
  })
  if (server.exitCode !== null) return context.skip('this kernel has no MPTCP')
  host.start(process.execPath, ['-e', CLIENTS, '8262', '12'])
  const page = await opened(context, await topOnTheWeb(context, host))
  await reads(page, '#chosen-place', /mptcp 127\.0\.0\.1:8262/)
  const tile = page.locator('.place', { hasText: ':8262' })
  assert.equal(await tile.locator('.place-within').textContent(), 'mptcp')
  assert.deepEqual(
    await page.evaluate(
      `[...document.querySelectorAll('.place-within')].filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.textContent)`,
    ),
    [],
    'it is not cut',
  )
  await page.getByRole('tab', { name: 'Findings' }).click()
  await reads(page, '.found.critical .found-head', /mptcp 127\.0\.0\.1:8262/)
  await keepPicture(page, 'host-mptcp')
})

const MANY = `
const [count] = process.argv.slice(1)
for (let i = 0; i < Number(count); i++)
  require('node:net').createServer().listen({ port: 20000 + i, host: '127.0.0.1', backlog: 32 })`

test('of 230 queues the 200 worst are tanks, what is left out is said, and a filter finds it', {
  skip,
}, async (context) => {
  const host = await hostFor(context)
  host.start(process.execPath, ['-e', MANY, '230'])
  host.start(process.execPath, ['-e', NODE_SERVER, '29000', '9', 'sleep'])
  await host.listens(20_229)
  await host.listens(29_000)
  host.start(process.execPath, ['-e', CLIENTS, '29000', '12'])
  const page = await opened(context, await topOnTheWeb(context, host))
  await reads(page, '.places li:first-child', /:29000.*10.*of 10.*full/s)
  assert.equal(await page.locator('.place').count(), 200)
  await reads(page, '.overview-words', /1 full · the \d+ emptiest are left out, all of them empty/)
  await page.keyboard.press('o')
  await eventually('all are shown', () => page.locator('.place').nth(199).isVisible())
  assert.equal(await page.locator('#stage').isVisible(), false)
  await keepPicture(page, 'host-200')
  assert.deepEqual(await violations(page), [])
  // The last by its port is among those that are left out.
  assert.equal(await page.locator('.place', { hasText: ':20229' }).count(), 0)
  await page.keyboard.press('/')
  await page.keyboard.type('node :20229')
  await reads(page, '.places', /:20229/)
  await eventually(
    'only that is shown',
    () => page.locator('.place').count(),
    (count) => count === 1,
  )
  await reads(page, '.overview-words', /1 of 23\d queues/)
  await choose(page, ':20229')
  await reads(page, '#chosen-place', /:20229/)
})

test('while the exporter is away the page says how old it is, and goes on when it returns', {
  skip,
}, async (context) => {
  const host = await hostFor(context)
  const socket = path.join(socketFolder(context), 'exporter')
  host.start(process.execPath, ['-e', NODE_SERVER, '8080', '9', 'sleep'])
  await host.listens(8080)
  host.start(process.execPath, ['-e', CLIENTS, '8080', '12'])
  const first = await exporterIn(host, socket)
  const board = spawn(spillway, ['board', '--exporter', `unix:${socket}`, '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  context.after(() => board.kill('SIGKILL'))
  let said = ''
  board.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [, url = ''] = await eventually(
    'the board is served',
    () => /Board at (http\S+)/.exec(said) ?? undefined,
    (match) => match !== undefined,
  )
  const page = await opened(context, url)
  await reads(page, '.lane .length', /^10$/)
  await reads(page, '#live', /live, \d+ Hz/)
  await reads(page, '.about', /it does not wait|none of them waits|it watches|who accepts/)
  await page.getByRole('tab', { name: 'Findings' }).click()
  await reads(page, '.found.critical', /8080.*10 of 10/s)

  assert.ok(first.pid)
  process.kill(-first.pid, 'SIGKILL')
  await reads(page, '#live', /no reading for .*: the picture is old/)
  await reads(page, '#words', /The exporter at unix:.* does not answer.* old; the board asks again/)
  assert.equal(await page.locator('.lane .length').textContent(), '10')
  // Whoever comes meanwhile is told the same.
  const late = await opened(context, url)
  await reads(late, '#words', /does not answer/)
  const { status } = await fetch(`${url}/health`)
  assert.equal(status, 503)
  await keepPicture(page, 'host-exporter-away')

  await exporterIn(host, socket)
  await reads(page, '#live', /live, \d+ Hz/)
  await reads(page, '.lane .length', /^10$/)
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

test('on a phone, a laptop and a screen on a wall, in light and dark, nothing sticks out and axe finds nothing', {
  skip,
}, async (context) => {
  const host = await hostFor(context)
  host.start(process.execPath, ['-e', NODE_SERVER, '8080', '64', 'sleep'])
  host.start(process.execPath, ['-e', MANY, '30'])
  await host.listens(8080)
  await host.listens(20_029)
  host.start(process.execPath, ['-e', CLIENTS, '8080', '80'])
  const page = await opened(context, await topOnTheWeb(context, host))
  await reads(page, '.lane .length', /^65$/)
  await reads(page, '#words', /65 of 65/)
  for (const colorScheme of ['light', 'dark'] as const)
    for (const screen of screens) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize(screen)
      for (const tab of ['This queue', 'Findings', 'Plan']) {
        await page.getByRole('tab', { name: tab }).click()
        const where = `${screen.width} ${colorScheme} ${tab}`
        assert.deepEqual(await violations(page), [], where)
        const width = await page.evaluate('document.documentElement.scrollWidth')
        assert.ok(Number(width) <= screen.width, `${where}: ${width}`)
      }
      await page.getByRole('tab', { name: 'This queue' }).click()
      await keepPicture(page, `host-${screen.width}-${colorScheme}`, screen.width === 400)
    }
})
