/** A server that is killed and started again finds nothing of itself: those of its processes that lost their parent are collected. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { Lab } from '#lab/lab.ts'

/** As PostgreSQL does: it refuses to start while the process whose number it left behind exists. */
const SERVER = `
const fs = require('node:fs')
const file = process.env.SPILLWAY_TEST_PID_FILE
try {
  process.kill(Number(fs.readFileSync(file, 'utf8')), 0)
  console.error('another one runs')
  process.exit(3)
} catch {}
fs.writeFileSync(file, String(process.pid))
require('node:http').createServer((q, r) => r.end('x')).listen(process.env.PORT, process.env.HOST)
`

test('a server that a shell has started is started again after a kill, although it remembers its number', async (context) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-again-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const script = path.join(folder, 'server.cjs')
  fs.writeFileSync(
    script,
    SERVER.replace('process.env.SPILLWAY_TEST_PID_FILE', JSON.stringify(path.join(folder, 'pid'))),
  )
  await using lab = await Lab.start({
    server: { name: 'again', command: ['sh', '-c', `${process.execPath} ${script}; exit $?`] },
  })
  await lab.backend(1).restart()
  const load = await lab.clients.start({ kind: 'connections', arrivals: { shape: 'burst', connections: 3 } })
  assert.equal((await load.done()).outcomes.ok, 3)
})
