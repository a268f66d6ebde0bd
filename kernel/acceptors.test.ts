/** Who waits at a listening socket: processes that wait in each of the ways there are, and nginx. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually } from '#common/waiting.ts'
import type { Waiters } from './acceptors.ts'
import { inodeOf, Listener } from './fixtures/sockets.ts'
import { findHolders, type SocketHolders } from './owners.ts'

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))

/** A child that has inherited some listeners as descriptors 3, 4, … and is ready, or says why it cannot be. */
class Child implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly said: string

  private constructor(process: ChildProcess, said: string) {
    this.#process = process
    this.said = said
  }

  static async start(command: string[], ...fds: number[]): Promise<Child> {
    const [file = '', ...args] = command
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit', ...fds] })
    assert.ok(child.stdout)
    const [said] = await once(createInterface(child.stdout), 'line')
    return new Child(child, String(said))
  }

  static node(how: string, ...fds: number[]): Promise<Child> {
    return Child.start([process.execPath, fixture('waiting-child.ts'), how], ...fds)
  }

  get pid(): number {
    assert.ok(this.#process.pid)
    return this.#process.pid
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exit
  }
}

function holdersOf(...inodes: number[]): SocketHolders {
  const steps = findHolders(new Set(inodes))
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

const waitersAt = (fd: number): Waiters | undefined => holdersOf(inodeOf(fd)).waiters.get(inodeOf(fd))

for (const how of ['epoll', 'exclusively', 'by another number', 'among many', 'in a thread'])
  test(`a process that waits ${how} is told from those that only hold the socket`, async () => {
    using listener = new Listener()
    await using waiting = await Child.node(how, listener.fd, listener.fd)
    await using idle = await Child.node('not at all', listener.fd, listener.fd)
    const waiters = await eventually(
      'it waits',
      () => waitersAt(listener.fd),
      (seen) => (seen?.pids.length ?? 0) > 0,
    )
    assert.deepEqual(waiters?.pids, [waiting.pid])
    const owners = holdersOf(inodeOf(listener.fd)).owners.get(inodeOf(listener.fd)) ?? []
    assert.deepEqual(
      owners.map(({ pid }) => pid).sort((a, b) => a - b),
      [process.pid, waiting.pid, idle.pid].sort((a, b) => a - b),
    )
  })

test('several processes can wait at one socket', async () => {
  using listener = new Listener()
  await using first = await Child.node('exclusively', listener.fd, listener.fd)
  await using second = await Child.node('exclusively', listener.fd, listener.fd)
  assert.deepEqual(
    waitersAt(listener.fd)?.pids,
    [first.pid, second.pid].sort((a, b) => a - b),
  )
})

test('nobody waits at a socket that is only held, and that is known where every process may be looked into', async () => {
  using listener = new Listener()
  await using _idle = await Child.node('not at all', listener.fd, listener.fd)
  const { waiters, hidden } = holdersOf(inodeOf(listener.fd))
  assert.deepEqual(waiters.get(inodeOf(listener.fd))?.pids, [])
  assert.equal(waiters.get(inodeOf(listener.fd))?.unseen === undefined, hidden.size === 0)
})

const without = (program: string): string | false => {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin'].filter((folder) => folder !== '')
  if (folders.some((folder) => fs.existsSync(path.join(folder, program)))) return false
  if (process.env.SPILLWAY_NO_SKIP) throw new Error(`${program} is not installed, and SPILLWAY_NO_SKIP is set`)
  return `${program} is not installed`
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-acceptors-'))
test.after(() => fs.rmSync(folder, { recursive: true }))

let compiled: string | undefined
function waits(): string {
  if (compiled === undefined) {
    compiled = path.join(folder, 'waits')
    execFileSync('cc', ['-O2', '-Wall', '-o', compiled, fixture('waits.c')])
  }
  return compiled
}

for (const how of ['poll', 'select', 'ring'])
  test(`a process that waits in a ${how} is seen`, { skip: without('cc') }, async (context) => {
    using listener = new Listener()
    await using child = await Child.start([waits(), how], listener.fd)
    if (child.said !== 'ready') return context.skip(`this kernel refuses io_uring: ${child.said}`)
    const waiters = await eventually(
      'it waits',
      () => waitersAt(listener.fd),
      (seen) => (seen?.pids.length ?? 0) > 0,
    )
    assert.deepEqual(waiters?.pids, [child.pid])
  })

test('a ring that waits at one of two sockets leaves open at which', { skip: without('cc') }, async (context) => {
  using one = new Listener()
  using other = new Listener()
  await using child = await Child.start([waits(), 'ring'], one.fd, other.fd)
  if (child.said !== 'ready') return context.skip(`this kernel refuses io_uring: ${child.said}`)
  const { waiters } = holdersOf(inodeOf(one.fd), inodeOf(other.fd))
  for (const { fd } of [one, other]) assert.deepEqual(waiters.get(inodeOf(fd)), { pids: [], complete: false })
})

test('nginx with reuseport has one worker at each shard, though all processes hold all sockets', {
  skip: process.getuid?.() === 0 ? without('nginx') : 'nginx as it is packaged starts as root only',
}, async () => {
  const port = new Listener()
  const place = `127.0.0.1:${port.port}`
  port[Symbol.dispose]()
  const config = path.join(folder, 'nginx.conf')
  fs.writeFileSync(
    config,
    `daemon off; worker_processes 3; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
    events {} http { access_log off; server { listen ${place} reuseport; return 204; } }`,
  )
  const nginx = spawn('nginx', ['-e', `${folder}/nginx.log`, '-c', config], {
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  })
  try {
    const seen = await eventually(
      'each shard has its worker',
      () => holdersOf(...listeningAt(place)),
      ({ waiters }) => waiters.size === 3 && [...waiters.values()].every(({ pids }) => pids.length === 1),
    )
    const pids = [...seen.waiters.values()].map(({ pids: [pid] }) => pid)
    assert.equal(new Set(pids).size, 3, 'three workers')
    assert.ok(!pids.includes(nginx.pid), 'the first process accepts nothing')
    for (const owners of seen.owners.values()) assert.equal(owners.length, 4, 'all hold each')
  } finally {
    const exit = once(nginx, 'exit')
    nginx.kill('SIGTERM')
    await exit
  }
})

/** The inodes of the sockets that listen at a place, as `ss` lists them. */
function listeningAt(place: string): number[] {
  const lines = execFileSync('ss', ['-Hltne'], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => line.includes(` ${place} `)).map((line) => Number(/ ino:(\d+)/.exec(line)?.[1]))
}
