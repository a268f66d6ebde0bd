/** Odd requests to each port of a running lab: all are answered, and the lab lives. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type ListenTarget, parseListen } from '#common/parse.ts'
import { Lab } from '#lab/lab.ts'
import { firstAnswer, sendOddRequests, sendRaw } from './support/odd-exchange.ts'

const spillway = fileURLToPath(new URL('../bin/spillway', import.meta.url))
const COUNT = 1000
const SEED = 20_260_127

/** Paths that are there, beside /health. Orders that something would obey as they stand are left out. */
const paths = {
  metrics: ['/metrics', '/stream', '/snapshot', '/health', '/'],
  board: ['/', '/events', '/history', '/plan', '/switches', '/workshop/02-sockets', '/app.ts'],
  exporter: ['/metrics', '/stream', '/samples', '/snapshot', '/'],
  'backend-1': ['/status', '/faults', '/steering', '/metrics', '/openapi.json'],
  agent: ['/loads', '/loads/load-77', '/loads/load-77/steps', '/loads/load-77/speak', '/metrics', '/counters'],
}

interface Up {
  child: ChildProcess
  targets: Record<keyof typeof paths, ListenTarget>
  stderr(): string
}

/** `spillway up` as a person runs it. The services inside are reached through the lab's sockets. */
async function up(context: TestContext): Promise<Up> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-test-'))
  const { XDG_RUNTIME_DIR: _, ...environment } = process.env
  const anyPort = '127.0.0.1:0'
  const child = spawn(spillway, ['up', '--backends', '2', '--rate', '0', '--metrics', anyPort, '--board', anyPort], {
    env: { ...environment, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  context.after(async () => {
    child.kill('SIGTERM')
    await ended
    fs.rmSync(folder, { recursive: true, force: true })
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async (pattern: RegExp): Promise<string> => {
    const { value } = await lines.next()
    return pattern.exec(value ?? '')?.[1] ?? assert.fail(`'${value}' is not ${pattern}; it said ${stderr}`)
  }
  const metrics = parseListen('metrics', await next(/^Metrics at http:\/\/([\d.:]+)\/metrics$/))
  const board = parseListen('board', await next(/^Board at http:\/\/([\d.:]+)$/))
  await next(/(.)/) // a line about the lab: it is there
  const progress = stderr.length // what it said of its start
  child.stdout.resume()
  const [lab = ''] = fs.readdirSync(folder)
  const at = (service: string): ListenTarget => ({ path: path.join(folder, lab, `${service}.sock`) })
  const targets = { metrics, board, exporter: at('exporter'), 'backend-1': at('backend-1'), agent: at('agent') }
  return { child, targets, stderr: () => stderr.slice(progress) }
}

test(`${COUNT} odd requests to each port of \`spillway up\` are answered properly, and the lab lives`, async (context) => {
  const { child, targets, stderr } = await up(context)
  const names = Object.keys(paths) as (keyof typeof paths)[]
  const complaints = names.map((name) => sendOddRequests(targets[name], paths[name], COUNT, SEED))
  for (const [index, name] of names.entries()) assert.deepEqual(await complaints[index], [], name)
  for (const name of names) {
    const answer = firstAnswer(await sendRaw(targets[name], 'GET /health HTTP/1.0\r\n\r\n'))
    assert.equal(answer?.status, 200, name)
  }
  assert.equal(child.exitCode ?? child.signalCode, null)
  assert.equal(stderr(), '')
  const status = firstAnswer(await sendRaw(targets['backend-1'], 'GET /status HTTP/1.0\r\n\r\n'))
  assert.equal(JSON.parse(status?.body ?? '').faults.stalled, false)
})

test(`${COUNT} odd requests to the shared port are answered properly, and the backends live`, async () => {
  await using lab = await Lab.start({ backends: 2 })
  const script = fileURLToPath(new URL('./support/send-odd-requests.ts', import.meta.url))
  const { address, port } = lab.plan
  const before = await Promise.all(lab.backends.map((backend) => backend.status()))
  const { stdout, stderr } = await lab.run(
    ['node', script, address, String(port), String(COUNT), String(SEED)],
    'client',
  )
  assert.deepEqual(JSON.parse(stdout || 'null'), [], stderr)
  const served = await lab.clients.start({ kind: 'connections', arrivals: { shape: 'burst', connections: 40 } })
  assert.equal((await served.done()).outcomes.ok, 40)
  const after = await Promise.all(lab.backends.map((backend) => backend.status()))
  for (const [index, { pid, accepts }] of after.entries()) {
    assert.equal(pid, before[index]?.pid)
    assert.ok(accepts > COUNT / 4, `${accepts} of the connections came to backend ${index + 1}`)
  }
  assert.deepEqual(
    lab.log().filter((line) => line.startsWith('backend')),
    [],
  )
})
