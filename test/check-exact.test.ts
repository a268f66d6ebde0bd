/** `spillway check` where BPF may be used: waits and half-open requests are those of each shard, and it says so. */
import assert from 'node:assert/strict'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { whyNoBpf } from '#kernel/bpf/listeners.ts'
import { type Client, Listener, pauseMs } from '#kernel/fixtures/sockets.ts'
import { deferAccept, socketCookie } from '#kernel/listener.ts'
import { steer } from '#kernel/reuseport.ts'
import { evidenceOfHost } from '#live/host/evidence.ts'
import { unprivileged } from '../services/exporter/fixtures/unprivileged.ts'
import { linesOf, run } from './support/check-host.ts'

// No tool that one could install: a host may refuse BPF to everybody.
const skip = whyNoBpf() ?? false
const main = path.resolve(import.meta.dirname, '../cli/main.ts')

interface Shards {
  group: Listener[]
  clients: Client[]
}

/** Three sockets at one port. */
function shardsIn(context: TestContext): Shards {
  const first = new Listener({ reusePort: true, backlog: 60 })
  const group = [first]
  while (group.length < 3) group.push(new Listener({ reusePort: true, backlog: 60, port: first.port }))
  const clients: Client[] = []
  context.after(() => {
    for (const open of [...clients, ...group]) open[Symbol.dispose]()
  })
  return { group, clients }
}

const connect = ({ group, clients }: Shards, member: number, count: number): void => {
  steer(group[0]!.fd, { by: 'member', member })
  for (let client = 0; client < count; client++) clients.push(group[0]!.connect())
}

test('each shard has its own oldest wait at both looks, and one in which nobody waits has none', {
  skip,
}, async (context) => {
  const shards = shardsIn(context)
  connect(shards, 0, 2)
  pauseMs(300)
  connect(shards, 1, 3)
  const { namespaces, exact, apartMs } = await evidenceOfHost({ namespaces: [{ kind: 'self' }] })
  assert.equal(exact, null)
  const [port] = shards.group.map((listener) => listener.port)
  const queues = namespaces[0]!.queues.filter((queue) => queue.port === port)
  const byWait = queues.toSorted((a, b) => (b.oldestWaitMs ?? 0) - (a.oldestWaitMs ?? 0))
  assert.deepEqual(
    byWait.map(({ length, isExact }) => [length, isExact]),
    [
      [2, true],
      [3, true],
      [0, true],
    ],
  )
  const [old, young, none] = byWait.map(({ oldestWaitMs, oldestWaitBeforeMs }) => [oldestWaitMs!, oldestWaitBeforeMs!])
  assert.ok(old![0]! - young![0]! >= 299, `${old} and ${young}`)
  assert.deepEqual(none, [0, 0])
  // Nobody has accepted: the first in line is as much older as the looks lie apart.
  for (const [now, before] of [old!, young!]) assert.equal(Math.round(now! - before!), Math.round(apartMs))
})

test('half-open requests are told shard by shard, in words and in JSON', { skip }, async (context) => {
  const shards = shardsIn(context)
  for (const { fd } of shards.group) deferAccept(fd, 60)
  for (const [member, count] of [5, 40, 17].entries()) connect(shards, member, count)
  const port = String(shards.group[0]!.port)
  const said = await run(process.execPath, [main, 'check', '--port', port])
  assert.match(
    said.stdout.replaceAll(/\s+/g, ' '),
    /Waits are exact, of each shard, and so are half-open requests, shard by shard: (?:\d+, ){2}\d+ at 127\.0\.0\.1:/,
  )
  const lines = linesOf(await run(process.execPath, [main, 'check', '--json', '--port', port]))
  const told = lines.filter(({ type }) => type === 'listener').map((line) => Number(line.syn_queue_of_this_socket))
  assert.deepEqual(
    told.toSorted((a, b) => a - b),
    [5, 17, 40],
  )
})

test('whoever may not use BPF is told that waits are sampled, and of the port', async (context) => {
  const shards = shardsIn(context)
  connect(shards, 0, 2)
  const port = String(shards.group[0]!.port)
  assert.ok(socketCookie(shards.group[0]!.fd) > 0n)
  const said = await run(...unprivileged(main, ['check', '--port', port]))
  assert.match(
    said.stdout.replaceAll(/\s+/g, ' '),
    /Waits are sampled, and of each port: which of its shards they belong to is not known\. It takes CAP_BPF/,
  )
})
