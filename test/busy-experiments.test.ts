/**
 * Beside sixteen busy processes no experiment fails and none breaks: it passes, or is not judged and says what was late. The
 * eight that CI can afford where SPILLWAY_EXPERIMENTS is `all`; SPILLWAY_BUSY names others, or is `all`, or `none`.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { after } from 'node:test'
import { experiments } from '#experiments/catalogue.ts'
import { readingsOf } from '#lab/experiment/readings.ts'
import { runExperiment } from '#lab/experiment/run-experiment.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { busy } from './support/busy.ts'
import { sentencesThatFail } from './support/failing.ts'

/** One lab each, and of every kind: switches, steps, paces, bursts, timers, servers of their own. */
const AFFORDABLE =
  'any-order,small-backlog,slow-accept,stalled-loop,retry-staircase,config-test-joins-the-group,uring-hides-the-stall,unix-socket-full'
const PROCESSES = 16

const { SPILLWAY_EXPERIMENTS, SPILLWAY_BUSY = SPILLWAY_EXPERIMENTS === 'all' ? AFFORDABLE : 'none' } = process.env
const chosen =
  SPILLWAY_BUSY === 'all' ? experiments : experiments.filter(({ name }) => SPILLWAY_BUSY.split(',').includes(name))

const out = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-busy-'))
after(() => fs.rmSync(out, { recursive: true, force: true }))

for (const experiment of chosen)
  test(`${experiment.name} beside ${PROCESSES} busy processes: what it cannot play it does not judge, and what no lateness explains would fail`, async (context) => {
    using _ = busy(PROCESSES)
    const { verdict, recordings } = await runExperiment(experiment, { driver: namespaces, out, signal: context.signal })
    const { status, reason, expectations } = verdict
    const told = `${status}: ${reason}\n${JSON.stringify(expectations, null, 2)}`
    context.diagnostic(`${status}${reason === null ? '' : `: ${reason}`}`)
    assert.ok(status === 'passed' || status === 'not judged', told)
    if (status === 'not judged') assert.match(reason ?? '', /^this machine was too busy: .* in phase /)
    const unjudged = expectations.filter(({ notJudged }) => notJudged !== null)
    assert.equal(unjudged.length > 0, status === 'not judged' && expectations.length > 0, told)
    if (expectations.length === 0) return
    const readings = Object.fromEntries(recordings.map((recording) => [recording.case, readingsOf(recording)]))
    const { kernel, userspace, both = [] } = experiment.judge(readings)
    const certain = [...kernel, ...userspace, ...both].filter(({ bears }) => bears === 'any lateness')
    const worst = { what: 'timers', lateMs: Number.MAX_VALUE, phase: '' } as const
    const fails = sentencesThatFail(experiment, recordings, worst)
    assert.deepEqual(fails, new Set(certain.map(({ sentence }) => sentence)))
  })
