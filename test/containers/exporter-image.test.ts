/** The image of the exporter alone, as docs/operating.md runs it: no capability, nothing that it could write to. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Child } from '#services/exporter/fixtures/child.ts'
import { skipWithout } from '../support/tools.ts'

const run = promisify(execFile)
const IMAGE = 'spillway-exporter'
const bare = ['--network', 'host', '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges']
const skip = skipWithout('docker') || notBuilt()

function notBuilt(): string | false {
  if (spawnSync('docker', ['image', 'inspect', IMAGE], { stdio: 'ignore' }).status === 0) return false
  const reason = `not built: ${IMAGE} (the target exporter of deploy/images/Dockerfile)`
  if (process.env.SPILLWAY_NO_SKIP) throw new Error(`${reason}, and SPILLWAY_NO_SKIP is set`)
  return reason
}

test('without any right it serves the queues of the host', { skip }, async () => {
  const name = `${IMAGE}-test-${randomBytes(3).toString('hex')}`
  await using exporter = new Child('docker', [
    ...['run', '--rm', '--name', name, ...bare],
    ...[IMAGE, 'exporter', '--listen', '127.0.0.1:0'],
  ])
  const [, url = ''] = await exporter.line(/^Metrics: (\S+)/)
  assert.match(await (await fetch(url)).text(), /^tcp_listener_info\{/m)
  await run('docker', ['stop', name])
})

test('it looks at a host once, too', { skip }, async () => {
  const { stdout } = await run('docker', ['run', '--rm', ...bare, IMAGE, 'check', '--json', '--fail-on', 'never'])
  const lines = stdout.trim().split('\n')
  for (const line of lines) assert.equal(typeof JSON.parse(line), 'object', line)
})

test('what it has not is refused in a sentence', { skip }, async () => {
  await assert.rejects(run('docker', ['run', '--rm', IMAGE, 'up']), (error: { code?: number; stderr?: string }) => {
    assert.equal(error.code, 2)
    assert.match(
      error.stderr ?? '',
      /^spillway: this install has no 'up': it has exporter, check, top and exact alone\n/,
    )
    return true
  })
})

test('it is smaller than the image that has everything', { skip }, async () => {
  const sizes = await Promise.all(
    [IMAGE, 'spillway'].map(async (image) => {
      const { stdout } = await run('docker', ['image', 'inspect', '--format', '{{.Size}}', image])
      return Number(stdout)
    }),
  )
  const [small = 0, whole = 0] = sizes
  assert.ok(small > 0 && small < whole, sizes.join(' and '))
})
