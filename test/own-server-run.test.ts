/** Experiments on somebody's server: judged by what its kernel shows, and not judged where it would have to help. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { after } from 'node:test'
import { experiments } from '#experiments/catalogue.ts'
import type { Experiment } from '#experiments/vocabulary/experiment.ts'
import { equals, that } from '#experiments/vocabulary.ts'
import { missingBefore, type OwnServerWish } from '#lab/experiment/needs.ts'
import { type FinishedRun, runExperiment } from '#lab/experiment/run-experiment.ts'
import { weigh } from '#lab/experiment/verdict.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import * as servers from './support/own-servers.ts'
import { labWith, type OwnServerRecipe } from './support/own-servers.ts'
import { wasTooBusy } from './support/too-busy.ts'
import { skipWithout } from './support/tools.ts'

const spillway = new URL('../bin/spillway', import.meta.url).pathname
const made = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-own-run-'))
fs.chmodSync(made, 0o755)
after(() => fs.rmSync(made, { recursive: true, force: true, maxRetries: 5 }))
function folder(): string {
  const at = fs.mkdtempSync(path.join(made, 'server-'))
  fs.chmodSync(at, 0o755)
  return at
}

function wishOf(recipe: OwnServerRecipe): OwnServerWish {
  const { server, request } = labWith(recipe, folder())
  assert.ok(server)
  return { server, ...(request === undefined ? {} : { request }) }
}

const MOST_TRIES = 3

async function runOn(recipe: OwnServerRecipe, name: string, signal: AbortSignal): Promise<FinishedRun> {
  const experiment = experiments.find((one) => one.name === name)
  assert.ok(experiment)
  let run: FinishedRun
  let tries = 0
  do run = await runExperiment(experiment, { driver: namespaces, own: wishOf(recipe), out: folder(), signal })
  while (wasTooBusy(run) && ++tries < MOST_TRIES)
  return run
}

/** SPILLWAY_OWN_SERVERS=all plays each experiment on each of them. */
const all = process.env.SPILLWAY_OWN_SERVERS === 'all'
const judgedAnywhere = [
  'small-backlog',
  'handshake',
  'any-order',
  'backlog-clamp',
  'false-established',
  'no-ack',
  'cookies-hide-overflow',
  'defer-accept',
  'stalled-loop',
  'dead-in-the-queue',
  'retry-staircase',
  'port-exhaustion',
  'node-default-511',
  'killed-while-clients-wait',
  'heard-before-accept',
  'smaller-while-they-wait',
  'synacks-are-repeated',
  'final-ack-or-syn',
  'micro-burst',
]
const played: [name: string, recipe: OwnServerRecipe, program: string, experiments: string[]][] = [
  [
    'nginx',
    servers.nginx(),
    'nginx',
    all ? judgedAnywhere : ['small-backlog', 'handshake', 'dead-in-the-queue', 'node-default-511'],
  ],
  [
    'nginx with a socket that others can join',
    servers.nginx('reuseport', { workers: 1 }),
    'nginx',
    ['config-test-joins-the-group'],
  ],
  [
    'gunicorn',
    servers.gunicorn('-w', '3'),
    'gunicorn',
    all ? judgedAnywhere : ['backlog-clamp', 'killed-while-clients-wait', 'smaller-while-they-wait'],
  ],
  ['a server in Go', servers.goServer(), 'go', all ? judgedAnywhere : ['false-established']],
  ['HAProxy', servers.haproxy(), 'haproxy', all ? judgedAnywhere : ['no-ack']],
  ['Redis', servers.redis(), 'redis-server', all ? judgedAnywhere : ['defer-accept']],
]
for (const [name, recipe, program, names] of played)
  for (const one of names)
    test(`${one} is judged on ${name} by the limit that the kernel shows`, {
      skip: skipWithout(program),
    }, async (context) => {
      const { verdict } = await runOn(recipe, one, context.signal)
      if (verdict.status === 'not judged') return context.skip(verdict.reason ?? '')
      const failed = verdict.expectations.filter(({ passed, notJudged }) => !passed && notJudged === null)
      assert.deepEqual([verdict.status, verdict.reason, failed], ['passed', null, []])
      const kernel = verdict.expectations.filter(({ counted, notJudged }) => counted === 'kernel' && notJudged === null)
      assert.ok(kernel.length > 0, 'the kernel counted something')
      assert.equal(verdict.cases[0]?.plan.server?.name, recipe.command(folder())[0]?.split('/').at(-1))
    })

