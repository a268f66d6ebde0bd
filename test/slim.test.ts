/** The install for hosts: made here, unpacked elsewhere, run without this checkout. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { Child } from '#services/exporter/fixtures/child.ts'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '..')
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-slim-test-'))
const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: folder }
const spillway = path.join(folder, 'spillway/bin/spillway')
let archive = ''

before(
  async () => {
    await run(process.execPath, [path.join(root, 'scripts/slim.ts'), folder])
    archive = path.join(folder, fs.readdirSync(folder).find((name) => name.endsWith('.tar.gz')) ?? '')
    await run('tar', ['-xzf', archive, '-C', folder])
  },
  { timeout: 300_000 },
)
after(() => fs.rmSync(folder, { recursive: true, force: true }))

test('it has Node and what its commands need, and no server framework, charts or file format of recordings', () => {
  assert.match(
    path.basename(archive),
    new RegExp(`^spillway-host-\\d+\\.\\d+\\.\\d+-linux-${process.arch}\\.tar\\.gz$`),
  )
  const packages = fs.readdirSync(path.join(folder, 'spillway/node_modules'))
  for (const needed of ['koffi', 'prom-client', `node-linux-${process.arch}`])
    assert.ok(packages.includes(needed), needed)
  for (const needless of ['fastify', 'd3-scale', 'uplot', 'hyparquet'])
    assert.ok(!packages.includes(needless), needless)
  assert.ok(fs.existsSync(path.join(folder, 'spillway/LICENSE')))
  assert.ok(fs.existsSync(path.join(folder, 'spillway/deploy/systemd/spillway-exporter.service')))
})

test('check finds a listener, and says its own version', async () => {
  const { stdout: version } = await run(spillway, ['--version'], { env })
  assert.match(version, /^\d+\.\d+\.\d+\n$/)
  const { stdout } = await run(spillway, ['check', '--json', '--fail-on', 'never'], { env })
  const lines = stdout.trim().split('\n')
  for (const line of lines) assert.doesNotThrow(() => JSON.parse(line), line)
})

test('top shows moments as JSON', async () => {
  await using top = new Child(spillway, ['top', '--json'])
  await top.line(/^\{/)
  const [first = ''] = top.lines
  assert.doesNotThrow(() => JSON.parse(first), first)
})

test('exact says that nothing is installed', async () => {
  await assert.rejects(
    run(spillway, ['exact', 'status'], { env }),
    ({ code, stdout }: { code: number; stdout: string }) => {
      assert.equal(code, 1)
      assert.match(stdout, /^Nothing is installed/)
      return true
    },
  )
})

test('the exporter serves its metrics', async () => {
  await using exporter = new Child(spillway, ['exporter', '--listen', '127.0.0.1:0'])
  const [, url = ''] = await exporter.line(/^Metrics: (\S+)/)
  assert.match(await (await fetch(url)).text(), /^tcp_listener_info\{/m)
})

test('what it has not is refused in a sentence that says what has it', async () => {
  for (const words of [['up'], ['plan', '--help'], ['top', '--board'], ['tpo']])
    await assert.rejects(run(spillway, words, { env }), (error: { code?: number; stderr?: string }) => {
      assert.equal(error.code, 2)
      assert.match(error.stderr ?? '', /^spillway: this install has no .*\nnpm install --global spillway has all\n$/)
      return true
    })
})
