/** The command `spillway up`, run as a person runs it. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import test, { type TestContext } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { findNamespaces } from '#kernel/netns.ts'
import type { LabView } from '#live/view.ts'
import { unprivileged } from '#services/exporter/fixtures/unprivileged.ts'
import { initOf } from './support/ending.ts'
import { skipWithout } from './support/tools.ts'

const spillway = new URL('../bin/spillway', import.meta.url).pathname

/** A command that was started, with everything that must be gone after it. */
interface Run {
  child: ChildProcess
  lines: AsyncIterator<string>
  stderr(): string
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Pids of all processes that descend from it; found by a mark in their environment. */
  processes(): number[]
  folder: string
}

function start(
  context: TestContext,
  args: string[],
  command = [spillway],
  prepare: (folder: string) => void = () => {},
): Run {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-test-'))
  prepare(folder)
  const mark = `SPILLWAY_TEST=${randomUUID()}`
  const [name, value] = mark.split('=') as [string, string]
  const { XDG_RUNTIME_DIR: _, ...environment } = process.env
  const [file = spillway, ...before] = command
  const child = spawn(file, [...before, ...args], {
    env: { ...environment, TMPDIR: folder, [name]: value },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  )
  context.after(async () => {
    child.kill('SIGKILL')
    await ended
    fs.rmSync(folder, { recursive: true, force: true })
  })
  let lines: AsyncIterator<string> | undefined
  return {
    child,
    // Made when first asked for: reading lines holds the output back from whoever wants it raw.
    get lines() {
      lines ??= createInterface(child.stdout!)[Symbol.asyncIterator]()
      return lines
    },
    stderr: () => stderr,
    ended,
    processes: () => processesMarked(mark),
    folder,
  }
}

function processesMarked(mark: string): number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark)
      } catch {
        return false // ended meanwhile, or another user's
      }
    })
    .map(Number)
}

async function nextView(run: Run): Promise<LabView> {
  const { value, done } = await run.lines.next()
  assert.ok(!done, `it goes on; it said: ${run.stderr()}`)
  return JSON.parse(value) as LabView
}

const namespacesOf = (pids: number[]): Set<number> =>
  new Set(
    findNamespaces()
      .filter((namespace) => namespace.pids.some((pid) => pids.includes(pid)))
      .map(({ inode }) => inode),
  )

/** Nothing of the run is left: no process, no namespace that was its own, no file. */
async function nothingLeft(run: Run, ownNamespaces: Set<number>): Promise<void> {
  await eventually(
    'no process of it is left',
    () => run.processes(),
    (left) => assert.deepEqual(left, []),
  )
  assert.deepEqual(
    findNamespaces().filter(({ inode }) => ownNamespaces.has(inode)),
    [],
  )
  assert.deepEqual(fs.readdirSync(run.folder), [])
}

/** Waits until the lab is up, and gives the namespaces that it made. */
async function lab(run: Run): Promise<Set<number>> {
  await nextView(run)
  const here = fs.statSync('/proc/self/ns/net').ino
  const own = namespacesOf(run.processes())
  own.delete(here)
  assert.ok(own.size >= 2, `server and client have a namespace each: ${[...own]}`)
  return own
}

test('--json prints every snapshot as one object a line, and the default load arrives at every shard', async (context) => {
  const run = start(context, ['up', '--json', '--metrics', '127.0.0.1:0'])
  await eventually(
    'each of three shards accepts',
    () => nextView(run),
    (view) => {
      assert.equal(view.shards.length, 3)
      assert.ok(
        view.shards.every((shard) => (shard.acceptsPerSecond ?? 0) > 0),
        'each shard accepts',
      )
    },
  )
  run.child.kill('SIGTERM')
  assert.deepEqual(await run.ended, { code: 0, signal: null })
  assert.equal(run.stderr(), '')
})

