import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { openPage } from './open-page.ts'

/** A PATH with these programs and nothing else, and $BROWSER as given. */
function machine(context: TestContext, programs: Record<string, string>, browser: string | undefined): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-open-'))
  for (const [name, does] of Object.entries(programs))
    fs.writeFileSync(path.join(folder, name), `#!/bin/sh\n${does}\n`, { mode: 0o755 })
  const { PATH, BROWSER } = process.env
  process.env.PATH = folder
  if (browser === undefined) delete process.env.BROWSER
  else process.env.BROWSER = browser
  context.after(() => {
    process.env.PATH = PATH
    if (BROWSER === undefined) delete process.env.BROWSER
    else process.env.BROWSER = BROWSER
    fs.rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

const notes = (name: string): string => `echo "${name} $*" >> "\${0%/*}/notes"`
const noted = (folder: string): string => fs.readFileSync(path.join(folder, 'notes'), 'utf8')

test('without $BROWSER xdg-open gets the address of the page, whatever its name contains', async (context) => {
  const folder = machine(context, { 'xdg-open': notes('xdg-open') }, undefined)
  assert.equal(await openPage('/tmp/a report#1.html'), undefined)
  assert.equal(noted(folder), 'xdg-open file:///tmp/a%20report%231.html\n')
})

test('$BROWSER goes first: the first of its programs that takes the page, with the address where %s stands', async (context) => {
  const programs = { 'xdg-open': notes('xdg-open'), broken: 'exit 3', works: notes('works') }
  const folder = machine(context, programs, 'absent:broken:works --tab %s --quiet:xdg-open')
  assert.equal(await openPage('/tmp/x.html'), undefined)
  assert.equal(noted(folder), 'works --tab file:///tmp/x.html --quiet\n')
})

test('where there is no browser the sentence says so, why, and where the report is', async (context) => {
  machine(context, { broken: 'exit 3' }, undefined)
  const sentence = (await openPage('x.html')) ?? ''
  assert.equal(
    sentence,
    `There is no browser here: $BROWSER is not set, and there is no xdg-open; the report is ${path.resolve('x.html')}`,
  )
  process.env.BROWSER = 'broken'
  assert.match(
    (await openPage('/x.html')) ?? '',
    /^There is no browser here that opens it \(broken failed\); the report is \/x\.html$/,
  )
  process.env.BROWSER = 'nothing'
  assert.match(
    (await openPage('/x.html')) ?? '',
    /\$BROWSER is 'nothing', which is no program; the report is \/x\.html$/,
  )
})

test('a browser that stays is left running and not waited for', async (context) => {
  machine(context, { stays: '/bin/sleep 30' }, 'stays')
  assert.equal(await openPage('/x.html'), undefined)
})
