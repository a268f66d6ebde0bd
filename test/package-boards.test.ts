/** What operators import is in the npm package: the boards, the rules and the mixin that refers to both. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { boards } from '#dashboards/index.ts'

const root = path.resolve(import.meta.dirname, '..')

interface Packed {
  files: { path: string }[]
}

test('the package holds every board, and the mixin with all that it imports, but no tests of rules', () => {
  // Nothing is built or written: only the list is of interest.
  const listing = execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const packs: Packed[] = JSON.parse(listing)
  const packed = new Set(packs.flatMap(({ files }) => files.map((file) => file.path)))
  for (const name of boards.keys()) assert.ok(packed.has(`dashboards/json/${name}.json`), name)
  const mixin = fs.readFileSync(path.join(root, 'dashboards/mixin.libsonnet'), 'utf8')
  const imported = [...mixin.matchAll(/import(?:str)? '([^']+)'/g)].map(([, file = '']) =>
    path.join('dashboards', file),
  )
  assert.ok(imported.length > boards.size)
  for (const file of ['dashboards/mixin.libsonnet', ...imported]) assert.ok(packed.has(file), file)
  assert.deepEqual(
    [...packed].filter((file) => file.endsWith('.test.yml')),
    [],
  )
})
