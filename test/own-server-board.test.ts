/** The live board before a server that is not ours: what only our backends tell and can do is not there. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { after, before } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { UsageError } from '#common/errors.ts'
import { eventually } from '#common/waiting.ts'
import { Lab } from '#lab/lab.ts'
import { ExperimentRunner } from '#live/experiment-runner.ts'
import { Loads } from '#live/loads.ts'
import type { SwitchOrder } from '#live/orders.ts'
import { switchboard } from '#live/switchboard.ts'
import { shardOf } from '#live/testing/state.ts'
import { keepPicture, launch, open } from './support/browser.ts'
import { labWith, nginx } from './support/own-servers.ts'
import { stagedBoard } from './support/staged-board.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('chromium')
let browser: Browser
before(async () => {
  if (skip === false) browser = await launch()
})
after(() => browser?.close())

const untold = { pid: 7, stalled: false, acceptsPerSecond: undefined, open: undefined, lagMs: undefined }
const shards = [1, 2].map((shard) =>
  shardOf(shard, { acceptsPerSecond: undefined, open: undefined, acceptWait: undefined, processes: [untold] }),
)

/** The names of the switches that are seen in the first tab. */
const switches = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('#page-shards .control')]
    .filter((control) => control.offsetParent !== null)
    .map((control) => control.querySelector('.name').textContent)`)

const words = (page: Page): Promise<string> => page.evaluate('document.body.innerText')

test('only what works on any server is offered, and what it does not tell is a dash', { skip }, async (context) => {
  await using board = await stagedBoard(() => ({ shards, server: { name: 'nginx', reloads: true } }))
  const page = await open(context, browser, board.url)
  await eventually(
    'the switches of any server are there, and no others',
    () => switches(page),
    (names) => assert.deepEqual(names, ['Backend', 'Stall', 'Reload', 'Stop', 'Kill the server']),
  )
  const seen = await words(page)
  assert.match(seen, /nginx 1/)
  assert.doesNotMatch(seen, /NaN|undefined/)
  assert.doesNotMatch(seen, /\b0 accepts\/s|\b0 open/)
  await keepPicture(page, 'own-server')
})

test('a server without a known reload has no such switch', { skip }, async (context) => {
  await using board = await stagedBoard(() => ({ shards, server: { name: 'mine', reloads: false } }))
  const page = await open(context, browser, board.url)
  await eventually(
    'there is no reload',
    () => switches(page),
    (names) => assert.deepEqual(names, ['Backend', 'Stall', 'Stop', 'Kill the server']),
  )
})

test('where this machine can hold it to a share of a CPU there is a switch for that, which shows what is in force', {
  skip,
}, async (context) => {
  let cpuPercent = 0
  await using board = await stagedBoard(() => ({ shards, server: { name: 'mine', reloads: false, cpuPercent } }))
  const page = await open(context, browser, board.url)
  const shown = (): Promise<unknown> =>
    page.evaluate(`[...document.querySelectorAll('#page-shards .control')]
      .filter((control) => control.offsetParent !== null && control.querySelector('.name').textContent === 'CPU quota')
      .map((control) => control.querySelector('input').value)`)
  await eventually('it is there', shown, (values) => assert.deepEqual(values, ['0']))
  cpuPercent = 15
  await eventually('it shows the quota', shown, (values) => assert.deepEqual(values, ['15']))
})

test('the switches drive a real nginx, and what it cannot do is refused in words', {
  skip: skipWithout('nginx'),
}, async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-own-'))
  fs.chmodSync(folder, 0o755)
  after(() => fs.rmSync(folder, { recursive: true, force: true }))
  await using lab = await Lab.start(labWith(nginx('reuseport'), folder))
  await using runner = new ExperimentRunner([], undefined)
  const board = switchboard(() => ({ lab, loads: new Loads(lab) }), runner)
  const said = (order: SwitchOrder): Promise<string> => board.perform(order)
  assert.match(await said({ do: 'stall', shard: 2 }), /^1 process of nginx stopped \(SIGSTOP\)/)
  assert.match(await said({ do: 'release', shard: 2 }), /^1 process of nginx goes on \(SIGCONT\)/)
  assert.equal(await said({ do: 'reload', shard: 1 }), 'nginx is reloaded')
  if ('percent' in ((await lab.backend(1).told()).cpu ?? {})) {
    assert.match(await said({ do: 'slow', shard: 2, percent: 20 }), /^nginx is slow: 20 % of a CPU/)
    assert.match(await said({ do: 'slow', shard: 1, percent: 0 }), /^nginx gets as much CPU time as there is/)
  } else await assert.rejects(said({ do: 'slow', shard: 2, percent: 20 }), UsageError)
  await assert.rejects(said({ do: 'relisten', shard: 1, backlog: 5 }), (error) => {
    assert.ok(error instanceof UsageError)
    assert.match(error.message, /^nginx is not a backend of Spillway/)
    return true
  })
  assert.equal(await said({ do: 'stop', shard: 1 }), 'nginx is stopped')
  assert.equal(await said({ do: 'restart', shard: 1 }), 'nginx is restarted')
  assert.equal(await said({ do: 'kill', shard: 2 }), 'nginx is killed')
})
