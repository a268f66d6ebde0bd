/** Who waits in the chosen queue, in order, in a real browser: before listeners of our own, read by a real exporter, and in a lab. */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { showBoard } from '#cli/board/shown.ts'
import { eventually } from '#common/waiting.ts'
import { whyNoBpf } from '#kernel/bpf/listeners.ts'
import { type Client, Listener } from '#kernel/fixtures/sockets.ts'
import * as libc from '#kernel/libc.ts'
import { socketCookie } from '#kernel/listener.ts'
import { steer } from '#kernel/reuseport.ts'
import { PreparedDump, SockDiag, states } from '#kernel/sock-diag.ts'
import { Lab } from '#lab/lab.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { ExporterAddress } from '#live/host/exporter-address.ts'
import { askLineFrom, momentsFrom } from '#live/host/moments.ts'
import { Loads } from '#live/loads.ts'
import { observe } from '#live/observer.ts'
import { startHostBoard } from '#services/board/host-board.ts'
import { startExporter } from '#services/exporter/exporter.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { violations } from './support/readable.ts'
import { skipWithout } from './support/tools.ts'

const noBrowser = skipWithout('chromium')
// No tool that one could install: a host may refuse BPF to everybody.
const skip = noBrowser === false ? (whyNoBpf() ?? false) : noBrowser

let browser: Browser | undefined
test.before(async () => {
  if (noBrowser === false) browser = await launch()
})
test.after(() => browser?.close())

/** The board of an exporter that shows this port alone. */
async function boardOf(context: TestContext, port: number, exact: 'on' | 'off'): Promise<Page> {
  const exporter = await startExporter({
    exact,
    listen: { host: '127.0.0.1', port: 0 },
    selection: { wanted: [{ address: undefined, fromPort: port, toPort: port }], most: 10 },
    log: () => {},
  })
  context.after(() => exporter[Symbol.asyncDispose]())
  const address = ExporterAddress.parse('--exporter', exporter.url)
  const board = await startHostBoard({
    listen: { host: '127.0.0.1', port: 0 },
    option: '--listen',
    source: (signal, onGap) => momentsFrom(address, 250, signal, onGap),
    waiting: askLineFrom(address),
    everyMs: 250,
    startAgain: 'spillway board',
  })
  context.after(() => board[Symbol.asyncDispose]())
  assert.ok(browser)
  const page = await open(context, browser, board.url)
  await page.getByRole('tab', { name: 'Line' }).click()
  return page
}

const rowsOf = (page: Page): Promise<string[][]> =>
  page
    .locator('.line tbody tr')
    .evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent ?? '')))

const says = (page: Page, words: RegExp): Promise<string> =>
  eventually(
    `the page says ${words}`,
    async () => String(await page.locator('.line-tab').textContent()),
    (text) => assert.match(text, words),
  )

/** The source ports of these clients. */
function portsOf(clients: readonly Client[]): number[] {
  const ports = new Map<bigint, number>()
  using diag = new SockDiag()
  diag.dump(new PreparedDump({ family: libc.AF_INET, states: states.connections }), ({ cookie, port }) =>
    ports.set(cookie, port),
  )
  return clients.map(({ fd }) => ports.get(socketCookie(fd)) ?? 0)
}

