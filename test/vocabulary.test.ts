/** The examples of docs/vocabulary.md: every verb happens in a lab, and what every meter's example says of it is true. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { citationOf, deckConceptOf, FACTS } from '#experiments/vocabulary/citation.ts'
import { experiment } from '#experiments/vocabulary/experiment.ts'
import { runExperiment } from '#lab/experiment/run-experiment.ts'
import { weigh } from '#lab/experiment/verdict.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { meters } from '../scripts/vocabulary/examples/meters.ts'
import { moments, needSockets } from '../scripts/vocabulary/examples/moments.ts'
import { verbs, verbsOfServers } from '../scripts/vocabulary/examples/verbs.ts'
import { bands, forms, sources } from '../scripts/vocabulary/examples/words.ts'

test('every verb of the page happens in a lab, and every example of a meter and of a moment is true there', async (context) => {
  const out = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-vocabulary-'))
  context.after(() => fs.rmSync(out, { recursive: true, force: true }))
  const untrue: string[] = []
  const lesson = experiment({
    name: 'vocabulary',
    teaches: 'Nothing.',
    sources: ['this test'],
    lab: { backends: [{ backlog: 4 }] },
    phases: {
      ...verbs,
      until: async (stage) => {
        await verbs.until(stage)
        const now = await stage.until('the dump of connections shows them too', ({ waiting }) => waiting === 5)
        for (const [key, isTrue] of Object.entries(moments))
          if (!needSockets.some((one) => one === key) && !isTrue(now)) untrue.push(`${key}: ${isTrue}`)
      },
    },
    expect: (readings) => {
      const [first, ...others] = Object.values(meters).map((meter) => meter(readings))
      assert.ok(first)
      return { kernel: [first, ...others], userspace: [bands.is()] }
    },
  })
  const { verdict } = await runExperiment(lesson, { driver: namespaces, out, signal: context.signal })
  if (verdict.status === 'not judged') {
    // As in test/experiments.test.ts: where nothing may be skipped, this machine must be able to.
    assert.ok(!process.env.SPILLWAY_NO_SKIP, `not judged: ${verdict.reason}`)
    context.skip(verdict.reason ?? '')
    return
  }
  const failed = verdict.expectations.filter(({ passed }) => !passed)
  assert.deepEqual([verdict.status, verdict.reason, failed], ['passed', null, []])
  assert.deepEqual(untrue, [])
  assert.ok(verdict.expectations.length > 50)
})

test('a verb for servers of somebody’s is not judged on a backend of ours, and the reason says so', async (context) => {
  const out = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-vocabulary-'))
  context.after(() => fs.rmSync(out, { recursive: true, force: true }))
  const lesson = experiment({
    name: 'vocabulary-of-servers',
    teaches: 'Nothing.',
    sources: ['this test'],
    lab: {},
    phases: verbsOfServers,
    expect: () => ({ kernel: [bands.is()], userspace: [bands.is()] }),
  })
  const { verdict } = await runExperiment(lesson, { driver: namespaces, out, signal: context.signal })
  assert.equal(verdict.status, 'not judged')
  assert.match(verdict.reason ?? '', /server of somebody’s/)
})

test('what the examples of bands say is true', () => {
  const [first, ...others] = Object.values(bands).map((band) => band())
  for (const { sentence, passed } of weigh({ kernel: [first!, ...others], userspace: [first!] }, undefined))
    assert.ok(passed, sentence)
})

test('the examples of sources can be opened, or name a concept', () => {
  for (const source of Object.values(sources)) {
    const { target } = citationOf(source())
    assert.ok(target?.startsWith(FACTS) === true || deckConceptOf(source()) !== undefined, source())
  }
})

test('the examples of forms are experiments', () => {
  for (const form of Object.values(forms)) assert.ok(Object.keys(form().phases).length > 0)
})
