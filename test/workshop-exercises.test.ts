/**
 * The exercises of all chapters: the solution meets every requirement of its exercise, and the file that a participant begins
 * with is told what to do next. In labs of their own, through the check that the page asks for.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { template } from '#cli/new/template.ts'
import { checker } from '#cli/workshop/check/check.ts'
import { exercises } from '#cli/workshop/check/exercises.ts'
import { whyNotExact } from '#services/exporter/sampler/exact.ts'

const workshop = path.resolve(import.meta.dirname, '../docs/workshop')
const vocabulary = new URL('../experiments/vocabulary.ts', import.meta.url).href
const out = 'mine.ts'

/** What a file is told, requirement by requirement: undefined where it is met. A machine too busy to judge is tried anew, then skipped. */
async function told(context: TestContext, exercise: string, source: string): Promise<Map<string, string | undefined>> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-mine-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  fs.writeFileSync(path.join(folder, out), source.replace("'spillway/vocabulary'", `'${vocabulary}'`))
  let problem = ''
  for (let left = 3; left > 0; left--) {
    for await (const news of checker(folder)(exercise, out, context.signal)) {
      if ('found' in news) return new Map(news.found.map(({ asks, wrong }) => [asks, wrong]))
      if ('problem' in news) problem = news.problem
    }
    if (!problem.startsWith('not judged')) assert.fail(problem)
  }
  assert.ok(!process.env.SPILLWAY_NO_SKIP, problem)
  context.skip(problem)
  return new Map()
}

/** What each asks of the file that `spillway new` writes, and the words that lead on; the rest it meets, or may meet by chance. */
const hints: Record<string, Record<string, RegExp>> = {
  'backlog-zero': {
    'a backend has the backlog 0': /^it is 4; see lab: \{ backends: \[\{ backlog: … \}\] \}$/,
    'the kernel says what a backlog of 0 holds': /read listener\(1\)\.length during the phase of the load$/,
    'listen() is called again, with 3': /^the largest limit was 4; see backend\(1\)\.relisten\(3\)$/,
  },
  'two-processes': { 'two processes share one socket': /^see lab: \{ mode: 'shared', .*workers: 2/ },
  'small-answers': {
    'clients request 32 kB and read nothing': /^see clients\.readSlowly\(.*bytesPerSecond: 0/,
    'the kernel says what is left in the send queues': /read port\.sendBytes$/,
  },
  'short-life': {
    'tcp_synack_retries is 1': /^see lab: \{ sysctls: /,
    'the kernel says how long they stay': /read durationMs of the phase that waits$/,
  },
  'just-enough': {
    '80 connections a second arrive': /^see clients\.connections\(\{ ratePerSecond: 80, forMs: 750 \}\)$/,
    'with one backlog nothing is dropped': /^dropped were \d+; take a larger one$/,
    'the backlog that is enough is hardly larger than it must be': /^with none of yours.*; rate times stall is 60$/,
  },
  'drain-then-close': {
    'there are two backends, and tcp_migrate_req is 0': /^see lab: \{ backends: 2 \}/,
    'the shard closes': /see backend\(1\)\.close\(\)$/,
  },
  'random-arrivals': {
    '400 connections a second arrive at random': /arrivals: 'poisson'/,
    'with one backlog nothing is dropped': /^dropped were \d+; take a larger one$/,
    'the backlog that is enough is near the rule': /^with none of yours.*the mean is 100/,
  },
  'hidden-burst': {
    'what comes into the queue is counted by BPF': /^see lab: \{ exact: 'auto' \}/,
    'the queues are read once a second': /^see lab: \{ sampleIntervalMs: 1000 \}$/,
  },
}

/** A host may refuse BPF to everybody: no tool that one could install. */
const withoutBpf = (exercise: string): string | false =>
  exercise === 'hidden-burst' ? (whyNotExact() ?? false) : false

test('every exercise has a solution, and hints are expected of every exercise', () => {
  const solutions = fs.readdirSync(path.join(workshop, 'solutions')).map((file) => file.slice(3, -3))
  assert.deepEqual(solutions.sort(), Object.keys(exercises).sort())
  assert.deepEqual(Object.keys(hints).sort(), Object.keys(exercises).sort())
})

for (const file of fs.readdirSync(path.join(workshop, 'solutions'))) {
  const exercise = file.slice(3, -3)
  test(`${exercise}: the solution meets every requirement`, { skip: withoutBpf(exercise) }, async (context) => {
    const found = await told(context, exercise, fs.readFileSync(path.join(workshop, 'solutions', file), 'utf8'))
    assert.deepEqual(
      [...found].filter(([, wrong]) => wrong !== undefined),
      [],
    )
  })
  test(`${exercise}: the file that one begins with is told what to do next`, async (context) => {
    const found = await told(context, exercise, template('mine', ''))
    for (const [asks, hint] of found.size === 0 ? [] : Object.entries(hints[exercise] ?? {})) {
      assert.ok(found.has(asks), asks)
      assert.match(found.get(asks) ?? '', hint)
    }
    for (const wrong of found.values()) assert.doesNotMatch(wrong ?? '', /NaN|Infinity|undefined/)
  })
}
