/** `spillway try`: the card of a real server, held against what is known of it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import test, { after, before } from 'node:test'
import type { Browser } from 'playwright-core'
import type { Answer } from '#lab/card/card.ts'
import { questions } from '#lab/card/questions.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { gunicorn, nginx, type OwnServerRecipe } from './support/own-servers.ts'
import { skipWithout } from './support/tools.ts'

const spillway = new URL('../bin/spillway', import.meta.url).pathname
const made = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-try-'))
fs.chmodSync(made, 0o755)
let browser: Browser | undefined
before(async () => {
  if (skipWithout('chromium') === false) browser = await launch()
})
after(async () => {
  await browser?.close()
  fs.rmSync(made, { recursive: true, force: true, maxRetries: 5 })
})

interface Tried {
  answers: Answer[]
  card: string
}

async function tried(recipe: OwnServerRecipe, signal: AbortSignal): Promise<Tried> {
  const folder = fs.mkdtempSync(path.join(made, 'server-'))
  fs.chmodSync(folder, 0o755)
  const card = path.join(folder, 'card.html')
  const command = recipe.command(folder)
  const child = spawn(spillway, ['try', '--json', `--report=${card}`, '--', ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  const [out, complaint, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  assert.equal(status, 0, complaint)
  return {
    answers: out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Answer),
    card,
  }
}

/** The numbers of an answer; undefined where a busy machine has kept it from being judged. */
function numbersOf({ answers }: Tried, asks: RegExp): Answer['found'] {
  const answer = answers.find((one) => asks.test(one.asks))
  assert.ok(answer, `${asks} is asked`)
  if (answer.notJudged !== null) assert.match(answer.notJudged, /too busy/, answer.asks)
  return answer.found
}

test('nginx: ten questions, each answered by what was counted or not judged with the reason', {
  skip: skipWithout('nginx'),
}, async (context) => {
  const card = await tried(nginx('backlog=60'), context.signal)
  assert.deepEqual(
    card.answers.map(({ asks }) => asks),
    questions.map(({ asks }) => asks),
  )
  for (const { found, notJudged, how } of card.answers) {
    assert.ok((found === null) !== (notJudged === null), 'judged, or a reason')
    assert.notEqual(how, '')
    assert.doesNotMatch(`${found?.says ?? ''} ${notJudged ?? ''}`, /NaN|undefined|\bat .*\.ts\b/)
  }
  const listens = numbersOf(card, /^What listens/)
  assert.deepEqual([listens?.numbers.sockets, listens?.numbers.limit, listens?.numbers.acceptors], [1, 60, 2])
  const holds = numbersOf(card, /^What does it hold/)
  if (holds !== null) {
    const { held, connected, started, served, gaveUp } = holds.numbers
    assert.equal(held, 61, 'N + 1')
    assert.equal(connected, 61, 'as many clients are connected')
    if (served !== null) assert.equal(Number(served) + Number(gaveUp), started, 'each client has an outcome')
  }
  const silent = numbersOf(card, /silent client/)
  if (silent !== null) assert.equal(silent.numbers.served, 10, 'it serves many connections at a time')
  const ends = numbersOf(card, /reload and a stop/)
  if (ends !== null) assert.equal(ends.numbers.reloadLost, 0, 'nginx keeps its socket when it reloads')

  if (browser === undefined) return
  const page = await open(context, browser, `file://${card.card}`)
  assert.equal(await page.locator('h1').innerText(), 'nginx')
  assert.equal(await page.locator('section').count(), questions.length)
  await keepPicture(page, 'server-card', true)
})

test('gunicorn: a silent client for each worker blocks everybody, which is what a worker of one request at a time does', {
  skip: skipWithout('gunicorn'),
}, async (context) => {
  const card = await tried(gunicorn('-w', '2'), context.signal)
  const silent = numbersOf(card, /silent client/)
  if (silent !== null) {
    assert.deepEqual([silent.numbers.silent, silent.numbers.served], [2, 0])
    assert.match(silent.set ?? '', /timeout/)
  }
  const killed = numbersOf(card, /kill and a restart/)
  if (killed !== null) assert.ok(Number(killed.numbers.awayMs) > 0)
})

test('a server that cannot be started has no card', async () => {
  const child = spawn(spillway, ['try', '--', 'sh', '-c', 'exit 4'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [complaint, [status]] = await Promise.all([text(child.stderr), once(child, 'close')])
  assert.equal(status, 2)
  assert.match(complaint, /spillway: sh ended before it listened \(status 4\)/)
})