test('what needs the help of the server is not judged on it, before anything starts, and says what it needs', async (context) => {
  const needy = experiments.filter(({ needs }) =>
    needs?.server?.some((need) => need !== 'one socket' && need !== 'http'),
  )
  assert.ok(needy.length > 0)
  for (const experiment of needy) {
    const own = { server: { name: 'mine', command: ['no-such-program'] } }
    const { verdict } = await runExperiment(experiment, {
      driver: namespaces,
      own,
      out: folder(),
      signal: context.signal,
    })
    assert.equal(verdict.status, 'not judged', experiment.name)
    assert.match(verdict.reason ?? '', /^it needs (a backend|several backends) of Spillway|^it needs no server/)
  }
})

/** A server of which nothing is known but that it listens. */
const plain: OwnServerWish = { server: { name: 'mine', command: ['mine'] } }

/** Why a plain server cannot take part in an experiment, whatever this machine lacks. */
async function refusalOf(experiment: Experiment): Promise<string | undefined> {
  const { needs: { server } = {} } = experiment
  return await missingBefore({ cases: {}, ...(server && { needs: { server } }) }, namespaces, plain)
}

test('docs/own-server.md has a row for each experiment that a plain server can take part in, and says of the others what they need', async () => {
  const page = fs.readFileSync(path.join(import.meta.dirname, '..', 'docs', 'own-server.md'), 'utf8')
  const rows = new Map(
    [...page.matchAll(/^\| `([a-z0-9-]+)` \|(.*)\|$/gm)].map(([, name = '', cells = '']) => [name, cells]),
  )
  const others = new Map(
    [...page.matchAll(/^- (.+): ((?:`[a-z0-9-]+`(?:, )?)+)\.$/gm)].flatMap(([, why = '', names = '']) =>
      names.split(', ').map((name): [string, string] => [name.replaceAll('`', ''), why]),
    ),
  )
  for (const experiment of experiments) {
    const refusal = await refusalOf(experiment)
    if (refusal === undefined) assert.ok(rows.has(experiment.name), experiment.name)
    else assert.equal(others.get(experiment.name), refusal.replace('it needs ', ''), experiment.name)
  }
  assert.equal(rows.size + others.size, experiments.length, 'nothing else')
  for (const column of [0, 1, 2]) {
    const judged = [...rows.values()].filter((cells) => /^ (?:passed|failed) $/.test(cells.split('|')[column] ?? ''))
    assert.ok(judged.length >= 15, `column ${column + 1}: ${judged.length}`)
  }
})

test('a server with several sockets is no place for an experiment about one', {
  skip: skipWithout('nginx'),
}, async (context) => {
  const { verdict } = await runOn(servers.nginx('reuseport'), 'small-backlog', context.signal)
  assert.equal(verdict.status, 'not judged')
  assert.match(verdict.reason ?? '', /one socket on its port, and nginx has 2$|too busy/)
})

test('a queue that is too small for an experiment is not judged by it', {
  skip: skipWithout('python3'),
}, async (context) => {
  const { verdict } = await runOn(servers.httpServer(), 'stalled-loop', context.signal)
  assert.deepEqual(
    [verdict.status, verdict.reason],
    ['not judged', 'it needs a queue of at least 200 places, and this one has 6'],
  )
})

test('what a server does not tell is not judged by it, and leaves the rest of the verdict alone', () => {
  const judgement = {
    kernel: [that('five wait', 5, equals(5))],
    userspace: [that('it has accepted', Number.NaN, equals(5)), that('as many as said', 5, equals(Number.NaN))],
  } as const
  assert.deepEqual(
    weigh(judgement, undefined, 'nginx').map(({ notJudged }) => notJudged),
    [null, 'nginx does not tell it', 'nginx does not tell it'],
  )
  assert.deepEqual(
    weigh(judgement, undefined).map(({ passed, notJudged }) => passed && notJudged === null),
    [true, false, false],
    'one of ours has to tell it',
  )
})

test('spillway run NAME -- COMMAND ends with 0 where nothing can be judged, and its report says how to have it again', {
  skip: skipWithout('python3'),
}, () => {
  const out = folder()
  const command = ['--', 'python3', '-m', 'http.server', '--bind', '{address}', '{port}']
  const { status, stdout, stderr } = spawnSync(
    spillway,
    ['run', 'knee', 'stalled-loop', '--out', out, '--ready=/', ...command],
    { encoding: 'utf8', cwd: folder() },
  )
  assert.equal(status, 0, stderr)
  assert.match(stdout, /– knee +not judged.*\n {2}it needs a backend of Spillway, which can be made to accept slowly\n/)
  assert.match(stdout, /– stalled-loop +not judged/)
  const { again } = JSON.parse(fs.readFileSync(path.join(out, 'stalled-loop', 'verdict.json'), 'utf8')) as {
    again: string
  }
  assert.equal(again, `spillway run stalled-loop --ready=/ -- python3 -m http.server --bind '{address}' '{port}'`)
  assert.ok(fs.existsSync(path.join(out, 'server.log')), 'what the server wrote is kept')
})
