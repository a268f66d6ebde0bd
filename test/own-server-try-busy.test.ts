/** `spillway try` beside sixteen busy processes: each answer is what a calm machine gives, or it is not judged. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import test, { after } from 'node:test'
import type { Answer } from '#lab/card/card.ts'
import { questions } from '#lab/card/questions.ts'
import { busy } from './support/busy.ts'
import { gunicorn, nginx, type OwnServerRecipe } from './support/own-servers.ts'
import { skipWithout } from './support/tools.ts'

const spillway = new URL('../bin/spillway', import.meta.url).pathname
const made = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-try-busy-'))
fs.chmodSync(made, 0o755)
after(() => fs.rmSync(made, { recursive: true, force: true, maxRetries: 5 }))

type Numbers = Record<string, number | string | null>

async function besideBusy(
  recipe: OwnServerRecipe,
  signal: AbortSignal,
): Promise<(asks: RegExp) => Numbers | undefined> {
  using _busy = busy(16)
  const child = spawn(spillway, ['try', '--json', '--', ...recipe.command(made)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  const [out, complaint, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  assert.equal(status, 0, complaint)
  const answers = out
    .trim()
    .split('\n')
    .map((line): Answer => JSON.parse(line))
  assert.equal(answers.length, questions.length)
  for (const { asks, found, notJudged, doesNotApply } of answers)
    assert.ok(found !== null || notJudged || doesNotApply, asks)
  return (asks) => answers.find((one) => asks.test(one.asks))?.found?.numbers
}

test('nginx beside sixteen busy processes: nothing is said of it that is not so', {
  skip: skipWithout('nginx'),
}, async (context) => {
  const of = await besideBusy(nginx('backlog=60'), context.signal)
  const listens = of(/^What listens/)
  assert.deepEqual([listens?.sockets, listens?.asked, listens?.acceptors], [1, 60, 2])
  assert.equal(of(/^What does it hold/)?.held ?? 61, 61)
  const stopped = of(/stopped worker/)
  assert.equal(stopped?.served ?? stopped?.clients, stopped?.clients, 'the other worker takes them all')
  const silent = of(/silent client/)
  assert.deepEqual([silent?.served ?? 10, silent?.besideDeafServed ?? 10], [10, 10], 'it blocks nobody')
  assert.equal(of(/a reload and a stop/)?.reloadLost ?? 0, 0)
  assert.equal(of(/flood of half-open/)?.served ?? 10, 10)
})

test('gunicorn beside sixteen busy processes: a silent client for each worker blocks everybody', {
  skip: skipWithout('gunicorn'),
}, async (context) => {
  const of = await besideBusy(gunicorn('-w', '2'), context.signal)
  const listens = of(/^What listens/)
  assert.deepEqual([listens?.sockets, listens?.asked, listens?.acceptors], [1, 2048, 2])
  assert.equal(of(/silent client/)?.served ?? 0, 0)
})

const nodeAtSocket: OwnServerRecipe = {
  needs: {},
  command(folder) {
    const file = path.join(folder, 'at-socket.mjs')
    fs.writeFileSync(
      file,
      "import http from 'node:http'\nhttp.createServer((_, response) => response.end('x')).listen({ path: process.argv[2], backlog: 64 })\n",
    )
    return [process.execPath, file, '{socket}']
  },
}

test('Node at a UNIX socket beside sixteen busy processes: EAGAIN for whoever does not fit, and nobody whom silent clients block', async (context) => {
  const of = await besideBusy(nodeAtSocket, context.signal)
  const listens = of(/^What listens/)
  assert.deepEqual([listens?.sockets, listens?.asked, listens?.acceptors], [1, 64, 1])
  const holds = of(/^What does it hold/)
  assert.deepEqual([holds?.held ?? 65, holds?.connected ?? 65], [65, 65])
  assert.equal(holds?.turnedAway, holds === undefined ? undefined : Number(holds.started) - 65)
  const silent = of(/silent client/)
  assert.deepEqual([silent?.served ?? 10, silent?.besideDeafServed ?? 10], [10, 10])
  assert.equal(of(/a kill and a restart/)?.fileInTheWay ?? 'yes', 'yes')
})
