/** What GitHub runs for a change and for a release: read by actionlint, and its steps tried here. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { parse } from 'yaml'
import { findProgram, skipWithout } from './support/tools.ts'

const root = path.resolve(import.meta.dirname, '..')
const workflows = path.join(root, '.github/workflows')
const files = fs.readdirSync(workflows).map((file) => path.join(workflows, file))
const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))

interface Job {
  permissions?: Record<string, string>
  steps?: { uses?: string; run?: string; with?: Record<string, unknown> }[]
}

interface Workflow {
  permissions: Record<string, string>
  jobs: Record<string, Job>
}

const read = (file: string): Workflow => parse(fs.readFileSync(file, 'utf8'))

function release(...words: string[]): { status: number | null; said: string; text: string } {
  const { status, stdout, stderr } = spawnSync(path.join(root, '.github/release'), words, { encoding: 'utf8' })
  return { status, said: stderr, text: stdout }
}

test('actionlint finds nothing to complain of', { skip: skipWithout('actionlint') }, () => {
  const { status, stdout, stderr } = spawnSync(findProgram('actionlint')!, ['-no-color', ...files], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stdout + stderr)
})

test('a workflow may read the code and no more, unless a job says what else it needs', () => {
  for (const file of files) assert.deepEqual(read(file).permissions, { contents: 'read' }, file)
  const { jobs } = read(path.join(workflows, 'release.yml'))
  const writers = Object.entries(jobs).filter(([, { permissions = {} }]) =>
    Object.values(permissions).includes('write'),
  )
  assert.deepEqual(writers.map(([name]) => name).sort(), ['chart', 'images', 'npm', 'release'])
})

test('no workflow names a token but that of GitHub: npm trusts the workflow itself', () => {
  for (const file of files)
    for (const [, secret] of fs.readFileSync(file, 'utf8').matchAll(/secrets\.(\w+)/g))
      assert.equal(secret, 'GITHUB_TOKEN')
  const npm = read(path.join(workflows, 'release.yml')).jobs.npm
  assert.equal(npm?.permissions?.['id-token'], 'write')
  assert.ok(npm?.steps?.some(({ run }) => run?.includes('npm publish') && run.includes('--provenance')))
})

test('every target of an image that is published is one of the Dockerfile', () => {
  const dockerfile = fs.readFileSync(path.join(root, 'deploy/images/Dockerfile'), 'utf8')
  const targets = [...dockerfile.matchAll(/^FROM .* AS (\S+)$/gm)].map(([, name]) => name)
  const text = fs.readFileSync(path.join(workflows, 'release.yml'), 'utf8')
  const published = [...text.matchAll(/\{ target: ([\w-]+),/g)].map(([, name]) => name)
  assert.ok(published.length >= 2)
  for (const name of published) assert.ok(targets.includes(name), name)
})

test('Node has the version of .env in the workflows', () => {
  const node = /^NODE_IMAGE=node:([\d.]+)/m.exec(fs.readFileSync(path.join(root, '.env'), 'utf8'))?.[1]
  for (const file of files)
    for (const [, used] of fs.readFileSync(file, 'utf8').matchAll(/node-version: ([\d.]+)/g))
      assert.equal(used, node, file)
})

test('a tag is taken only if it is the version of the package', () => {
  assert.equal(release('version', `v${version}`).status, 0)
  for (const tag of ['v9.9.9', version, `v${version}-rc1`]) {
    const { status, said } = release('version', tag)
    assert.equal(status, 1, tag)
    assert.match(said, new RegExp(`the tag is ${tag}, and package.json says ${version}`))
  }
})

test('the versions of a release are those of .env and package.json', () => {
  const { text } = release('versions')
  assert.match(text, new RegExp(`^version=${version}\\nnode=node:[\\d.]+-\\S+\\n$`))
})

test('the notes of a release are its part of the changelog and no other', () => {
  const { text } = release('notes', `v${version}`)
  assert.match(text, /The first version/)
  assert.doesNotMatch(text, /^## /m)
  assert.equal(release('notes', 'v9.9.9').text, '')
})

test('checksums are those of the files that a release has', () => {
  using folder = fs.mkdtempDisposableSync(path.join(os.tmpdir(), 'spillway-release-'))
  const [from, to] = [path.join(folder.path, 'downloaded'), path.join(folder.path, 'artifacts')]
  fs.mkdirSync(path.join(from, 'package'), { recursive: true })
  fs.mkdirSync(path.join(from, 'chart'))
  fs.writeFileSync(path.join(from, 'package/spillway-0.1.0.tgz'), 'a package')
  fs.writeFileSync(path.join(from, 'chart/spillway-0.1.0-chart.tgz'), 'a chart')
  assert.equal(release('checksums', from, to).status, 0)
  assert.deepEqual(fs.readdirSync(to).sort(), ['SHA256SUMS', 'spillway-0.1.0-chart.tgz', 'spillway-0.1.0.tgz'])
  fs.cpSync(path.join(from, 'package/spillway-0.1.0.tgz'), path.join(from, 'chart/spillway-0.1.0.tgz'))
  assert.match(release('checksums', from, to).said, /two files are called spillway-0\.1\.0\.tgz/)
  assert.equal(spawnSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: to }).status, 0)
})
