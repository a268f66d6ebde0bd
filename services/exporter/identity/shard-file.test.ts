import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { ShardFile } from './shard-file.ts'
import { Shards } from './shards.ts'

const group = new Map([
  ['lab|10.0.0.1|80', ['a', 'b', 'c'].map((id, index) => ({ id, inode: index, commandLine: `web ${id}` }))],
])

const numbers = (shards: Shards): number[] => ['a', 'b', 'c'].map((id) => shards.of(id))

function folderOf(context: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-shards-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** One run of an exporter: what it restores, and the log. */
function run(folder: string, boot = 'boot-1') {
  const lines: string[] = []
  const shards = new Shards()
  const file = new ShardFile(folder, boot, (line) => lines.push(line))
  file.restore(shards, 0)
  return { shards, file, lines }
}

test('the numbers of one run are those of the next on the same boot, and of no other', (context) => {
  const folder = path.join(folderOf(context), 'made/on/the/way')
  const first = run(folder)
  first.shards.update(group, 0)
  first.file.close(first.shards)
  assert.deepEqual(numbers(run(folder).shards), [1, 2, 3])
  const rebooted = run(folder, 'boot-2')
  assert.deepEqual([numbers(rebooted.shards), rebooted.lines], [[0, 0, 0], []])
  assert.deepEqual(first.lines, [])
  assert.equal(fs.statSync(path.join(folder, 'shards.json')).mode & 0o777, 0o600)
})

test('it is written soon after a change, without a signal to end, and then rarely', async (context) => {
  const folder = folderOf(context)
  const { shards, file } = run(folder)
  const saved = (): string =>
    fs.readdirSync(folder).includes('shards.json') ? fs.readFileSync(path.join(folder, 'shards.json'), 'utf8') : ''
  shards.update(group, 0)
  file.offer(shards, 0)
  file.offer(shards, 900)
  assert.equal(saved(), '')
  file.offer(shards, 1000)
  await eventually('it is written', saved)
  const before = saved()
  shards.update(new Map(), 1100)
  for (const nowMs of [1100, 2100, 10_900]) file.offer(shards, nowMs)
  assert.equal(saved(), before)
  file.offer(shards, 11_000)
  await eventually('it is written again', () => saved() !== before)
  assert.deepEqual(fs.readdirSync(folder), ['shards.json'], 'nothing else is left')
})

const broken: [what: string, content: string, why: RegExp][] = [
  ['half a file', '{"format":"spillway shards 1","boot":"boot-1","gro', /it is damaged/],
  ['nothing', '', /it is damaged/],
  ['the file of another program', '{"shards":[]}', /not one that this exporter writes/],
  ['a list', '[]', /not one that this exporter writes/],
  [
    'a number that is none',
    '{"format":"spillway shards 1","boot":"boot-1","groups":{"x":[["1","a",""]]}}',
    /it is damaged/,
  ],
  ['a gap', '{"format":"spillway shards 1","boot":"boot-1","groups":{"x":[[1000000000,"a",""]]}}', /it is damaged/],
  [
    'two numbers for one listener',
    '{"format":"spillway shards 1","boot":"boot-1","groups":{"x":[[1,"a",""],[2,"a",""]]}}',
    /it is damaged/,
  ],
]

for (const [what, content, why] of broken)
  test(`${what} is passed over with a sentence, and replaced`, (context) => {
    const folder = folderOf(context)
    fs.writeFileSync(path.join(folder, 'shards.json'), content)
    const { shards, file, lines } = run(folder)
    assert.equal(lines.length, 1)
    assert.match(lines[0]!, why)
    shards.update(group, 0)
    file.close(shards)
    assert.deepEqual(numbers(run(folder).shards), [1, 2, 3])
  })

test('a folder in its place, and a file without end, are passed over', (context) => {
  const folder = folderOf(context)
  fs.mkdirSync(path.join(folder, 'shards.json'))
  assert.match(run(folder).lines.join(), /it is not a file/)
  const other = folderOf(context)
  fs.writeFileSync(path.join(other, 'shards.json'), '')
  fs.truncateSync(path.join(other, 'shards.json'), 1e10)
  assert.match(run(other).lines.join(), /larger than any/)
})

test('a folder that cannot be written is said once, and the numbers stay', async (context) => {
  const file = path.join(folderOf(context), 'a-file')
  fs.writeFileSync(file, '')
  const { shards, file: state, lines } = run(path.join(file, 'below'))
  for (let nowMs = 0; nowMs < 60_000; nowMs += 1000) {
    shards.update(nowMs % 2000 === 0 ? group : new Map(), nowMs)
    state.offer(shards, nowMs)
    await new Promise(setImmediate)
  }
  shards.update(group, 60_000)
  state.close(shards)
  assert.equal(lines.length, 1)
  assert.match(lines[0]!, /^Shard numbers cannot be saved.*a-file/)
  assert.deepEqual(numbers(shards), [1, 2, 3])
})

test('what could not be written is not left behind, and what was saved before stays', async (context) => {
  const folder = folderOf(context)
  const before = run(folder)
  before.shards.update(group, 0)
  before.file.close(before.shards)
  fs.mkdirSync(path.join(folder, 'shards.json.new')) // nothing can be written there
  const { shards, file, lines } = run(folder)
  shards.update(new Map(), 0)
  file.offer(shards, 0)
  file.offer(shards, 1000)
  await eventually('it is said', () => lines.length === 1)
  assert.match(lines[0]!, /^Shard numbers cannot be saved in .*: it is a folder\. /)
  assert.deepEqual(numbers(run(folder).shards), [1, 2, 3])
})

test('without the boot of the machine nothing is kept, and that is said', () => {
  const lines: string[] = []
  assert.equal(
    ShardFile.in('/tmp', '/nonexistent', (line) => lines.push(line)),
    undefined,
  )
  assert.match(lines.join(), /^Shard numbers are not kept in \/tmp: .*does not exist/)
})
