/** Experiments in containers: the same files, the same verdicts, by another driver. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { experiments } from '#experiments/catalogue.ts'
import { compose } from '#lab/compose/driver.ts'
import { runExperiment } from '#lab/experiment/run-experiment.ts'
import { skipWithoutEngine } from '../support/engine.ts'
import { wasTooBusy } from '../support/too-busy.ts'

/** One of each kind: a queue, cookies, windows, a comparison with sysctls and a closed listener. */
const chosen = ['small-backlog', 'cookies-hide-overflow', 'slow-reader', 'rolling-restart']

for (const name of chosen)
  test(`${name} passes in containers too`, { skip: skipWithoutEngine() }, async (context) => {
    const experiment = experiments.find((candidate) => candidate.name === name)
    assert.ok(experiment)
    const out = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-runs-'))
    context.after(() => fs.rmSync(out, { recursive: true, force: true }))
    const run = () => runExperiment(experiment, { driver: compose, out, signal: context.signal })
    let finished = await run()
    // A moment in which this machine had no time for a lab is no verdict about containers.
    if (wasTooBusy(finished)) finished = await run()
    const { verdict } = finished
    const failed = verdict.expectations.filter(({ passed }) => !passed)
    assert.equal(verdict.status, 'passed', `${verdict.reason}\n${JSON.stringify(failed, null, 2)}`)
    assert.equal(verdict.machine.driver, 'compose')
  })

test('what needs network namespaces of this machine says so, and starts nothing', async (context) => {
  const experiment = experiments.find(({ needs }) => needs?.namespaces !== undefined)
  assert.ok(experiment)
  const out = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-runs-'))
  context.after(() => fs.rmSync(out, { recursive: true, force: true }))
  const { verdict } = await runExperiment(experiment, { driver: compose, out, signal: context.signal })
  assert.equal(verdict.status, 'not judged')
  assert.match(verdict.reason ?? '', /only in network namespaces: /)
})
