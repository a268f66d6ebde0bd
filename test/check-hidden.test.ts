/**
 * `spillway check` where processes may not be looked into, as for every user but root: what that leaves open is said at the
 * listener that it concerns, and nowhere else.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { after } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { CheckHost, CLIENTS, findingsIn, type Line, linesOf, type Said, spillway } from './support/check-host.ts'
import { haproxy } from './support/real-servers.ts'
import { skipWithout } from './support/tools.ts'

const made = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-hidden-'))
after(() => fs.rmSync(made, { recursive: true, force: true, maxRetries: 5 }))
const skip = ['python3', 'setpriv', 'haproxy'].map(skipWithout).find((reason) => reason !== false) ?? false

/** Without the right to look into what is not its own: CAP_SYS_PTRACE. */
const WITHOUT = ['--bounding-set=-sys_ptrace']
const start = (host: CheckHost, command: string, ...args: string[]): ChildProcess =>
  host.start('setpriv', [...WITHOUT, command, ...args])
const check = (host: CheckHost): Promise<Said> => host.run('setpriv', [...WITHOUT, spillway, 'check', '--json'])

/** Whoever is not dumpable, as ssh-agent and what was setuid are, may not be looked into by others like it. */
const HIDES = 'import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)'

const listenerIn = (said: Said): Line => {
  const found = linesOf(said).find(({ type }) => type === 'listener')
  assert.ok(found, said.stdout + said.stderr)
  return found
}

test('a process that may not be looked into and has nothing to do with a listener leaves its cause likely', {
  skip,
}, async () => {
  await using host = await CheckHost.start()
  const [command, args] = haproxy('maxconn 4').command(8080, made)
  start(host, command, ...args)
  const stranger = start(host, 'python3', '-c', `${HIDES}\nimport time\ntime.sleep(600)`)
  await host.listens(8080)
  host.start(process.execPath, ['-e', CLIENTS, '8080', '14'])
  const said = await eventually(
    'what keeps it from accepting is told',
    () => check(host),
    (said) => assert.equal(findingsIn(said)[0]?.code, 'workers-exhausted', said.stdout),
  )
  const [first] = findingsIn(said)
  assert.equal(first?.sure, 'likely')
  assert.match(
    first?.says ?? '',
    /HAProxy does not wait for connections at present \(\d[\d,]* process(?:es)? could not be looked into, none of which/,
  )
  assert.ok(first?.mends.some(({ line }) => line === 'maxconn 10000'))
  const listener = listenerIn(said)
  assert.deepEqual([listener.acceptors, listener.may_hold_it_too], [[], []])
  assert.ok(Number(listener.not_looked_into) >= 1 && stranger.exitCode === null)
})

/** Listens, and accepts nothing; a child that nobody may look into has inherited the socket, and accepts if it is told to. */
const FAMILY = `import os, socket, sys, time
server = socket.socket()
server.bind(('127.0.0.1', 8080))
server.listen(5)
if os.fork() == 0:
    ${HIDES}
    kept = []
    while sys.argv[1] == 'accepts': kept.append(server.accept())
time.sleep(600)
`

test('where one that may not be looked into is likely to hold the socket too, that nobody waits is not known, and said so', {
  skip,
}, async () => {
  await using host = await CheckHost.start()
  const parent = start(host, 'python3', '-c', FAMILY, 'never')
  // One of the same name in another network namespace has nothing to do with it.
  const elsewhere = spawn('python3', ['-c', 'import time; time.sleep(600)'])
  try {
    await host.listens(8080)
    host.start(process.execPath, ['-e', CLIENTS, '8080', '3'])
    const said = await eventually(
      'clients that wait in vain are told',
      () => check(host),
      (said) => assert.equal(findingsIn(said)[0]?.code, 'nobody-accepts', said.stdout),
    )
    const [first] = findingsIn(said)
    assert.equal(first?.sure, 'likely')
    assert.match(
      first?.says ?? '',
      /^3 of 6 wait.*was not seen to wait.*Not known: whether anybody else waits \(1 process that may hold this socket too \(python3 \d+\) could not be looked into\)\.$/,
    )
    const { acceptors, may_hold_it_too: related, pids } = listenerIn(said)
    assert.deepEqual([acceptors, pids], [null, [parent.pid]])
    assert.ok(Array.isArray(related) && related.length === 1 && related[0].command === 'python3')
    assert.equal(findingsIn(await host.check('--json'))[0]?.sure, 'likely', 'who may look into it knows')
  } finally {
    const ended = once(elsewhere, 'exit')
    elsewhere.kill('SIGKILL')
    await ended
  }
})

test('a server whose accepting process may not be looked into gives no finding while it accepts', {
  skip,
}, async () => {
  await using host = await CheckHost.start()
  start(host, 'python3', '-c', FAMILY, 'accepts')
  await host.listens(8080)
  host.start(process.execPath, ['-e', CLIENTS, '8080', '3'])
  await eventually(
    'its clients are accepted',
    () => check(host),
    (said) => Number(listenerIn(said).accepted) === 3,
  )
  const said = await check(host)
  assert.deepEqual(
    findingsIn(said).filter(({ about }) => about !== null),
    [],
  )
  assert.equal(listenerIn(said).acceptors, null)
})
