import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { after, beforeEach } from 'node:test'
import { pointLatest } from './latest.ts'

const home = process.cwd()
const folders: string[] = []
beforeEach(() => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-latest-'))
  folders.push(folder)
  process.chdir(folder)
})
after(() => {
  process.chdir(home)
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true })
})

test('the link leads to the newest run, of one experiment or of several, wherever the folder is moved', () => {
  for (const run of ['runs/one/small-backlog', 'runs/two']) {
    fs.mkdirSync(run, { recursive: true })
    assert.equal(pointLatest(run), undefined)
    assert.equal(fs.realpathSync('runs/latest'), fs.realpathSync(run))
  }
  fs.renameSync('runs', 'moved')
  assert.equal(fs.realpathSync('moved/latest'), fs.realpathSync('moved/two'))
  assert.deepEqual(fs.readdirSync('moved').sort(), ['latest', 'one', 'two'])
})

test('a link whose run is gone is replaced, and runs that lie elsewhere leave it as it is', () => {
  fs.mkdirSync('runs/kept', { recursive: true })
  fs.symlinkSync('gone', 'runs/latest')
  assert.equal(pointLatest('runs/kept'), undefined)
  assert.equal(fs.readlinkSync('runs/latest'), 'kept')
  fs.mkdirSync('elsewhere')
  assert.equal(pointLatest('elsewhere'), undefined)
  assert.equal(pointLatest(path.resolve('elsewhere')), undefined)
  assert.equal(fs.readlinkSync('runs/latest'), 'kept')
})

test('what is not a link is left as it is, and where no link can be made that is said in a sentence', () => {
  fs.mkdirSync('runs/latest', { recursive: true })
  assert.match(
    pointLatest('runs/x') ?? '',
    /^runs\/latest is not a link and was left as it is: the newest run is in runs\/x$/,
  )
  assert.ok(fs.statSync('runs/latest').isDirectory())
  fs.rmSync('runs', { recursive: true })
  fs.symlinkSync('/proc/self', 'runs')
  assert.match(
    pointLatest('runs/x') ?? '',
    /^runs\/latest cannot point to the newest run, which is in runs\/x: no link can be created there$/,
  )
})
