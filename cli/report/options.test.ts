import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { UsageError } from '#common/errors.ts'
import { readOptions } from './options.ts'

/** A folder with two runs, one of them cut off, and something else. */
function runs(context: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-options-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  for (const [name, file] of [
    ['b', 'verdict.json'],
    ['a', 'journal.ndjson'],
    ['c', 'notes.txt'],
  ] as const) {
    fs.mkdirSync(path.join(folder, name))
    fs.writeFileSync(path.join(folder, name, file), '')
  }
  return folder
}

test('the report of one run goes into its folder', (context) => {
  const run = path.join(runs(context), 'a')
  assert.deepEqual(readOptions([run]), { folders: [run], out: path.join(run, 'report.html'), json: false })
})

test('a folder of runs stands for those in it, each once, and their report goes where it is asked for', (context) => {
  const folder = runs(context)
  const both = [path.join(folder, 'a'), path.join(folder, 'b')]
  assert.deepEqual(readOptions([folder]), { folders: both, out: 'report.html', json: false })
  assert.deepEqual(readOptions([`${folder}/a/`, folder, '--out', 'x.html', '--json']), {
    folders: both,
    out: 'x.html',
    json: true,
  })
})

test('help is asked for by name, and what cannot be meant is refused', (context) => {
  assert.equal(readOptions(['--help']), undefined)
  const complaint = (words: RegExp) => (error: unknown) => error instanceof UsageError && words.test(error.message)
  assert.throws(() => readOptions([]), complaint(/Which run\?/))
  assert.throws(() => readOptions(['/no/such']), complaint(/There is no folder \/no\/such/))
  assert.throws(() => readOptions([path.join(runs(context), 'c/notes.txt')]), complaint(/There is no folder/))
  assert.throws(() => readOptions(['--surprise']), complaint(/--surprise/))
})
