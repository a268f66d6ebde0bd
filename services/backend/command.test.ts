import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually } from '#common/waiting.ts'
import { ControlClient } from './testing/started.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

/** Runs the command, and ends it with the test. */
function run(t: TestContext, ...args: string[]) {
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  const said = { out: '', err: '' }
  child.stdout.on('data', (data) => {
    said.out += data
  })
  child.stderr.on('data', (data) => {
    said.err += data
  })
  return { child, said, ended: once(child, 'close') }
}

/** Runs a backend and waits until it says where it is. */
async function runUntilReady(t: TestContext, ...args: string[]) {
  const { child, said, ended } = run(t, '--port', '0', ...args)
  await eventually('it is ready', () => said.out.includes('control ') || child.exitCode !== null)
  const control = /control (\S+)/.exec(said.out)?.[1]
  assert.ok(control, said.err)
  return { child, said, ended, control, api: new ControlClient(`http://${control}`) }
}

test('--help tells the options and ends well', async (t) => {
  const { said, ended } = run(t, '--help')
  assert.deepEqual(await ended, [0, null])
  for (const option of ['name', 'host', 'port', 'backlog', 'mode', 'workers', 'control', 'closed'])
    assert.match(said.out, new RegExp(`--${option}\\b`))
})

test('a wrong option ends with status 2 and a line that names it', async (t) => {
  const wrong: [args: string[], says: RegExp][] = [
    [['--prot', '80'], /--prot/],
    [['--port', '65536'], /--port '65536'/],
    [['--backlog=-1'], /--backlog '-1'/],
    [['--mode', 'both'], /--mode 'both'/],
    [['--workers', '2'], /--workers/],
    [['--mode', 'shared', '--workers', '0'], /--workers '0'/],
    [['--host', 'localhost'], /'localhost' is not an IP address/],
    [['--control', 'localhost:1'], /--control 'localhost:1'/],
    [['--name', 'a b'], /'a b'/],
  ]
  const runs = wrong.map(async ([args, says]) => {
    const { said, ended } = run(t, ...args)
    assert.deepEqual(await ended, [2, null], args.join(' '))
    assert.match(said.err, says)
    assert.equal(said.out, '')
  })
  await Promise.all(runs)
})

test('the process carries its name, speaks over a Unix socket, and leaves no file behind', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'control.sock')
  const { child, said, ended } = run(t, '--port', '0', '--name', 'backend-7', '--closed', '--control', `unix:${file}`)
  await eventually('it is ready', () => said.out.includes('control '))
  assert.match(said.out, /^backend-7 does not listen yet \(sharded\), control unix:/)
  assert.equal(fs.readFileSync(`/proc/${child.pid}/comm`, 'utf8').trim(), 'backend-7')
  assert.ok(fs.statSync(file).isSocket())
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null])
  assert.deepEqual(fs.readdirSync(folder), [])
  assert.equal(said.err, '')
})

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  test(`${signal} ends a stalled backend`, async (t) => {
    const { child, ended, api } = await runUntilReady(t)
    await api.change('PATCH', '/faults', { stalled: true })
    child.kill(signal)
    assert.deepEqual(await ended, [0, null])
  })

test('the processes of shared mode end with their parent, even if it is killed while all are stalled', async (t) => {
  const { child, ended, api } = await runUntilReady(t, '--mode', 'shared', '--workers', '3')
  const { processes } = await api.change('PATCH', '/faults', { stalled: true })
  assert.equal(processes.length, 3)
  child.kill('SIGKILL')
  await ended // the pipes close when the last process has gone
  for (const { pid } of processes) await eventually(`process ${pid} has ended`, () => hasEnded(pid))
})

test('SIGTERM ends the processes of shared mode', async (t) => {
  const { child, ended, api, said } = await runUntilReady(t, '--mode', 'shared', '--workers', '2')
  const { processes } = await api.status()
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null])
  for (const { pid } of processes) assert.ok(hasEnded(pid))
  assert.equal(said.err, '')
})

test('a process of shared mode that is killed leaves the others serving', async (t) => {
  const { api, said } = await runUntilReady(t, '--mode', 'shared', '--workers', '2', '--name', 'backend-s')
  const pid = (await api.status()).processes[1]?.pid
  assert.ok(pid !== undefined)
  assert.equal(fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), 'backend-s.2')
  process.kill(pid, 'SIGKILL')
  await eventually('it is missed', async () => (await api.status()).processes.length === 1)
  assert.match(said.err, new RegExp(`backend-s: process ${pid} has ended`))
})

/** Gone, or a zombie that nobody has asked after yet. */
function hasEnded(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return true
  }
}
