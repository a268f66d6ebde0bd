import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inNamespace } from '../testing/in-namespace.ts'
import type { LoadReport } from './api.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

async function run(...words: string[]) {
  const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { out, error, code }
}

test('on a Unix socket it serves until SIGTERM, which ends it cleanly', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-agent-'))
  const socketPath = path.join(folder, 'agent.sock')
  const child = spawn(process.execPath, [main, '--listen', `unix:${socketPath}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [line] = await once(child.stdout, 'data')
    assert.equal(String(line), `Load agent on unix:${socketPath}\n`)
    const [response] = await once(http.get({ socketPath, path: '/health' }), 'response')
    assert.deepEqual(JSON.parse(await text(response)), { status: 'ok', pid: child.pid })
  } finally {
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    assert.equal(code, 0)
    assert.equal(fs.existsSync(socketPath), false)
    fs.rmSync(folder, { recursive: true })
  }
})

test('--help tells how to use it', async () => {
  const { out, code } = await run('--help')
  assert.equal(code, 0)
  assert.match(out, /--listen ADDRESS/)
})

test('a wrong option ends it with status 2 and one plain sentence', async () => {
  for (const words of [['--listen', 'here'], ['--listen', 'localhost:1'], ['--what'], ['word']]) {
    const { error, code } = await run(...words)
    assert.equal(code, 2, words.join(' '))
    assert.doesNotMatch(error, /^\s+at /m)
  }
})

test('a port that is taken is said to be taken', async () => {
  await using server = http.createServer().listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const { error, code } = await run('--listen', `127.0.0.1:${address.port}`)
  assert.equal(code, 2)
  assert.match(error, /taken by another process/)
})

test('clients may be in another network namespace than the API, and their counters are of theirs', async () => {
  interface Seen extends Pick<LoadReport, 'outcomes'> {
    peers: string[]
    activeOpens: number
  }
  const seen = await inNamespace<Seen>(new URL('../testing/agent-elsewhere.scenario.ts', import.meta.url))
  assert.equal(seen.outcomes.ok, 3)
  assert.deepEqual(seen.peers, ['198.18.0.3', '198.18.0.3', '198.18.0.3'])
  // Requests to the API are no connections of theirs.
  assert.equal(seen.activeOpens, 3)
})

test('a namespace that cannot be entered is named', async () => {
  for (const path of ['/no/such', '/etc/hostname']) {
    const { error, code } = await run('--listen', '127.0.0.1:0', '--netns', path)
    assert.equal(code, 2)
    assert.match(error, new RegExp(`--netns ${path} cannot be entered: .*\n.*/proc/PID/ns/net`))
    assert.doesNotMatch(error, /^\s+at /m)
  }
})