test('who waits at each shard is listed in order, with age, unread bytes, and who has hung up', {
  skip,
}, async (context) => {
  const first = new Listener({ reusePort: true, backlog: 100 })
  const second = new Listener({ reusePort: true, backlog: 100, port: first.port })
  const clients: Client[] = []
  context.after(() => {
    for (const one of [...clients, first, second]) one[Symbol.dispose]()
  })
  steer(first.fd, { by: 'member', member: 0 })
  for (let client = 0; client < 3; client++) clients.push(first.connect())
  const ports = portsOf(clients)
  clients[1]!.send('x'.repeat(4096))
  // connect() to no address dissolves the connection: an RST.
  libc.connect(clients[2]!.fd, Buffer.alloc(16), 'Hanging up')
  steer(first.fd, { by: 'member', member: 1 })
  for (let client = 0; client < 70; client++) clients.push(first.connect())
  const page = await boardOf(context, first.port, 'on')

  // Of several the longest is meant, and 64 of it are told.
  await says(
    page,
    /Who waits at shard \d, in order.*the first 64 of 70 of 101 \(exact, read by BPF\).*and 6 more behind them/s,
  )
  assert.equal((await rowsOf(page)).length, 64)
  const longest = Number(/shard (\d)/.exec(String(await page.locator('.line-whose').textContent()))?.[1])
  await page.locator(`.lane[data-shard="${3 - longest}"]`).click()
  const rows = await eventually(
    'the other is listed',
    () => rowsOf(page),
    ({ length }) => length === 3,
  )
  assert.deepEqual(
    rows.map(([place, client, , unread, gone]) => [place, client, unread, gone]),
    [
      ['1', `127.0.0.1:${ports[0]}`, '', ''],
      ['2', `127.0.0.1:${ports[1]}`, '4.1 kB', ''],
      ['3', `127.0.0.1:${ports[2]}`, '', 'reset'],
    ],
  )
  for (const [, , wait] of rows) assert.match(wait!, /^[\d.]+ (?:ms|s|min)$/)
  assert.equal(await page.locator('tr.line-dead').count(), 1)
  await keepPicture(page, 'host-who-waits')
  assert.deepEqual(await violations(page), [])

  // Nobody looks at another tab's expense.
  let asked = 0
  page.on('request', (request) => {
    if (request.url().includes('/waiting')) asked++
  })
  await eventually(
    'it asks',
    () => asked,
    (count) => count > 0,
  )
  await page.getByRole('tab', { name: 'Words' }).click()
  await page.waitForTimeout(400)
  asked = 0
  await page.waitForTimeout(1000)
  assert.equal(asked, 0)
})

test('without BPF the list is not there, and the page says why', { skip: noBrowser }, async (context) => {
  const listener = new Listener()
  const client = listener.connect()
  context.after(() => {
    for (const one of [client, listener]) one[Symbol.dispose]()
  })
  const page = await boardOf(context, listener.port, 'off')
  await says(page, /Sampled, without --exact: who waits in which order is not known/)
  assert.equal((await rowsOf(page)).length, 0)
  assert.equal(await page.locator('.line').isVisible(), false)
})

test('in a lab the line of a stalled shard is listed, and its peak is drawn as exact', { skip }, async (context) => {
  const over = new AbortController()
  const lab = await Lab.start({ backends: [{ backlog: 100 }, { backlog: 100 }], exact: 'auto' })
  context.after(() => lab.stop())
  const loads = new Loads(lab)
  const board = await showBoard({ host: '127.0.0.1', port: 0 }, namespaces)
  context.after(() => board[Symbol.asyncDispose]())
  context.after(() => over.abort())
  const inexact = (await lab.snapshot()).sampler.exactFeatures?.waiting
  board.begin({ lab, loads }, observe(lab, over.signal))
  await loads.start('gentle', 100)
  assert.ok(browser)
  const page = await open(context, browser, board.url)
  await page.getByRole('tab', { name: 'Line' }).click()
  await lab.backends[1]!.stall()
  await page.locator('.lane[data-shard="2"]').click()
  if (inexact !== null) {
    await says(page, /Sampled: who waits in which order is not known/)
    return
  }
  const rows = await eventually(
    'some wait',
    () => rowsOf(page),
    ({ length }) => length >= 20,
  )
  assert.deepEqual(
    rows.map(([place]) => place),
    rows.map((_, index) => String(index + 1)),
  )
  for (const [, client] of rows) assert.match(client!, /^198\.18\.0\.3:\d+$/)
  await keepPicture(page, 'lab-who-waits')
  await lab.backends[1]!.release()
  await eventually(
    'the peak of a queue that is empty again is drawn as exact',
    async () => String(await page.locator('.lane[data-shard="2"] .peak-words').textContent()),
    (words) => assert.match(words, /^peak \d+ \(exact\)$/),
  )
  assert.match(String(await page.locator('.lane[data-shard="2"] .peak-line').getAttribute('class')), /exact/)
  await keepPicture(page, 'lab-exact-peak')
})
