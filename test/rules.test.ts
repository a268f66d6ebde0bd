/** The configuration and rules of Prometheus, held against its own tools. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { findProgram, skipWithout } from './support/tools.ts'

const folder = fileURLToPath(new URL('../deploy/prometheus/', import.meta.url))
const ruleFiles = fs.readdirSync(`${folder}/rules`)
const rules = ruleFiles.filter((name) => !name.endsWith('.test.yml')).map((name) => `rules/${name}`)
const tests = ruleFiles.filter((name) => name.endsWith('.test.yml')).map((name) => `rules/${name}`)
const skip = skipWithout('promtool')

function promtool(...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(findProgram('promtool')!, args, { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 0, `${stdout}${stderr}`)
}

test('promtool finds no fault in the configuration, nor in the targets it names', { skip }, () => {
  promtool('check', 'config', '--lint=all', '--lint-fatal', 'prometheus.yml')
})

test('promtool finds no fault in the rules', { skip }, () => {
  promtool('check', 'rules', '--lint=all', '--lint-fatal', ...rules)
})

for (const file of tests)
  test(`the rule tests of ${file} hold`, { skip }, () => {
    promtool('test', 'rules', file)
  })

const text = (files: string[]): string => files.map((name) => fs.readFileSync(`${folder}/${name}`, 'utf8')).join('\n')

test('every recording rule is tested', () => {
  const records = [...text(['rules/recording.yml']).matchAll(/- record: (\S+)/g)].map(([, name]) => name!)
  assert.ok(records.length > 0)
  for (const name of records) assert.ok(text(tests).includes(`- expr: ${name}\n`), `a test asks for ${name}`)
})
