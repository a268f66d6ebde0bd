/** `spillway up -- COMMAND` as a person types it. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import test, { type TestContext } from 'node:test'
import { eventually } from '#common/waiting.ts'
import type { LabView } from '#live/view.ts'
import { unprivileged } from '#services/exporter/fixtures/unprivileged.ts'
import { gunicorn, nginx, nodeCluster } from './support/own-servers.ts'
import { skipWithout } from './support/tools.ts'

const spillway = new URL('../bin/spillway', import.meta.url).pathname

interface Run {
  child: ChildProcess
  folder: string
  nextView(): Promise<LabView & { words?: string }>
  stderr(): string
  /** All processes that descend from it, found by a mark in their environment. */
  processes(): number[]
}

interface Typed {
  file: string
  before: string[]
}

/** The command, or one that runs it as somebody without any right; `args` gets a folder that this user can read and write. */
function start(
  context: TestContext,
  args: (folder: string) => string[],
  as: (words: string[]) => Typed = (before) => ({ file: spillway, before }),
): Run {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-own-up-'))
  fs.chmodSync(folder, 0o777)
  const mark = `SPILLWAY_TEST_OWN=${randomUUID()}`
  const [name = '', value] = mark.split('=')
  const { XDG_RUNTIME_DIR: _, ...environment } = process.env
  const { file, before } = as(['up', '--json', '--metrics', '127.0.0.1:0', ...args(folder)])
  const child = spawn(file, before, {
    env: { ...environment, TMPDIR: folder, [name]: value },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  context.after(() => {
    child.kill('SIGKILL')
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  })
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]()
  return {
    child,
    folder,
    stderr: () => stderr,
    async nextView() {
      const { value, done } = await lines.next()
      assert.ok(!done, `it goes on; it said: ${stderr}`)
      return JSON.parse(value) as LabView
    },
    processes: () =>
      fs.readdirSync('/proc').flatMap((pid) => {
        try {
          const marked =
            /^\d+$/.test(pid) && fs.readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark)
          return marked ? [Number(pid)] : []
        } catch {
          return [] // ended meanwhile, or another user's
        }
      }),
  }
}

const gone = (run: Run): Promise<number[]> =>
  eventually(
    'nothing of it runs',
    () => run.processes(),
    (pids) => assert.deepEqual(pids, []),
  )

test('a daemon with workers of another user is shown, and killing the command leaves nothing of it', {
  skip: skipWithout('nginx'),
}, async (context) => {
  const run = start(context, (folder) => ['--', ...nginx('reuseport').command(folder)])
  const view = await eventually(
    'both sockets are served',
    () => run.nextView(),
    ({ shards, clients }) => {
      assert.equal(shards.length, 2)
      assert.ok(shards.every(({ state, processes }) => state === 'listening' && processes.length === 1))
      assert.ok(clients.connectedPerSecond > 0)
    },
  )
  assert.equal(view.server?.name, 'nginx')
  assert.ok(view.server?.reloads)
  assert.equal(view.shards[0]?.acceptsPerSecond, undefined, 'no counter of the kernel tells the sockets apart')
  assert.ok(run.processes().length > 6, 'command, lab, agent, exporter, keeper and nginx')
  run.child.kill('SIGKILL')
  await gone(run)
  assert.deepEqual(
    fs.readdirSync(run.folder).filter((name) => name.startsWith('spillway-')),
    [],
  )
})

test('the accepts of a server with one socket are counted by the kernel, and its output is kept where it is asked for', {
  skip: skipWithout('gunicorn'),
}, async (context) => {
  const run = start(context, (folder) => [
    `--server-log=${folder}/own.log`,
    '--',
    ...gunicorn('-w', '2').command(folder),
  ])
  await eventually(
    'its accepts are told',
    () => run.nextView(),
    ({ shards: [shard] }) => assert.ok((shard?.acceptsPerSecond ?? 0) > 0),
  )
  run.child.kill('SIGTERM')
  const [status] = await once(run.child, 'exit')
  assert.equal(status, 0, run.stderr())
  await gone(run)
  assert.match(fs.readFileSync(path.join(run.folder, 'own.log'), 'utf8'), /Listening at: http:\/\/198\.18\.0\.2:8080/)
})

test('an ordinary user gets the same, in a user namespace of its own: stalls and the socket need no right on the host', async (context) => {
  const main = new URL('../cli/main.ts', import.meta.url).pathname
  const run = start(
    context,
    (folder) => ['--', ...nodeCluster().command(folder)],
    (words) => {
      const [file, before] = unprivileged(main, words)
      return { file, before }
    },
  )
  const view = await eventually(
    'it serves',
    () => run.nextView(),
    ({ shards: [shard] }) => assert.ok((shard?.acceptsPerSecond ?? 0) > 0),
  )
  assert.equal(view.shards[0]?.processes.length, 1, 'the primary accepts')
  run.child.kill('SIGTERM')
  await once(run.child, 'exit')
  await gone(run)
})

test('a signal while the server is still starting ends all of it in order', async (context) => {
  const run = start(context, () => ['--', process.execPath, '-e', 'setInterval(() => {}, 1000)'])
  await eventually(
    'it is waited for',
    () => run.processes(),
    (pids) => assert.ok(pids.length > 3),
  )
  await eventually(
    'the server runs',
    () => commandLines(run),
    (lines) => assert.ok(lines.some((line) => /^\S*node\0-e\0setInterval/.test(line))),
  )
  run.child.kill('SIGTERM')
  const [status] = await once(run.child, 'exit')
  assert.equal(status, 0, run.stderr())
  await gone(run)
})

const commandLines = (run: Run): string[] =>
  run.processes().flatMap((pid) => {
    try {
      return [fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1')]
    } catch {
      return [] // ended meanwhile
    }
  })

for (const [args, says] of [
  [['--backlog', '5', '--', 'nginx'], /^spillway: --backlog is for Spillway's own backends.*\nLeave it out/],
  [['--ready', '/up'], /^spillway: --ready is about a server of your own, and there is none\nGive its command last/],
  [['--'], /^spillway: No command stands behind --/],
  [
    ['--request', '/no/such/file', '--', 'nginx'],
    /^spillway: --request \/no\/such\/file cannot be read: it does not exist/,
  ],
  [['--port', '70000', '--', 'nginx'], /^spillway: --port '70000'/],
] as [string[], RegExp][])
  test(`spillway up ${args.join(' ')} is refused before anything starts`, async (context) => {
    const run = start(context, () => args)
    const [status] = await once(run.child, 'exit')
    assert.equal(status, 2)
    assert.match(run.stderr(), says)
  })
