/** Verdicts that say why they judge nothing. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { WaitedInVain } from '#common/waiting.ts'
import { atLeast, equals, experiment, that } from '#experiments/vocabulary.ts'
import type { Driver } from '#lab/driver.ts'
import { readFolder } from '#lab/experiment/folder.ts'
import { runExperiment } from '#lab/experiment/run-experiment.ts'
import { namespaces } from '#lab/namespaces/driver.ts'

const spillway = new URL('../bin/spillway', import.meta.url).pathname
const withoutIoUring = new URL('./support/without-io-uring.ts', import.meta.url).pathname

function folderOf(context: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-not-judged-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('where the kernel refuses io_uring, uring-hides-the-stall is not judged and says so', async (context) => {
  const out = folderOf(context)
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [withoutIoUring, spillway, 'run', 'uring-hides-the-stall', '--out', out],
    { encoding: 'utf8' },
  )
  assert.equal(status, 0, stderr)
  assert.match(
    stdout,
    /^– uring-hides-the-stall +not judged .*\n {2}io_uring cannot be used here \(Accepting through io_uring: .*EPERM.*\)$/m,
  )
  const { verdict } = await readFolder(path.join(out, 'uring-hides-the-stall'))
  assert.deepEqual([verdict.status, verdict.expectations], ['not judged', []])
})

const lesson = { name: 'late', teaches: 'Nothing.', sources: ['this test'] } as const

test('a run whose own probe was late judges what bears it, and the run folder tells how late', async (context) => {
  const late = experiment({
    ...lesson,
    lab: {},
    phases: { look: ({ late }) => late(600_000) },
    expect: ({ listener }) => ({
      kernel: [
        that('it listens', listener(1).limit.last, equals(128)),
        that('it has another backlog', listener(1).limit.last, equals(7)),
      ],
      userspace: [that('somebody connects, or lateness made it seem so', 1, atLeast(1), { lateHelps: true })],
    }),
  })
  const { verdict, folder } = await runExperiment(late, {
    driver: namespaces,
    out: folderOf(context),
    signal: context.signal,
  })
  assert.deepEqual(
    [verdict.status, verdict.reason],
    ['not judged', 'this machine was too busy: a probe of its own was up to 10 min late in phase look'],
  )
  assert.deepEqual(
    verdict.expectations.map(({ notJudged }) => notJudged === null),
    [true, false, false],
  )
  const { verdict: read } = await readFolder(folder)
  const told = read.cases[0]?.lateness.find(({ what }) => what === 'probes')
  assert.deepEqual(told, { what: 'probes', lateMs: 600_000, phase: 'look' })
})

test('what fails for certain beside lateness is a failure of the run', async (context) => {
  const wrong = experiment({
    ...lesson,
    lab: {},
    phases: { look: ({ late }) => late(600_000) },
    expect: ({ listener }) => ({
      kernel: [that('it has another backlog', listener(1).limit.last, equals(7), { bears: 'any lateness' })],
      userspace: [that('somebody connects', 0, atLeast(1))],
    }),
  })
  const { verdict } = await runExperiment(wrong, { driver: namespaces, out: folderOf(context), signal: context.signal })
  assert.deepEqual([verdict.status, verdict.reason], ['failed', null])
})

test('a wait in vain beside lateness is not judged, and says what it waited for', async (context) => {
  const waiting = experiment({
    ...lesson,
    lab: {},
    phases: {
      wait: async ({ late, until }) => {
        late(600_000)
        await until('nine wait', (now) => now.waiting === 9, 200)
      },
    },
    expect: () => ({ kernel: [that('x', 1, equals(1))], userspace: [that('y', 1, equals(1))] }),
  })
  const { verdict } = await runExperiment(waiting, {
    driver: namespaces,
    out: folderOf(context),
    signal: context.signal,
  })
  assert.equal(verdict.status, 'not judged')
  assert.match(
    verdict.reason ?? '',
    /^this machine was too busy: .* in phase wait\. In phase wait this did not happen within 200 ms: nine wait$/,
  )
})

test('a program that has waited in vain says so by its status, and that is told as such', async (context) => {
  const tired = experiment({
    ...lesson,
    lab: {},
    phases: {
      ask: async ({ late, run }) => {
        late(600_000)
        await run(['sh', '-c', 'echo nobody came >&2; exit 75'])
      },
    },
    expect: () => ({ kernel: [that('x', 1, equals(1))], userspace: [that('y', 1, equals(1))] }),
  })
  const { verdict } = await runExperiment(tired, { driver: namespaces, out: folderOf(context), signal: context.signal })
  assert.equal(verdict.status, 'not judged')
  assert.match(verdict.reason ?? '', /In phase ask 'sh -c' waited in vain: nobody came$/)
})

test('a lab that a busy machine cannot start in time is not judged, and on an idle one it is broken', async (context) => {
  for (const machineIsBusy of [true, false]) {
    const slow: Driver = {
      name: 'namespaces',
      preflight: async () => {},
      start: () =>
        Promise.reject(Object.assign(new WaitedInVain('Timed out waiting until backend-1 answers'), { machineIsBusy })),
    }
    const nothing = experiment({
      ...lesson,
      lab: {},
      phases: { look: () => 1 },
      expect: () => ({ kernel: [that('x', 1, equals(1))], userspace: [that('y', 1, equals(1))] }),
    })
    const { verdict } = await runExperiment(nothing, { driver: slow, out: folderOf(context), signal: context.signal })
    assert.equal(verdict.status, machineIsBusy ? 'not judged' : 'broken')
    assert.match(
      verdict.reason ?? '',
      machineIsBusy ? /^this machine was too busy: Timed out .* backend-1 answers/ : /^Timed out .* backend-1 answers/,
    )
  }
})
