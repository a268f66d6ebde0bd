/** Reports of real runs, in a real browser: what a reader sees, and what is left of a run that was cut off. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { eventually } from '#common/waiting.ts'
import { JOURNAL, readJournal } from '#lab/experiment/journal.ts'
import type { Verdict } from '#lab/experiment/verdict.ts'
import { factsPage } from '#report/facts.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { assertReadable, looks, violations } from './support/readable.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')
const spillway = new URL('../bin/spillway', import.meta.url).pathname

const out = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-report-'))
const folder = path.join(out, 'small-backlog')
const url = (...parts: string[]): string => pathToFileURL(path.join(...parts)).href
const verdictOf = (run: string): Verdict => JSON.parse(fs.readFileSync(path.join(run, 'verdict.json'), 'utf8'))

let browser: Browser

before(async () => {
  const { stderr } = spawnSync(spillway, ['run', 'small-backlog', 'backlog-clamp', '--out', out], { encoding: 'utf8' })
  assert.ok(fs.existsSync(path.join(folder, 'report.html')), stderr)
  if (skip === false) browser = await launch()
})

after(async () => {
  await browser?.close()
  fs.rmSync(out, { recursive: true, force: true })
})

test('a run leaves a report that shows every expectation and fetches nothing', { skip }, async (context) => {
  const page = await open(context, browser, url(folder, 'report.html'))
  const requests: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  await page.reload()
  assert.deepEqual(requests, [url(folder, 'report.html')])
  const { expectations, status, teaches } = verdictOf(folder)
  assert.ok(expectations.length >= 3)
  for (const { sentence } of expectations)
    assert.ok(await page.locator('.expectations th', { hasText: sentence }).first().isVisible(), sentence)
  assert.ok(await page.getByText(teaches).isVisible())
  assert.match(await page.locator('.masthead .badge').innerText(), new RegExp(status))
  assert.ok(fs.statSync(path.join(folder, 'report.html')).size < 500_000)
})

test('a fact that an experiment cites can be opened within its report', { skip }, async (context) => {
  const page = await open(context, browser, url(folder, 'report.html'))
  await page.locator('.sources').getByRole('link', { name: 'Accept queue limit' }).click()
  const heading = page.getByRole('heading', { name: 'Accept queue limit' })
  assert.ok(await heading.isVisible())
  const box = await heading.boundingBox()
  assert.ok(box !== null && box.y >= 0 && box.y < 900, 'it is where one looks')
  assert.ok(await page.getByText('sk_acceptq_is_full()').first().isVisible())
})

for (const look of looks)
  test(`all facts together, any of which a report may carry, can be read: ${look[0]}`, { skip }, async (context) => {
    fs.writeFileSync(path.join(out, 'facts.html'), factsPage() ?? '')
    const page = await open(context, browser, url(out, 'facts.html'))
    assert.ok((await page.locator('.fact h3').count()) > 50)
    await assertReadable(page, look)
  })

test('every plot over time has the phases, and a queue its limit', { skip }, async (context) => {
  const page = await open(context, browser, url(folder, 'report.html'))
  for (const plot of await page.locator('svg.plot[data-x=time]').all()) {
    assert.ok((await plot.locator('.phase').count()) > 0, (await plot.getAttribute('aria-label')) ?? '')
    assert.notEqual((await plot.locator('desc').textContent())?.trim(), '')
  }
  const queue = page.locator('section.measure', { hasText: 'Accept queue' }).first()
  for (const { name } of verdictOf(folder).cases[0]?.phases ?? [])
    assert.ok(await queue.locator('.phase-names.wide text', { hasText: name }).first().isVisible(), name)
  assert.ok(await queue.getByText('full: 8 + 1').isVisible())
})

test('where the pointer is, a plot is read out', { skip }, async (context) => {
  const page = await open(context, browser, url(folder, 'report.html'))
  const figure = page.locator('figure').first()
  await figure.locator('svg.plot').scrollIntoViewIfNeeded()
  const box = await figure.locator('svg.drawing').boundingBox()
  assert.ok(box !== null)
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  assert.match(await figure.locator('.read-out').innerText(), /^\S+ · \d+\.\d\d s · length \d+$/)
  await page.mouse.move(1, 1)
  assert.equal(await figure.locator('.read-out').textContent(), '')
})

for (const look of looks)
  test(`a report can be read: ${look[0]}`, { skip }, async (context) => {
    const page = await open(context, browser, url(folder, 'report.html'))
    await assertReadable(page, look)
    await keepPicture(page, `report-${look[0]}`, true)
  })

test('without scripts a report is whole', { skip }, async (context) => {
  const page = await browser.newPage({ javaScriptEnabled: false })
  context.after(() => page.close())
  await page.goto(url(folder, 'report.html'))
  assert.ok((await page.locator('svg.plot path.line').count()) > 3)
  assert.ok(await page.locator('.expectations').isVisible())
})

test('several experiments have a page that leads to their reports', { skip }, async (context) => {
  const page = await open(context, browser, url(out, 'index.html'))
  assert.equal(await page.locator('table.card tbody tr').count(), 2)
  assert.deepEqual(await violations(page), [])
  await keepPicture(page, 'report-card', true)
  await page.getByRole('link', { name: 'small-backlog' }).click()
  assert.equal(await page.locator('h1').innerText(), 'small-backlog')
})

test('several runs are shown side by side', { skip }, async (context) => {
  const again = path.join(out, 'again', 'small-backlog')
  fs.cpSync(folder, again, { recursive: true, preserveTimestamps: true })
  const file = path.join(out, 'side-by-side.html')
  const { stdout, status } = spawnSync(spillway, ['report', folder, path.dirname(again), '--out', file], {
    encoding: 'utf8',
  })
  assert.deepEqual([status, stdout], [0, `${file}\n`])
  const page = await open(context, browser, pathToFileURL(file).href)
  assert.equal(await page.locator('.side-by-side thead th').count(), 4)
  const { expectations } = verdictOf(folder)
  assert.equal(await page.locator('.side-by-side tbody tr').count(), expectations.length)
  assert.equal(await page.locator('section.measure', { hasText: 'Accept queue' }).first().locator('figure').count(), 2)
  assert.deepEqual(await violations(page), [])
  await keepPicture(page, 'report-side-by-side', true)
})

test('a run that was cut off is shown up to its last second', { skip }, async (context) => {
  const cut = path.join(out, 'cut')
  const child = spawn(spillway, ['run', 'small-backlog', '--out', cut], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const run = path.join(cut, 'small-backlog')
  const journal = path.join(run, JOURNAL)
  await eventually(
    'the journal holds the full queue',
    () => (fs.existsSync(journal) ? readJournal(journal) : []),
    // Seen a while ago: the last line, which is cut, holds what came after.
    ([recording]) => assert.ok(recording?.listeners.length.slice(0, -30).includes(9)),
  )
  child.kill('SIGKILL')
  await ended
  // Cut within a line, as a full disk would.
  fs.truncateSync(journal, fs.statSync(journal).size - 5)
  const [recording] = readJournal(journal)
  const { stdout } = spawnSync(spillway, ['report', run, '--json'], { encoding: 'utf8' })
  const { report, runs } = JSON.parse(stdout)
  assert.equal(report, path.join(run, 'report.html'))
  assert.equal(runs[0].status, 'not judged')
  const verdict = verdictOf(run)
  assert.match(
    verdict.reason ?? '',
    new RegExp(`the run was cut off (in|after) phase ${recording?.phases.at(-1)?.name}`),
  )
  for (const table of ['accept_queue', 'connections']) assert.ok(fs.existsSync(path.join(run, `${table}.parquet`)))
  const page = await open(context, browser, pathToFileURL(report).href)
  assert.ok(await page.locator('.masthead').getByText('The run was cut off').isVisible())
  assert.ok(await page.getByText('peak 9 (sampled), full at 9').isVisible())
  await keepPicture(page, 'report-cut-off', true)
})

for (const [what, make, complaint] of [
  ['no folder', () => {}, /There is no folder .*nothing/],
  ['a folder without a run', (target: string) => fs.mkdirSync(target), /There is no run in .*nothing/],
  [
    'a damaged run',
    (target: string) => {
      fs.cpSync(folder, target, { recursive: true })
      fs.truncateSync(path.join(target, 'accept_queue.parquet'), 100)
    },
    /The run in .*nothing is damaged/,
  ],
] as [string, (target: string) => void, RegExp][])
  test(`${what} is refused with what is wrong and what to do`, (context) => {
    const target = path.join(out, 'nothing')
    context.after(() => fs.rmSync(target, { recursive: true, force: true }))
    make(target)
    const { status, stdout, stderr } = spawnSync(spillway, ['report', target], { encoding: 'utf8' })
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, complaint)
    assert.equal(stderr.trim().split('\n').length, 2, stderr)
  })
