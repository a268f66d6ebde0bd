/** The page of a plan in a real browser: predicted and measured side by side; and one of a real lab, from the command on. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { number } from '#common/quantities.ts'
import type { Answer } from '#planner/answer.ts'
import { planHtml } from '#report/plan.ts'
import { answer, asked, judgement, lengths } from '#report/testing/answers.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { assertReadable, looks } from './support/readable.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')
const spillway = new URL('../bin/spillway', import.meta.url).pathname
const plan = (...words: string[]) => spawnSync(spillway, ['plan', ...words], { encoding: 'utf8' })

const out = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-plan-report-'))
const file = path.join(out, 'plan.html')
const url = pathToFileURL(file).href

let browser: Browser

before(async () => {
  const unsure = judgement({ name: 'a backlog of 40', verdict: 'not judged', reason: 'a stall was off by 30 ms' })
  fs.writeFileSync(file, planHtml(answer([judgement(), { ...unsure, disagreements: [] }]), asked))
  if (skip === false) browser = await launch()
})

after(async () => {
  await browser?.close()
  fs.rmSync(out, { recursive: true, force: true })
})

test('predicted and measured stand in one plot, with a legend and where the queue is full', {
  skip,
}, async (context) => {
  const page = await open(context, browser, url)
  const queue = page.locator('#lab-1 section.measure', { hasText: 'Accept queue' })
  assert.equal(await queue.locator('figure').count(), 2, 'one for each shard')
  const first = queue.locator('figure').first()
  for (const name of ['predicted', 'measured', '95 % from', 'to'])
    assert.equal(await first.locator(`path[data-name="${name}"]`).count(), 1, name)
  const colours: string[] = await page.evaluate(
    "[...document.querySelector('#lab-1 figure').querySelectorAll('path.line')].map((line) => getComputedStyle(line).stroke)",
  )
  assert.equal(new Set(colours).size, 2)
  for (const words of ['predicted up to 10', '95 % of the runs up to 10.5', 'measured up to 11'])
    assert.ok(await first.locator('.entry', { hasText: words }).isVisible(), words)
  assert.ok(await first.getByText('full: 9 + 1').isVisible())
  for (const title of ['Time to connect', 'Accept wait'])
    for (const name of ['predicted', 'measured'])
      assert.ok(
        await page
          .locator('#lab-1 section.measure', { hasText: title })
          .locator(`figure path[data-name="${name}"]`)
          .isVisible(),
      )
})

test('where the pointer is, both curves are read out', { skip }, async (context) => {
  const page = await open(context, browser, url)
  const figure = page.locator('#lab-1 figure').first()
  await figure.locator('svg.plot').scrollIntoViewIfNeeded()
  const box = await figure.locator('svg.drawing').boundingBox()
  assert.ok(box !== null)
  // In the middle of the third piece of ten.
  await page.mouse.move(box.x + box.width * 0.25, box.y + box.height / 2)
  const [from, to, predicted, measured] = [lengths.low, lengths.high, lengths.mean, lengths.measured].map(
    (values) => values[2],
  )
  assert.equal(
    await figure.locator('.read-out').innerText(),
    `stalled · 0.05 s · 95 % from ${from} · to ${to} · measured ${measured} · predicted ${predicted}`,
  )
})

test('the table has every number, and says which of them contradict', { skip }, async (context) => {
  const page = await open(context, browser, url)
  const row = page.locator('#lab-1 .quantities tr', { hasText: 'ListenDrops' })
  const { predicted, measured } = judgement()
  const cells = await row.locator('td').allInnerTexts()
  for (const [at, { estimates }] of [predicted, measured].entries()) {
    const { value, low, high } = estimates.drops!
    assert.equal(cells[at]?.replaceAll(/\s+/g, ' '), `${number(value)} ${number(low)} to ${number(high)}`)
  }
  assert.ok(await row.getByText('contradicts').isVisible())
  assert.equal(await page.locator('#lab-1 .quantities tr.failed').count(), 1)
  assert.equal(await page.locator('#lab-2 .quantities tr.failed').count(), 0)
})

test('a verdict leads to its section, and a setting is taken whole by a click', { skip }, async (context) => {
  const page = await open(context, browser, url)
  await page.locator('.masthead').getByRole('link', { name: 'a backlog of 40' }).click()
  assert.match(page.url(), /#lab-2$/)
  await page.locator('.settings code').nth(1).click()
  assert.equal(await page.evaluate('String(getSelection())'), 'listen 8080 reuseport backlog=9;')
})

test('the page fetches nothing, and is whole without scripts', { skip }, async (context) => {
  const page = await browser.newPage({ javaScriptEnabled: false })
  context.after(() => page.close())
  const requests: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  await page.goto(url)
  assert.deepEqual(requests, [url])
  assert.ok((await page.locator('svg.plot path.line').count()) >= 8)
  assert.ok(await page.locator('.quantities').first().isVisible())
})

for (const look of looks)
  test(`the page can be read: ${look[0]}`, { skip }, async (context) => {
    const page = await open(context, browser, url)
    await assertReadable(page, look)
    await keepPicture(page, `plan-${look[0]}`, true)
  })

test('a plan that a lab has confirmed becomes a page with what the kernel did', { skip }, async (context) => {
  const real = path.join(out, 'real.html')
  const words = ['--rate', '60/s', '--arrivals', 'constant', '--stall', '500ms', '--backlog', '9', '--confirm']
  const { stdout, stderr } = plan(...words, '--json', '--report', real)
  assert.match(stderr, new RegExp(`Report: ${real}\n$`))
  const { question, lab }: Answer = JSON.parse(stdout)
  const page = await open(context, browser, pathToFileURL(real).href)
  assert.equal(await page.locator('h1').innerText(), question)
  assert.equal(await page.locator('.again').innerText(), `spillway plan ${words.join(' ')} --json --report ${real}`)
  const [judged] = lab
  assert.ok(judged !== undefined)
  assert.match(await page.locator('.masthead .badge').innerText(), new RegExp(judged.verdict))
  const peak = Math.max(...judged.queues[0]!.measured.map((length) => length ?? 0))
  const queue = page.locator('#lab-1 section.measure', { hasText: 'Accept queue' })
  assert.ok(await queue.locator('.entry', { hasText: `measured up to ${peak}` }).isVisible())
  assert.match((await queue.locator('desc').textContent()) ?? '', new RegExp(`measured: at most ${peak},`))
  await assertReadable(page, looks[0])
  await keepPicture(page, 'plan-real', true)
})

test('without a lab the page says how to ask one', { skip }, async (context) => {
  const without = path.join(out, 'without.html')
  const { status, stdout } = plan('--rate', '500/s', '--stall', '100ms', '--report', without)
  assert.equal(status, 0)
  assert.match(stdout, /A backlog of \d+/)
  const page = await open(context, browser, pathToFileURL(without).href)
  assert.ok(await page.getByText(`--report ${without} --confirm`).isVisible())
  assert.equal(await page.getByText('Predicted against measured').count(), 0)
})

test('a report that cannot be written is refused before anything is computed', () => {
  // Nothing else about these words could be answered: the file comes first.
  const { status, stdout, stderr } = plan('--report', path.join(out, 'no', 'such', 'x.html'))
  assert.deepEqual([status, stdout], [2, ''])
  assert.match(
    stderr,
    /^spillway: Cannot write .*x\.html: there is no folder .*\nName another file with --report FILE\n$/,
  )
})
