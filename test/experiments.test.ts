/**
 * Every experiment runs and passes, every expectation can fail, and the workshop's numbers are theirs. Here a quick few; all of them where
 * SPILLWAY_EXPERIMENTS is `all`, as in CI.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { after } from 'node:test'
import { experiments } from '#experiments/catalogue.ts'
import { type FinishedRun, runExperiment } from '#lab/experiment/run-experiment.ts'
import { bandInWords, type JudgedExpectation } from '#lab/experiment/verdict.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { chapters, citations, isTrue, markers, solutions } from './support/citations.ts'
import { sentencesThatFail } from './support/failing.ts'
import { wasTooBusy } from './support/too-busy.ts'

/** Short ones of different kinds. SPILLWAY_EXPERIMENTS names others, or all of them. */
const { SPILLWAY_EXPERIMENTS: names = 'small-backlog,handshake,cookies-hide-overflow' } = process.env
const every = [...experiments, ...(await solutions())]
const chosen = names === 'all' ? every : every.filter(({ name }) => names.split(',').includes(name))

const MOST_TRIES = 2

const out = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-runs-'))
after(() => fs.rmSync(out, { recursive: true, force: true }))

/** The expectations of those that ran. */
const judged = new Map<string, readonly JudgedExpectation[]>()

for (const experiment of chosen)
  test(`${experiment.name}: the kernel does what is expected, and each expectation would notice if it did not`, async (context) => {
    let finished: FinishedRun
    let tries = 0
    do finished = await runExperiment(experiment, { driver: namespaces, out, signal: context.signal })
    while (wasTooBusy(finished) && ++tries < MOST_TRIES)
    const { verdict, recordings } = finished
    judged.set(experiment.name, verdict.expectations)
    if (verdict.status === 'not judged') {
      // Where nothing may be skipped, everything that these experiments need is there.
      // BPF excepted: a host may refuse it to everybody.
      if (experiment.needs?.bpf === undefined) assert.ok(!process.env.SPILLWAY_NO_SKIP, `not judged: ${verdict.reason}`)
      context.skip(verdict.reason ?? '')
      return
    }
    assert.equal(
      verdict.status,
      'passed',
      `${verdict.reason}\n${JSON.stringify(failures(verdict.expectations), null, 2)}`,
    )
    const found = new Set(verdict.expectations.map(({ sentence }) => sentence))
    assert.ok(found.size >= 3, 'it expects three things at least')
    assert.equal(found.size, verdict.expectations.length, 'each in words of its own')
    for (const sentence of sentencesThatFail(experiment, recordings, undefined)) found.delete(sentence)
    assert.deepEqual([...found], [], 'expectations that cannot fail')
  })

for (const citation of citations().filter((citation) => chosen.some(({ name }) => name === citation.experiment)))
  test(`the workshop's ${citation.text} (${citation.file}:${citation.line}) is what ${citation.experiment} sees`, () => {
    const expectation = judged.get(citation.experiment)?.find(({ sentence }) => sentence === citation.sentence)
    assert.ok(expectation, `it expects that '${citation.sentence}'`)
    assert.ok(isTrue(citation, expectation), `${citation.text} is not ${bandInWords(expectation)}`)
  })

test('every marker in the workshop belongs to a number and names an experiment', () => {
  for (const file of chapters())
    assert.equal(citations().filter((citation) => citation.file === file).length, markers(file), file)
  for (const { file, line, experiment } of citations())
    assert.ok(
      experiments.some(({ name }) => name === experiment),
      `${file}:${line} names ${experiment}`,
    )
})

const failures = (expectations: readonly JudgedExpectation[]): JudgedExpectation[] =>
  expectations.filter(({ passed }) => !passed)
