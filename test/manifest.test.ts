/** What package.json and its lock file promise to whoever runs `npm ci`. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'

const root = path.resolve(import.meta.dirname, '..')

interface Locked {
  resolved?: string
  link?: boolean
  hasInstallScript?: boolean
}

const read = <Content>(file: string): Content => JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'))
const { packages } = read<{ packages: Record<string, Locked> }>('package-lock.json')
const manifest = read<{
  allowScripts: Record<string, boolean>
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
}>('package.json')

test('no dependency brings an install script but those that are refused, and nothing is compiled', () => {
  const withScript = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([name]) => name.replace(/^.*node_modules\//, ''))
  assert.deepEqual([...new Set(withScript)].sort(), Object.keys(manifest.allowScripts).sort())
  assert.ok(Object.values(manifest.allowScripts).every((allowed) => !allowed))
  const compiled = ['cpu-features', 'nan', 'node-addon-api', 'node-gyp-build']
  for (const name of compiled) assert.ok(!(`node_modules/${name}` in packages), name)
})

test('the lock file names no registry, so that each machine asks its own', () => {
  const elsewhere = Object.entries(packages).filter(([, { resolved, link }]) => resolved !== undefined && link !== true)
  assert.deepEqual(elsewhere, [])
})

test('every dependency has one exact version', () => {
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))
    assert.match(version, /^(\d+\.\d+\.\d+|file:test\/.+)$/, name)
})
