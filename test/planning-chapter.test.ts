/** The planning chapter of the workshop: every number that names a question is what the planner answers to it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import type { Answer } from '#planner/answer.ts'

const spillway = new URL('../bin/spillway', import.meta.url).pathname
const chapter = fs.readFileSync(new URL('../docs/workshop/07-planning.md', import.meta.url), 'utf8')

/** `78<!-- plan --rate … : backlog -->`: a number, its unit, what was asked, and which of the answer's data it is. */
const cited = [...chapter.matchAll(/(\d[\d,.]*)(?: (%|ms))?<!-- plan (.+?): (\w+) -->/g)].map(
  ([, number = '', unit, words = '', name = '']) => ({ number, unit, words, name }),
)

/** The chapter's own recording of arrivals, made by its own command. */
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-chapter-'))
test.after(() => fs.rmSync(folder, { recursive: true, force: true }))
const recording = /^awk .* > (\S+)$/m.exec(chapter)
assert.ok(recording !== null, 'the chapter makes a recording')
spawnSync('sh', ['-c', recording[0]], { cwd: folder })

const answers = new Map<string, Answer>()
function answer(words: string): Answer {
  const known = answers.get(words)
  if (known !== undefined) return known
  const { stdout, stderr } = spawnSync(spillway, ['plan', ...words.split(' '), '--json'], {
    cwd: folder,
    encoding: 'utf8',
  })
  assert.notEqual(stdout, '', stderr)
  const given: Answer = JSON.parse(stdout)
  answers.set(words, given)
  return given
}

test('each number that names a question of the planner is found', () => {
  assert.equal(cited.length, chapter.match(/<!-- plan /g)?.length)
  assert.ok(cited.length >= 8)
})

for (const { number, unit, words, name } of cited)
  test(`spillway plan ${words}: ${name} is ${number}`, () => {
    const { data, disagreements } = answer(words)
    const value = Number(data[name]) * (unit === '%' ? 100 : 1)
    assert.equal(String(Number(value.toPrecision(3))), number.replaceAll(',', ''))
    assert.deepEqual(disagreements, [], 'and the ways of predicting agree')
  })

test('the commands of the chapter can be given as they stand', () => {
  const commands = [...chapter.matchAll(/bin\/spillway plan ([^`\n]+)/g)].flatMap(([, words = '']) =>
    words.includes('--confirm') || words.endsWith('--arrivals') ? [] : words,
  )
  assert.ok(commands.length >= 4)
  for (const words of commands) assert.notEqual(answer(words).answer.length, 0)
})
