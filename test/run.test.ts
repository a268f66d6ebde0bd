/** `spillway run` and the runner behind it: verdicts, exit statuses, and whatever can go wrong in a run. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { eventually } from '#common/waiting.ts'
import type { Experiment, ExperimentForm } from '#experiments/vocabulary/experiment.ts'
import { atLeast, comparison, equals, experiment, that } from '#experiments/vocabulary.ts'
import { readFolder } from '#lab/experiment/folder.ts'
import { JOURNAL, readJournal } from '#lab/experiment/journal.ts'
import { runExperiment } from '#lab/experiment/run-experiment.ts'
import type { Verdict } from '#lab/experiment/verdict.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { initOf, killing } from './support/ending.ts'

const spillway = new URL('../bin/spillway', import.meta.url).pathname

function folderOf(context: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-run-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

const run = (context: TestContext, lesson: Experiment, signal = context.signal, out = folderOf(context)) =>
  runExperiment(lesson, { driver: namespaces, out, signal })

const lesson = { teaches: 'Nothing.', sources: ['this test'] } as const

const trivial = (changes: Partial<ExperimentForm<Record<string, unknown>>>): Experiment =>
  experiment({
    name: 'trivial',
    ...lesson,
    lab: {},
    phases: { look: () => 7 },
    expect: ({ listener }) => ({
      kernel: [that('it listens', listener(1).limit.last, equals(128))],
      userspace: [that('nobody connects', 0, equals(0))],
    }),
    ...changes,
  })

test('a run leaves a verdict and tables that say the same when they are read back', async (context) => {
  const { verdict, folder } = await run(
    context,
    comparison({
      name: 'two-backlogs',
      ...lesson,
      cases: { small: { backends: [{ backlog: 2 }] }, large: { backends: [{ backlog: 30 }] } },
      phases: {
        stall: ({ backend }) => backend(1).stall(),
        burst: async ({ clients, now }) => {
          const load = await clients.burst({ connections: 20, timeoutMs: 5000 })
          return { length: (await now()).listener(1).length, began: (await load.report()).started }
        },
        release: ({ backend }) => backend(1).release(),
      },
      expect: ({ small, large }) => ({
        kernel: [
          that('three fit', small.result.burst.length, equals(3)),
          that('all fit', large.result.burst.length, equals(20)),
          that('seventeen are dropped', small.counters.ListenDrops.during('burst'), atLeast(17)),
        ],
        userspace: [
          that('who is not dropped does not wait a second', large.clients.connectMs.max, { ...equals(0), high: 900 }),
          that('twenty ask in each', small.clients.count + large.clients.count, equals(40)),
        ],
      }),
    }),
  )
  assert.equal(verdict.status, 'passed', JSON.stringify(verdict.expectations))
  assert.ok(!fs.existsSync(path.join(folder, JOURNAL)))
  const read = await readFolder(folder)
  assert.deepEqual(read.verdict, JSON.parse(JSON.stringify(verdict)))
  const { connections, accept_queue: queue, counters } = read.tables
  assert.equal(connections.outcome?.length, 40)
  assert.deepEqual(new Set(connections.case), new Set(['small', 'large']))
  const lengths = queue.length?.filter((_, row) => queue.case?.[row] === 'small') as number[]
  assert.equal(Math.max(...lengths), 3)
  assert.ok(counters.name?.includes('ListenDrops'))
  const [small] = verdict.cases
  assert.deepEqual(
    small?.phases.map(({ name }) => name),
    ['stall', 'burst', 'release', 'afterwards'],
  )
  const moved = small?.counters.find(({ host, name }) => host === 'server' && name === 'TcpExt_ListenDrops')
  assert.ok(moved !== undefined && moved.after - moved.before >= 17)
  assert.ok((small?.events ?? []).some(({ what }) => what === 'backend 1 stalls'))
})

test('what is not true fails, with what was seen', async (context) => {
  const { verdict } = await run(
    context,
    trivial({
      expect: ({ listener }) => ({
        kernel: [that('its backlog is 7', listener(1).limit.last, equals(7), { bears: 'any lateness' })],
        userspace: [that('somebody connects', 0, atLeast(1), { bears: 'any lateness' })],
      }),
    }),
  )
  assert.equal(verdict.status, 'failed')
  assert.deepEqual(
    verdict.expectations.map(({ seen, passed }) => [seen, passed]),
    [
      [128, false],
      [0, false],
    ],
  )
})

for (const [what, needs, reason] of [
  ['too few cores', { cores: 4096 }, /it needs 4096 cores, and this machine has \d+/],
  ['a missing program', { programs: ['no-such-program'] }, /needs the program no-such-program/],
  ['a kernel without a feature', { sysctls: ['net.ipv4.tcp_no_such'] }, /has no sysctl net\.ipv4\.tcp_no_such/],
] as const)
  test(`${what}: not judged here, with the reason`, async (context) => {
    const { verdict } = await run(context, trivial({ needs }))
    assert.equal(verdict.status, 'not judged')
    assert.match(verdict.reason ?? '', reason)
  })

test('what does not happen is a failure that names the phase', async (context) => {
  const { verdict } = await run(
    context,
    trivial({
      phases: {
        wait: async ({ until }) =>
          void (await until('nine wait', (now) => now.waiting === 9, { withinMs: 300, bears: 'any lateness' })),
      },
    }),
  )
  assert.equal(verdict.status, 'failed')
  assert.match(verdict.reason ?? '', /In phase wait this did not happen within 300 ms: nine wait/)
})

test('a verb that cannot be done breaks the run, and nothing stays behind', async (context) => {
  const { verdict } = await run(context, trivial({ phases: { look: ({ backend }) => backend(3).stall() } }))
  assert.equal(verdict.status, 'broken')
  assert.match(verdict.reason ?? '', /There is no backend 3/)
})

test('an interrupted run ends at once and keeps what it has', async (context) => {
  const interrupt = new AbortController()
  const { verdict, folder } = await run(
    context,
    trivial({
      phases: {
        first: () => 1,
        second: async ({ pass }) => {
          setTimeout(() => interrupt.abort(new Error('SIGINT')), 200)
          await pass(60_000)
        },
      },
    }),
    interrupt.signal,
  )
  assert.deepEqual([verdict.status, verdict.reason], ['not judged', 'the run was interrupted'])
  assert.deepEqual(
    verdict.cases[0]?.phases.map(({ name, endMs }) => [name, endMs === null]),
    [
      ['first', false],
      ['second', true],
    ],
  )
  assert.ok(((await readFolder(folder)).tables.accept_queue.t_ms?.length ?? 0) > 5)
})

test('a lab that dies under the experiment breaks the run', async (context) => {
  const { verdict } = await run(
    context,
    trivial({
      phases: {
        die: async ({ pass }) => {
          process.kill(initOf(process.pid), 'SIGKILL')
          await pass(60_000)
        },
      },
    }),
  )
  assert.equal(verdict.status, 'broken')
  assert.match(verdict.reason ?? '', /^The lab has ended: its first process was killed/)
  assert.doesNotMatch(verdict.reason ?? '', /^\s+at /m)
})

for (const part of ['exporter', 'agent'] as const)
  test(`a run under which the ${part} is killed is not judged, and ends at once`, async (context) => {
    const { verdict } = await run(
      context,
      trivial({
        phases: {
          die: async ({ run, pass }) => {
            await run(killing(part))
            await pass(3_600_000)
          },
        },
      }),
    )
    assert.equal(verdict.status, 'not judged')
    assert.match(verdict.reason ?? '', new RegExp(`^The ${part === 'agent' ? 'load agent' : part} .*(ended|answer)`))
  })

test('a setting that this lab cannot have: not judged here, before anything starts or when a phase asks for it', async (context) => {
  const before = await run(context, trivial({ lab: { sysctls: { 'net.core.no_such': 1 } } }))
  assert.equal(before.verdict.status, 'not judged')
  assert.match(before.verdict.reason ?? '', /has no sysctl net\.core\.no_such/)
  assert.deepEqual(before.verdict.cases, [])
  const later = await run(context, trivial({ phases: { set: ({ sysctl }) => sysctl('net.core.rmem_max', 1_000_000) } }))
  assert.equal(later.verdict.status, 'not judged')
  assert.match(later.verdict.reason ?? '', /net\.core\.rmem_max/)
})

test('the command prints a line for what passed, or a verdict as JSON, and says by its status how it went', (context) => {
  const out = folderOf(context)
  const words = spawnSync(spillway, ['run', 'small-backlog', '--out', out], { encoding: 'utf8' })
  assert.match(words.stdout, /^✓ small-backlog +passed +5 of 5 expectations +[\d.]+ s\nReports?: .*\n$/)
  assert.equal(words.status, 0)
  const json = spawnSync(spillway, ['run', 'small-backlog', '--out', out, '--json'], { encoding: 'utf8' })
  const [line, rest] = json.stdout.split('\n')
  assert.equal(rest, '')
  assert.equal((JSON.parse(line ?? '') as Verdict).status, 'passed')
  const wrong = spawnSync(spillway, ['run', 'no-such'], { encoding: 'utf8' })
  assert.deepEqual([wrong.status, wrong.stdout], [2, ''])
})

test('a run that is killed leaves all but its last second', async (context) => {
  const out = folderOf(context)
  const child = spawn(spillway, ['run', 'small-backlog', '--out', out], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const file = path.join(out, 'small-backlog', JOURNAL)
  const read = () => (fs.existsSync(file) ? readJournal(file) : [])
  await eventually('a phase has begun', read, ([recording]) => assert.ok((recording?.phases.length ?? 0) >= 1))
  child.kill('SIGKILL')
  await ended
  const [recording] = read()
  assert.ok((recording?.listeners.atMs.length ?? 0) > 0)
  assert.ok(!fs.existsSync(path.join(out, 'small-backlog', 'verdict.json')))
})