test('without a terminal it says where the metrics are, and a Prometheus could scrape them there', async (context) => {
  const run = start(context, ['up', '--metrics', '127.0.0.1:0', '--board', '127.0.0.1:0'])
  const { value: first } = await run.lines.next()
  const url = /^Metrics at (http:\/\/127\.0\.0\.1:\d+\/metrics)$/.exec(first)?.[1]
  assert.ok(url, `the first line names the address: ${first}`)
  const { value: board } = await run.lines.next()
  const page = /^Board at (http:\/\/127\.0\.0\.1:\d+)$/.exec(board)?.[1]
  assert.ok(page, `the second line names the board: ${board}`)
  assert.match(await (await fetch(page)).text(), /<title>Spillway<\/title>/)
  // What it did until then it has said beside that, a line for each stage.
  const stages = run.stderr().trimEnd().split('\n')
  assert.equal(stages[0], 'Loading Spillway …')
  for (const stage of ['Creating two network namespaces …', 'Backend 2 of 3 is listening …'])
    assert.equal(stages.filter((line) => line === stage).length, 1, run.stderr())
  assert.equal(new Set(stages).size, stages.length)
  // What the exporter has not read yet is a dash, in the first lines at most.
  const lines: string[] = []
  await eventually(
    'a line shows the queues',
    async () => {
      const { value: line = '' } = await run.lines.next()
      lines.push(line)
      return line
    },
    (line) => assert.match(line, /^\d{4}-.*\| shard 1 \d+ of 129 .*\| SYN 0 of 387/),
  )
  assert.match(lines[0]!, /^\d{4}-.*\| shard 1 \d+ of 129 .*\| SYN (0 of 387|–)/)
  const response = await fetch(url)
  assert.equal(response.status, 200)
  assert.match(
    await response.text(),
    /^tcp_listener_accept_queue_limit\{netns="lab",address="198\.18\.0\.2",port="8080",shard="2"\} 128$/m,
  )
  run.child.kill('SIGTERM')
  assert.equal((await run.ended).code, 0)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  test(`${signal} takes everything down`, async (context) => {
    const run = start(context, ['up', '--json', '--metrics', '127.0.0.1:0'])
    const own = await lab(run)
    run.child.kill(signal)
    assert.deepEqual(await run.ended, { code: 0, signal: null })
    await nothingLeft(run, own)
  })

test('an ordinary user without any capability gets the same lab, in a user namespace of its own', async (context) => {
  const main = new URL('../cli/main.ts', import.meta.url).pathname
  const [command, args] = unprivileged(main, ['up', '--json', '--metrics', '127.0.0.1:0'])
  const run = start(context, args, [command], (folder) => {
    if (process.getuid?.() === 0) fs.chownSync(folder, 65_534, 65_534)
  })
  const own = await lab(run)
  const outside = run
    .processes()
    .find((pid) => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('/cli/main.ts'))
  assert.match(fs.readFileSync(`/proc/${outside}/status`, 'utf8'), /^CapEff:\t0+$/m)
  assert.doesNotMatch(fs.readFileSync(`/proc/${outside}/status`, 'utf8'), /^Uid:\t0/m)
  await eventually(
    'each shard accepts',
    () => nextView(run),
    (view) => assert.ok(view.shards.every((shard) => (shard.acceptsPerSecond ?? 0) > 0)),
  )
  run.child.kill('SIGTERM')
  assert.equal((await run.ended).code, 0)
  await nothingLeft(run, own)
})

test('Ctrl-C, which a terminal sends to every process of the command, ends it without a complaint', async (context) => {
  const run = start(context, ['up', '--json', '--metrics', '127.0.0.1:0'], ['setsid', '--wait', spillway])
  const own = await lab(run)
  const leader = run.processes().find((pid) => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('/cli/main.ts'))
  assert.ok(leader !== undefined)
  process.kill(-leader, 'SIGINT')
  assert.deepEqual(await run.ended, { code: 0, signal: null })
  assert.equal(run.stderr(), '')
  await nothingLeft(run, own)
})

test('SIGKILL leaves no process, no namespace and no file behind', async (context) => {
  const run = start(context, ['up', '--json', '--metrics', '127.0.0.1:0'])
  const own = await lab(run)
  run.child.kill('SIGKILL')
  await run.ended
  await nothingLeft(run, own)
})

/** The process of the run whose command line has this in it. */
function processOf(run: Run, entry: string): number {
  const [pid, ...more] = run
    .processes()
    .filter((pid) => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(entry))
  assert.ok(pid !== undefined && more.length === 0, `one process is ${entry}`)
  return pid
}

for (const [part, entry] of [
  ['exporter', '/services/exporter/main.ts'],
  ['agent', '/load/agent/main.ts'],
] as const)
  test(`--json goes on when the ${part} is killed, and each object says what was missing, and when`, async (context) => {
    const run = start(context, ['up', '--json', '--metrics', '127.0.0.1:0'])
    const own = await lab(run)
    process.kill(processOf(run, entry), 'SIGKILL')
    await eventually(
      'the gap has ended',
      () => nextView(run),
      ({ gaps: [gap], shards }) => {
        assert.deepEqual([gap?.part, gap?.how], [part, 'SIGKILL'])
        assert.ok(gap?.toMs !== undefined && gap.toMs >= gap.fromMs)
        assert.ok(shards.every(({ state }) => state === 'listening'))
      },
    )
    run.child.kill('SIGTERM')
    assert.deepEqual(await run.ended, { code: 0, signal: null })
    assert.equal(run.stderr(), '')
    await nothingLeft(run, own)
  })

test("a lab whose first process is killed ends the command with what ended, the log's end and how to start again", async (context) => {
  const run = start(context, ['up', '--json', '--metrics', '127.0.0.1:0', '--board', '127.0.0.1:0'])
  const own = await lab(run)
  const leader = processOf(run, '/cli/main.ts')
  process.kill(initOf(leader), 'SIGKILL')
  assert.equal((await run.ended).code, 2)
  assert.match(
    run.stderr(),
    /^spillway: The lab has ended: its first process was killed\. The last lines of its log:$/m,
  )
  assert.match(run.stderr(), /^exporter: Metrics: unix:/m)
  assert.match(run.stderr(), /^Start a new lab: spillway up$/m)
  assert.doesNotMatch(run.stderr(), /^\s+at |unshare/m)
  await nothingLeft(run, own)
})

test('SIGTERM while the lab is still starting takes down what has started', async (context) => {
  const run = start(context, ['up', '--json', '--metrics', '127.0.0.1:0'])
  await eventually(
    'the lab has begun to start',
    () => run.processes(),
    (pids) => assert.ok(pids.length >= 3),
  )
  const own = namespacesOf(run.processes())
  own.delete(fs.statSync('/proc/self/ns/net').ino)
  run.child.kill('SIGTERM')
  await run.ended
  await nothingLeft(run, own)
})

test('a taken metrics port is said before anything starts, with what to do', async (context) => {
  const taken = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  context.after(() => taken.close())
  const { port } = taken.address() as net.AddressInfo
  const run = start(context, ['up', '--json', '--metrics', `127.0.0.1:${port}`])
  assert.equal((await run.ended).code, 2)
  assert.match(run.stderr(), new RegExp(`127\\.0\\.0\\.1:${port} is taken.*\n.*--metrics`))
  assert.deepEqual(fs.readdirSync(run.folder), [])
})

test('a taken board port is said before anything starts, and without a board nobody asks for it', async (context) => {
  const taken = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  context.after(() => taken.close())
  const { port } = taken.address() as net.AddressInfo
  const run = start(context, ['up', '--metrics', '127.0.0.1:0', '--board', `127.0.0.1:${port}`])
  assert.equal((await run.ended).code, 2)
  assert.match(run.stderr(), new RegExp(`127\\.0\\.0\\.1:${port} is taken.*\n.*--board`))
  assert.deepEqual(fs.readdirSync(run.folder), [])
})

test('spillway board shows a lab that something else has started, and acts on it', async (context) => {
  const up = start(context, ['up', '--json', '--metrics', '127.0.0.1:0', '--backends', '2'])
  await eventually(
    'the lab has two shards',
    () => nextView(up),
    (view) => assert.equal(view.shards.length, 2),
  )
  const [folder] = fs.readdirSync(up.folder)
  const at = (service: string): string => `unix:${up.folder}/${folder}/${service}.sock`
  const backends = [1, 2].flatMap((number) => ['--backend', at(`backend-${number}`)])
  const services = ['--exporter', at('exporter'), '--agent', at('agent'), ...backends]
  const board = start(context, ['board', '--listen', '127.0.0.1:0', ...services])
  const { value: line } = await board.lines.next()
  const url = /^Board at (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1]
  assert.ok(url, `the first line names the address: ${line}`)
  await eventually(
    'the board is healthy',
    async () => (await fetch(`${url}/health`)).status,
    (status) => assert.equal(status, 200),
  )
  const page = await (await fetch(url)).text()
  const { token }: { token: string } = JSON.parse(/id="config">(.*?)<\/script>/s.exec(page)?.[1] ?? '')
  const order = (body: unknown): Promise<Response> =>
    fetch(`${url}/switches`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-spillway-token': token },
      body: JSON.stringify(body),
    })
  assert.equal((await order({ do: 'stall', shard: 2 })).status, 200)
  await eventually(
    'the stall shows',
    () => nextView(up),
    (view) => assert.equal(view.shards[1]?.stalled, true),
  )
  const refused = await order({ do: 'sysctl', name: 'net.ipv4.tcp_syncookies', value: 0 })
  assert.equal(refused.status, 409)
  assert.match(await refused.text(), /docker-compose\.yml/)
  // The lab has a PID namespace of its own: what a backend's number means out here is somebody else.
  const kill = await order({ do: 'kill', shard: 2 })
  assert.equal(kill.status, 409)
  assert.match(await kill.text(), /another PID namespace.*run the board in its PID namespace/)
  assert.equal((await nextView(up)).shards[1]?.state, 'listening')
  board.child.kill('SIGTERM')
  assert.deepEqual(await board.ended, { code: 0, signal: null })
  assert.equal(board.stderr(), '')
})

test('a setting that the kernel refuses is said with its name, and nothing is left', async (context) => {
  const run = start(context, ['up', '--json', '--metrics', '127.0.0.1:0', '--sysctl', 'net.ipv4.no_such_thing=1'])
  assert.equal((await run.ended).code, 2)
  assert.match(run.stderr(), /net\.ipv4\.no_such_thing/)
  await nothingLeft(run, new Set())
})

for (const [program, debianPackage] of [
  ['ip', 'iproute2'],
  ['unshare', 'util-linux'],
] as const)
  test(`without ${program} it names the Debian package to install, and starts nothing`, async (context) => {
    // In a mount namespace of the test's own, where the program is covered by something that cannot be run.
    const cover = `for file in $(which -a ${program} | xargs readlink -f | sort -u); do mount --bind /dev/null "$file"; done; exec "$@"`
    const run = start(
      context,
      ['up', '--json', '--metrics', '127.0.0.1:0'],
      ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', cover, 'sh', spillway],
    )
    assert.equal((await run.ended).code, 2)
    assert.match(run.stderr(), new RegExp(`program ${program} is missing\nInstall it: apt install ${debianPackage}`))
    assert.deepEqual(fs.readdirSync(run.folder), [])
  })

test('a full disk is said with the folder and what to do', async (context) => {
  const full = `mount -t tmpfs -o nr_inodes=1 none "$TMPDIR" && exec "$@"` // not one more file or folder fits
  const run = start(
    context,
    ['up', '--json', '--metrics', '127.0.0.1:0'],
    ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', full, 'sh', spillway],
  )
  assert.equal((await run.ended).code, 2)
  assert.match(
    run.stderr(),
    /Cannot create a folder for the lab's sockets in .*: no space is left\nFree some space there/,
  )
})

test('in a terminal of 40 columns keys stall a backend and change its backlog, and q leaves the screen as it was', {
  skip: skipWithout('script'),
}, async (context) => {
  const shell = `stty cols 40 rows 30; exec ${spillway} up --metrics 127.0.0.1:0 --board 127.0.0.1:0`
  const run = start(context, ['-qefc', shell, '/dev/null'], ['script'])
  let output = ''
  run.child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const shows = (pattern: RegExp, withinMs = 20_000): Promise<unknown> =>
    eventually(
      `the terminal shows ${pattern}`,
      () => output,
      (text) => assert.match(text, pattern),
      { withinMs },
    )
  const type = (keys: string): void => {
    output = ''
    run.child.stdin?.write(keys)
  }
  await shows(/0 of 129/, 60_000)
  assert.ok(output.includes('\r\x1b[KCreating two network namespaces …'), 'it has said what it does')
  assert.ok(output.lastIndexOf('\r\x1b[K') < output.indexOf('\x1b[?1049h'), 'the view takes over from what was said')
  type('2')
  await shows(/Backend 2 is stalled/)
  await shows(/129 of 129/)
  await shows(/Shard 2 is full while/)
  type('b2:8')
  await shows(/2:8/)
  type('\r')
  await shows(/129 of 9/)
  type('2')
  await shows(/Backend 2 is released/)
  await shows(/0 of 9/)
  const own = namespacesOf(run.processes())
  own.delete(fs.statSync('/proc/self/ns/net').ino)
  type('q')
  assert.equal((await run.ended).code, 0)
  assert.ok(output.endsWith('\x1b[?25h\x1b[?1049l'), 'the cursor and the old screen are back')
  await nothingLeft(run, own)
})

for (const args of [
  ['up', '--backends', '0'],
  ['up', '--rate', '-5'],
  ['up', '--board', 'here'],
  ['board'],
  ['sideways'],
  ['up', '--what'],
])
  test(`spillway ${args.join(' ')} ends with status 2 and says why`, async (context) => {
    const run = start(context, args)
    assert.equal((await run.ended).code, 2)
    assert.match(run.stderr(), /^spillway: .+/)
    assert.doesNotMatch(run.stderr(), /\n\s+at /, 'no stack for what a person can mend')
  })
