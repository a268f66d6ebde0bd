import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { UsageError } from '#common/errors.ts'
import { refuseUnwritable, writePage } from './page-file.ts'

function folder(context: TestContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-page-'))
  context.after(() => fs.rmSync(made, { recursive: true, force: true }))
  return made
}

test('whether a file can be written is found out without a trace', (context) => {
  const [anew, old] = ['new.html', 'old.html'].map((name) => path.join(folder(context), name))
  refuseUnwritable(anew!, '--report')
  assert.ok(!fs.existsSync(anew!))
  fs.writeFileSync(old!, 'before')
  refuseUnwritable(old!, '--report')
  assert.equal(fs.readFileSync(old!, 'utf8'), 'before')
})

test('a file that cannot be written is named, with the option that names another', (context) => {
  const nowhere = path.join(folder(context), 'none', 'x.html')
  for (const file of [nowhere, folder(context)])
    for (const attempt of [() => refuseUnwritable(file, '--report'), () => writePage(file, '', '--report')])
      assert.throws(attempt, (error) => {
        assert.ok(error instanceof UsageError)
        assert.match(error.message, /^Cannot write .*: (there is no folder .*none|it is a folder)$/)
        assert.ok(error.message.includes(file) && error.remedy?.includes('--report FILE'))
        return true
      })
})
