/** What cures a queue is said in the same words by a diagnosis of what was recorded and by the alert for it. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { parse } from 'yaml'
import { type CuredCode, cureInWords, cures, remedyFor } from './cures.ts'
import { diagnose } from './recording/diagnose.ts'
import { type Recorded, readRecording } from './recording/fixtures/read.ts'

const rules = path.join(import.meta.dirname, '../deploy/prometheus/rules')

interface RuleFile {
  groups: { rules: { alert?: string; labels?: { finding: string }; annotations?: { description: string } }[] }[]
}

for (const file of ['spillway.yml', 'lab.yml'])
  test(`every alert of ${file} whose finding a backlog cures, or does not, says which`, () => {
    const read = parse(fs.readFileSync(path.join(rules, file), 'utf8')) as RuleFile
    const told = new Set<string>()
    for (const { alert, labels, annotations } of read.groups.flatMap((group) => group.rules)) {
      if (labels === undefined || !Object.hasOwn(cures, labels.finding)) continue
      told.add(labels.finding)
      assert.ok(annotations?.description.endsWith(cureInWords(labels.finding as CuredCode)), alert)
    }
    assert.ok(told.has('one-shard-stalled') && told.has('workers-exhausted') && told.has('accept-queue-overflows'))
  })

test('an alert never says that a backlog is the cure where the diagnosis says that none is, or the other way round', () => {
  for (const [code, { backlog }] of Object.entries(cures)) {
    const words = cureInWords(code as CuredCode)
    if (code === 'accept-queue-overflows') assert.match(words, /only if the queue is full for no more than a second/)
    else assert.equal(/No backlog is the cure/.test(words), backlog === false, code)
    assert.equal(
      /A larger backlog is the cure/.test(words),
      backlog === true || code === 'accept-queue-overflows',
      code,
    )
  }
})

for (const name of ['nginx-5s', 'gunicorn-5s'] satisfies Recorded[])
  test(`the diagnosis of ${name} gives the remedy of its alert`, () => {
    for (const { code, words, who = 'its process' } of diagnose(readRecording(name))) {
      assert.ok(Object.hasOwn(cures, code))
      assert.ok(words.includes(remedyFor(code, who, false)), words)
    }
  })
