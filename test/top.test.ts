/** `spillway top` on this host: what it shows of sockets that the test makes itself. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { eventually } from '#common/waiting.ts'
import type { HostRow, HostView } from '#live/host/rows.ts'
import { startExporter } from '#services/exporter/exporter.ts'
import { skipWithout } from './support/tools.ts'

const spillway = path.resolve(import.meta.dirname, '../bin/spillway')

/** A server with its own process that never accepts, and clients that fill its queue: backlog N, N + 1 wait. */
async function fullServer(context: TestContext, backlog: number): Promise<{ port: number; pid: number }> {
  // What listens is given back to the kernel's hands: the process stops at once, and accepts nobody.
  const code = `const server = require('node:net').createServer()
    server.listen({ port: 0, host: '127.0.0.1', backlog: ${backlog} }, () => {
      require('node:fs').writeSync(1, server.address().port + '\\n')
      process.kill(process.pid, 'SIGSTOP')
    })`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  context.after(() => ended(child, 'SIGKILL'))
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const port = Number(
    await eventually(
      'it listens',
      () => said,
      (text) => assert.match(text, /^\d+\n$/),
    ),
  )
  for (let client = 0; client <= backlog; client++) {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => {})
    context.after(() => socket.destroy())
  }
  return { port, pid: child.pid ?? 0 }
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  const over = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  return over
}

/** The first view that `spillway top --json` gives in which something holds. */
async function viewWith(context: TestContext, args: string[], check: (view: HostView) => void): Promise<HostView> {
  const child = spawn(spillway, ['top', '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  context.after(() => ended(child, 'SIGTERM'))
  let lines = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    lines += text
  })
  const last = (): HostView => JSON.parse(lines.trimEnd().split('\n').at(-1) ?? '') as HostView
  const view = await eventually('top tells', last, check)
  const code = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  assert.equal(await code, 0, 'a signal ends it in order')
  return view
}

const rowAt = ({ rows }: HostView, port: number): HostRow | undefined => rows.find((row) => row.port === port)

test('a server that accepts nobody is seen full, with its process', async (context) => {
  const { port, pid } = await fullServer(context, 3)
  const view = await viewWith(context, ['--netns', 'self'], (seen) => {
    const row = rowAt(seen, port)
    assert.deepEqual([row?.length, row?.room, row?.peak], [4, 4, 4])
    assert.deepEqual(row?.pids, [pid])
  })
  const row = rowAt(view, port)
  assert.deepEqual([row?.place, row?.kind, row?.drops], [`127.0.0.1:${port}`, 'tcp', 0])
  assert.match(row?.process ?? '', /^node|MainThread$/)
  assert.notEqual(row?.happenedMs, undefined)
})

test('through a running exporter the same is seen, and without one the sentence says what to start', async (context) => {
  const { port } = await fullServer(context, 2)
  const exporter = await startExporter({ listen: { host: '127.0.0.1', port: 0 }, log: () => {} })
  context.after(() => exporter[Symbol.asyncDispose]())
  const address = exporter.url.replace('http://', '')
  await viewWith(context, ['--exporter', address], (seen) => {
    const row = rowAt(seen, port)
    assert.deepEqual([row?.length, row?.room], [3, 3])
  })
  const nobody = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-top-')), 'none.sock')
  context.after(() => fs.rmSync(path.dirname(nobody), { recursive: true }))
  const child = spawn(spillway, ['top', '--exporter', `unix:${nobody}`], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  assert.equal(await new Promise((resolve) => child.once('close', resolve)), 2)
  assert.equal(
    said,
    `spillway: No exporter answers at unix:${nobody}: it does not exist\nStart it: spillway exporter, or give the address where it runs\n`,
  )
})

test('without a terminal the table is printed once', async (context) => {
  const { port, pid } = await fullServer(context, 1)
  const child = spawn(spillway, ['top', '--netns', 'self', '--filter', String(port)], {
    env: { ...process.env, COLUMNS: '120' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more
  })
  assert.equal(await new Promise((resolve) => child.once('close', resolve)), 0)
  const lines = text.trimEnd().split('\n')
  assert.match(lines[0] ?? '', /^1 of \d+ queues · .*1 full/)
  const row = new RegExp(`^ ●127\\.0\\.0\\.1:${port} +\\S+ ?${pid} .*█ +2 of 2 `)
  assert.ok(
    lines.some((line) => row.test(line)),
    text,
  )
  assert.match(lines.slice(4).join(' '), new RegExp(`127\\.0\\.0\\.1:${port} .*is stopped by a signal`), 'and why')
})

test('in a terminal keys filter, show details and end it, and the screen is as it was', {
  skip: skipWithout('script'),
}, async (context) => {
  const { port, pid } = await fullServer(context, 1)
  const child = spawn('script', ['-qefc', `stty rows 24 cols 80; ${spillway} top --netns self`, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  context.after(() => ended(child, 'SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const shows = (pattern: RegExp): Promise<unknown> =>
    eventually(
      `the terminal shows ${pattern}`,
      () => output,
      (text) => assert.match(text, pattern),
    )
  await shows(/2 of 2/)
  child.stdin.write(`/`)
  await shows(/filter: _/)
  for (const key of String(port)) child.stdin.write(key)
  await shows(new RegExp(`filter: ${port}_`))
  child.stdin.write('\r')
  await shows(new RegExp(`filter: ${port} `))
  child.stdin.write('\r')
  await shows(new RegExp(`held by ${pid}`))
  child.stdin.write('q')
  assert.equal(await new Promise((resolve) => child.once('exit', resolve)), 0)
  assert.ok(output.endsWith('\x1b[?25h\x1b[?1049l'), 'cursor and screen are given back')
})

test('what is found stands below the table: which listener turns clients away, and why', async (context) => {
  const { port } = await fullServer(context, 2)
  const view = await viewWith(context, ['--netns', 'self'], (seen) => {
    const { findings } = seen as HostView & { findings: { code: string; about?: { port?: number }; words: string }[] }
    const found = findings.find(({ about }) => about?.port === port)
    assert.equal(found?.code, 'all-shards-stalled')
    assert.match(found.words, /stopped/)
  })
  assert.ok(rowAt(view, port))
})
