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
import type { Experiment } from '#experiments/vocabulary/experiment.ts'
import { readingsOf } from '#lab/experiment/readings.ts'
import type { Recording } from '#lab/experiment/recording.ts'
import { runExperiment } from '#lab/experiment/run-experiment.ts'
import { bandInWords, type JudgedExpectation, weigh } from '#lab/experiment/verdict.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { chapters, citations, isTrue, markers, solutions } from './support/citations.ts'
import { damages } from './support/damage.ts'

/** Short ones of different kinds. SPILLWAY_EXPERIMENTS names others, or all of them. */
const { SPILLWAY_EXPERIMENTS: names = 'small-backlog,handshake,cookies-hide-overflow' } = process.env
const every = [...experiments, ...(await solutions())]
const chosen = names === 'all' ? every : every.filter(({ name }) => names.split(',').includes(name))

const out = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-runs-'))
after(() => fs.rmSync(out, { recursive: true, force: true }))

/** The expectations of those that ran. */
const judged = new Map<string, readonly JudgedExpectation[]>()

for (const experiment of chosen)
  test(`${experiment.name}: the kernel does what is expected, and each expectation would notice if it did not`, async (context) => {
    const { verdict, recordings } = await runExperiment(experiment, {
      driver: namespaces,
      out,
      signal: context.signal,
    })
    if (verdict.status === 'not judged') {
      // Where nothing may be skipped, everything that these experiments need is there.
      assert.ok(!process.env.SPILLWAY_NO_SKIP, `not judged: ${verdict.reason}`)
      context.skip(verdict.reason ?? '')
      return
    }
    judged.set(experiment.name, verdict.expectations)
    assert.equal(
      verdict.status,
      'passed',
      `${verdict.reason}\n${JSON.stringify(failures(verdict.expectations), null, 2)}`,
    )
    const found = new Set(verdict.expectations.map(({ sentence }) => sentence))
    assert.ok(found.size >= 3, 'it expects three things at least')
    assert.equal(found.size, verdict.expectations.length, 'each in words of its own')
    for (const sentence of sentencesThatFail(experiment, recordings)) found.delete(sentence)
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

/** The expectations that fail for at least one kind of damage to what was recorded, of one case or of all. */
function sentencesThatFail(experiment: Experiment, recordings: readonly Recording[]): Set<string> {
  const failed = new Set<string>()
  const names = recordings.map((recording) => recording.case)
  for (const damage of Object.values(damages))
    for (const damaged of [names, ...names.map((name) => [name])]) {
      const copies = structuredClone([...recordings])
      for (const copy of copies) if (damaged.includes(copy.case)) damage(copy)
      const readings = Object.fromEntries(copies.map((copy) => [copy.case, readingsOf(copy)]))
      for (const { sentence } of failures(weigh(experiment.judge(readings), undefined))) failed.add(sentence)
    }
  return failed
}
