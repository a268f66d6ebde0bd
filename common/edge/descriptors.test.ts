/** A server that may open no more files. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import net from 'node:net'
import { createInterface } from 'node:readline'
import test from 'node:test'
import { eventually } from '../waiting.ts'

const script = `
  import { httpServer, listenOn } from '${new URL('../http.ts', import.meta.url).href}'
  const app = httpServer({ limits: { connections: 1000, headersMs: 10_000, requestMs: 10_000, remedy: '' } })
  app.get('/metrics', () => 'some 1\\n')
  console.log((await listenOn(app, { host: '127.0.0.1', port: 0 })).port)
`

test('without a file descriptor left for another connection a server hangs up on it, and goes on', async (context) => {
  const child = spawn(
    'bash',
    ['-c', 'ulimit -n 50 && exec "$@"', 'bash', process.execPath, '--input-type=module', '-e', script],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  context.after(() => child.kill('SIGKILL'))
  const complaints: string[] = []
  createInterface(child.stderr).on('line', (line) => complaints.push(line))
  const port = await new Promise<number>((resolve) =>
    createInterface(child.stdout).once('line', (line) => resolve(Number(line))),
  )
  // The system accepts them all; this process has no number left for most, and hangs up on those.
  let turnedAway = 0
  const clients = Array.from({ length: 100 }, () =>
    net
      .connect(port, '127.0.0.1')
      .on('error', () => {})
      .on('close', () => turnedAway++),
  )
  await eventually(
    'some are hung up on',
    () => turnedAway,
    (count) => count > 0,
  )
  assert.ok(turnedAway < clients.length)
  for (const client of clients) client.destroy()
  const text = await eventually(
    'it answers again',
    () => fetch(`http://127.0.0.1:${port}/metrics`).then((response) => response.text()),
    (answer) => answer.length > 0,
  )
  assert.equal(text, 'some 1\n')
  assert.ok(complaints.length <= 1, complaints.join('\n'))
})
