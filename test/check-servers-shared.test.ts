/** `spillway check` where several sockets share an address and port: by design, with one that is stopped, and by accident. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { after } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { CheckHost, findingsIn, linesOf } from './support/check-host.ts'
import { skipWithout } from './support/tools.ts'

const made = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-shared-'))
after(() => fs.rmSync(made, { recursive: true, force: true }))

/** A program that listens with SO_REUSEPORT in as many processes as it is told, and serves whoever comes after `seconds`. */
function program(name: string, seconds = 0): string {
  const file = path.join(made, `${name}.py`)
  const text = `import os, socket, sys, time
for worker in range(int(sys.argv[1])):
    if os.fork() == 0:
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(('127.0.0.1', 8080))
        server.listen(200)
        while True:
            client, _ = server.accept()
            time.sleep(${seconds})
            client.close()
os.wait()
`
  fs.writeFileSync(file, text)
  return file
}

/** Clients that come all the time, some at once, and wait for the server to close. */
const COMING = `import socket, time
open = []
while True:
    for _ in range(32):
        client = socket.socket()
        client.setblocking(False)
        try: client.connect(('127.0.0.1', 8080))
        except BlockingIOError: pass
        open.append(client)
    open = open[-2000:]
    time.sleep(0.1)
`
const skip = skipWithout('python3')

test('one of sixteen shards whose process is stopped is told, with the line that continues it', { skip }, async () => {
  await using host = await CheckHost.start()
  host.start('python3', [program('shop'), '16'])
  await host.listens(8080, 16)
  host.start('python3', ['-c', COMING])
  const listeners = linesOf(await host.check('--json')).filter(({ type }) => type === 'listener')
  const pid = Number(String(listeners[6]?.pids))
  process.kill(pid, 'SIGSTOP')
  const said = await eventually(
    'the shard that stands still is told',
    () => host.check('--json'),
    (so) => findingsIn(so).some(({ code }) => code === 'one-shard-stalled'),
  )
  process.kill(pid, 'SIGCONT')
  const found = findingsIn(said).find(({ code }) => code === 'one-shard-stalled')
  assert.match(
    found?.says ?? '',
    new RegExp(`of 16 stands still while the others accept.*${pid}\\) is stopped by a signal`),
  )
  assert.deepEqual(found?.mends.map(({ line }) => line)[0], `kill -CONT ${pid}`)
})

test('two programs that listen at one port by accident are both named', { skip }, async () => {
  await using host = await CheckHost.start()
  host.start('python3', [program('shop'), '2'])
  await host.listens(8080, 2)
  host.start('python3', [program('billing'), '1'])
  await host.listens(8080, 3)
  const said = await eventually(
    'it is told',
    () => host.check('--json'),
    (so) => findingsIn(so).length > 0,
  )
  const [first] = findingsIn(said)
  assert.deepEqual([said.code, first?.code, first?.severity], [1, 'stranger-on-the-port', 'warning'])
  assert.match(first?.says ?? '', /Python \(shop\) \([\d, ]+\) has 2 sockets/)
  assert.match(first?.says ?? '', /Python \(billing\) \(\d+\) has 1 socket/)
})

test('workers that wait for something else while their queues are empty are at ease', { skip }, async () => {
  await using host = await CheckHost.start()
  host.start('python3', [program('slow', 3), '4'])
  await host.listens(8080, 4)
  const one = `import socket
while True: socket.create_connection(('127.0.0.1', 8080)).recv(1)`
  host.start('python3', ['-c', one])
  await eventually(
    'one of them serves a client, and waits meanwhile',
    () => host.check('--json'),
    (said) => {
      const listeners = linesOf(said).filter(({ type }) => type === 'listener')
      assert.deepEqual(findingsIn(said), [])
      return listeners.some(({ acceptors }) => Array.isArray(acceptors) && acceptors.length === 0)
    },
  )
})
