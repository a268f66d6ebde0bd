/** What an exporter that may not read everything says of it, and when it does not start at all. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { json } from 'node:stream/consumers'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { Child, fixture } from './fixtures/child.ts'

const OWN = ['--user', '--map-root-user', '--net', '--kill-child', '--fork']

const exporter = (listen: string, ...before: string[]): Child =>
  new Child('unshare', [
    ...OWN,
    ...before,
    process.execPath,
    fixture('../main.ts'),
    '--listen',
    listen,
    '--netns',
    'all',
  ])

async function unreadAt(socketPath: string, place: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
  http.get({ socketPath, path: place }, resolve).on('error', reject)
  const told = await json(await promise)
  return told !== null && typeof told === 'object' && 'unread' in told ? told.unread : undefined
}

/** What /health and a snapshot say of an exporter in namespaces of its own. */
async function unread(...before: string[]): Promise<{ health: unknown; snapshot: unknown }> {
  using folder = fs.mkdtempDisposableSync(path.join(os.tmpdir(), 'spillway-unread-'))
  const socketPath = path.join(folder.path, 'exporter.sock')
  await using child = exporter(`unix:${socketPath}`, ...before)
  await child.line(/^Metrics: /)
  const health = await eventually(
    'namespaces have been looked for',
    () => unreadAt(socketPath, '/health'),
    (told) => told !== null && typeof told === 'object' && 'processes' in told,
  )
  return { health, snapshot: await unreadAt(socketPath, '/snapshot') }
}

test('what may not be read is told by /health and by every snapshot', async () => {
  const { health, snapshot } = await unread()
  for (const told of [health, snapshot]) {
    assert.ok(told !== null && typeof told === 'object' && 'processes' in told && 'namespaces' in told)
    assert.ok(Number(told.processes) > 0 && told.namespaces === 0)
  }
})

test('where all may be read /health says so with zeros, and a snapshot says nothing', async () => {
  const { health, snapshot } = await unread('--pid', '--mount-proc')
  assert.deepEqual(health, { namespaces: 0, processes: 0, processesOfListeners: 0 })
  assert.equal(snapshot, undefined)
})

test('an exporter that is asked for all namespaces and may look at no other for want of CAP_SYS_PTRACE does not start', async () => {
  await using child = exporter('127.0.0.1:0', 'setpriv', '--bounding-set=-sys_ptrace')
  assert.equal(await child.exitCode(), 2, child.lines.join('\n'))
  assert.match(child.lines[0] ?? '', /^spillway exporter: --netns all needs CAP_SYS_PTRACE: /)
  assert.ok(child.lines.every((line) => !line.startsWith('Metrics:')))
})
