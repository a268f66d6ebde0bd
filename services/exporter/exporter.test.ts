/** The exporter against the real kernel: listeners on loopback, in the namespace of the tests. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { type ExporterOptions, type StartedExporter, startExporter } from './exporter.ts'
import { Child, fixture } from './fixtures/child.ts'
import { lookAt, lookAtOne, page } from './fixtures/exported.ts'
import { StalledListener } from './fixtures/stalled-listener.ts'
import { defaultPace } from './sampler/pace.ts'
import type { Samples } from './samples.ts'
import type { Snapshot } from './snapshot.ts'

/** One tick of the slowest kernel there is: HZ = 100. */
const JIFFY_MS = 10

const start = (options: Partial<ExporterOptions> = {}): Promise<StartedExporter> =>
  startExporter({ listen: { host: '127.0.0.1', port: 0 }, log: () => {}, ...options })

const hasIPv6 = Object.values(os.networkInterfaces()).some((entries) =>
  entries?.some(({ address }) => address === '::1'),
)

test('a stalled listener shows its queue, limit, peak, time at full and drops', async () => {
  await using exporter = await start()
  using listener = new StalledListener(4)
  listener.connect(5)
  await eventually(
    'N + 1 wait',
    () => lookAtOne(exporter, listener.port),
    (seen) => seen.listener.length === 5,
  )
  listener.connect(3)
  await eventually(
    'the others were dropped',
    () => listener.queue.drops,
    (drops) => drops >= 3,
  )
  const dropsBefore = listener.queue.drops
  const seen = await lookAtOne(exporter, listener.port)
  const dropsAfter = listener.queue.drops
  assert.deepEqual([seen.listener.length, seen.listener.limit, seen.listener.peak], [5, 4, 5])
  assert.ok(seen.listener.drops >= dropsBefore && seen.listener.drops <= dropsAfter, 'sk_drops as the socket tells it')
  assert.equal(seen.port.waiting, 5)
  assert.equal(seen.port.connections!.established, 5)
  const later = await eventually(
    'time passed',
    () => lookAtOne(exporter, listener.port),
    ({ listener: { atLeastSeconds } }) => atLeastSeconds['1'] > 0,
  )
  assert.ok(later.listener.fullSecondsInWindow > 0)
  assert.ok(later.listener.atLeastSeconds['0.5'] >= later.listener.atLeastSeconds['1'])
})

test('listen() again changes the limit, and the listener stays the same', async () => {
  await using exporter = await start()
  using listener = new StalledListener(4)
  const before = await lookAtOne(exporter, listener.port)
  listener.relisten(9)
  const after = await lookAtOne(exporter, listener.port)
  assert.equal(after.listener.limit, 9)
  assert.equal(after.port.synQueue!.limit, 9)
  assert.equal(after.listener.cookie, before.listener.cookie)
})

test('the oldest wait is the time since the first waiting connection was made', async () => {
  await using exporter = await start()
  using listener = new StalledListener(4)
  const begunMs = performance.now()
  const [first] = listener.connect(1)
  await once(first!, 'connect')
  const madeMs = performance.now()
  await eventually(
    'it has waited a little',
    () => performance.now() - madeMs,
    (waitedMs) => waitedMs > 10 * JIFFY_MS,
  )
  await once(listener.connect(1)[0]!, 'connect')
  const askedMs = performance.now()
  const { port } = await lookAtOne(exporter, listener.port)
  const answeredMs = performance.now()
  assert.equal(port.waiting, 2)
  assert.ok(port.oldestWaitMs! >= askedMs - madeMs - JIFFY_MS, `${port.oldestWaitMs} ms`)
  assert.ok(port.oldestWaitMs! <= answeredMs - begunMs + JIFFY_MS, `${port.oldestWaitMs} ms`)
})

test('half-open requests are counted by port, and leave a peak', async () => {
  await using exporter = await start()
  using listener = new StalledListener(8)
  listener.deferAccept(30) // who connects and stays silent stays half open
  const clients = listener.connect(3)
  await Promise.all(clients.map((client) => once(client, 'connect')))
  const { port } = await lookAtOne(exporter, listener.port)
  assert.deepEqual(port.synQueue, { length: 3, peak: 3, limit: 8 })
  for (const client of clients) client.write('x')
  const later = await eventually(
    'they have come through',
    () => lookAtOne(exporter, listener.port),
    (seen) => seen.port.synQueue!.length === 0,
  )
  assert.equal(later.port.synQueue!.peak, 3)
  assert.equal(later.listener.length, 3)
})

test('a dual-stack listener has the clients of both families, half open or waiting', {
  skip: hasIPv6 ? false : 'this machine has no IPv6',
}, async () => {
  await using exporter = await start()
  using listener = new StalledListener(8, '::')
  for (const host of ['127.0.0.1', '::1']) await once(listener.connect(1, host)[0]!, 'connect')
  listener.deferAccept(30)
  for (const host of ['127.0.0.1', '::1']) await once(listener.connect(1, host)[0]!, 'connect')
  const seen = await lookAtOne(exporter, listener.port)
  assert.equal(seen.listener.address, '::')
  assert.equal(seen.listener.length, 2)
  assert.equal(seen.port.waiting, 2)
  assert.equal(seen.port.synQueue!.length, 2)
})

test('of a connection between two sockets of this namespace only the server side counts', async () => {
  await using exporter = await start()
  await using sockets = new AsyncDisposableStack()
  const server = net.createServer((socket) => sockets.defer(() => void socket.destroy()))
  sockets.adopt(server, (open) => void open.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const accepted = once(server, 'connection')
  sockets.adopt(net.connect(address.port, '127.0.0.1'), (client) => void client.destroy())
  await accepted
  const { port } = await lookAtOne(exporter, address.port)
  assert.equal(port.connections!.established, 1)
  assert.equal(port.waiting, 0, 'it was accepted')
})

test('a listener is shown with the process that holds it', async () => {
  await using exporter = await start()
  using listener = new StalledListener(4)
  const seen = await eventually(
    'its owner is known',
    () => lookAtOne(exporter, listener.port),
    (found) => found.listener.pids.length > 0,
  )
  assert.deepEqual(seen.listener.pids, [process.pid])
  assert.equal(seen.listener.process, 'node')
  assert.equal(seen.listener.uid, process.getuid?.())
})

test("bytes that nobody reads stand in the port's receive and send queues", async () => {
  await using exporter = await start()
  using listener = new StalledListener(4)
  const [small, large] = listener.connect(2)
  await Promise.all([once(small!, 'connect'), once(large!, 'connect')])
  small!.write(Buffer.alloc(1000))
  large!.write(Buffer.alloc(5000))
  const { port } = await eventually(
    'the bytes are there',
    () => lookAtOne(exporter, listener.port),
    (seen) => seen.port.receiveBytes === 6000,
  )
  assert.equal(port.receiveBytesMax, 5000)
  large!.end()
  const later = await eventually(
    'the FIN is there',
    () => lookAtOne(exporter, listener.port),
    (seen) => seen.port.connections!.close_wait === 1,
  )
  assert.equal(later.port.receiveBytes, 6000, 'a FIN is no byte')
  assert.equal(later.port.waiting, 2, 'it waits though its peer has finished')
})

test('the series of a killed listener end, the others go on, and its successor keeps its shard', async () => {
  await using exporter = await start()
  await using children = new AsyncDisposableStack()
  const listen = async (port: number, name: string): Promise<{ child: Child; port: number }> => {
    const child = children.use(
      new Child(process.execPath, [fixture('./stalled-child.ts'), '127.0.0.1', `${port}`, '0', name]),
    )
    return { child, port: Number((await child.line(/^(\d+)$/))[1]) }
  }
  const first = await listen(0, 'first')
  const { port } = first
  const second = await listen(port, 'second')
  const third = await listen(port, 'third')
  const clients = Array.from({ length: 12 }, () => net.connect(port, '127.0.0.1').on('error', () => {}))
  const shards = async (): Promise<Record<number, number | undefined>> => {
    const { listeners } = await lookAt(exporter, port)
    return Object.fromEntries(listeners.map(({ shard, pids }) => [shard, pids[0]]))
  }
  const [a, b, c] = [first, second, third].map(({ child }) => child.pid)
  await eventually('owners are known', shards, (seen) => seen[1] === a && seen[2] === b && seen[3] === c)

  await second.child.kill()
  await eventually('its row is gone', shards, (seen) => !(2 in seen))
  const metrics = await page(exporter, '/metrics')
  const series = metrics.split('\n').filter((line) => line.includes(`port="${port}",shard=`))
  assert.ok(series.some((line) => line.includes('shard="1"')) && series.some((line) => line.includes('shard="3"')))
  assert.ok(!series.some((line) => line.includes('shard="2"')))

  const successor = await listen(port, 'second')
  await eventually('it has the shard of the one before', shards, (seen) => seen[2] === successor.child.pid)
  assert.deepEqual(Object.keys(await shards()), ['1', '2', '3'])
  for (const client of clients) client.destroy()
})

test('a listener from which nobody accepts is told from one that is served', async () => {
  await using exporter = await start()
  assert.ok('port' in exporter.target)
  using stalled = new StalledListener(4)
  const { port } = exporter.target
  const { listener } = await eventually(
    'it is seen to accept',
    () => lookAtOne(exporter, port),
    (seen) => seen.listener.acceptors?.includes(process.pid) === true,
  )
  assert.deepEqual([listener.pid, listener.acceptors], [process.pid, [process.pid]])
  const { listener: other } = await eventually(
    'the other is known too',
    () => lookAtOne(exporter, stalled.port),
    (seen) => seen.listener.pids.includes(process.pid),
  )
  const text = await page(exporter, '/metrics')
  const acceptorsAt = (wanted: number): string | undefined =>
    new RegExp(`^tcp_listener_acceptors\\{.*port="${wanted}".*\\} (\\d+)$`, 'm').exec(text)?.[1]
  assert.equal(acceptorsAt(port), '1')
  // Who may not look into a process that is related to this one cannot know that nobody accepts.
  const { processes, related } = other.unseen ?? { processes: 0, related: [] }
  assert.equal(acceptorsAt(stalled.port), processes === null || related.length > 0 ? undefined : '0')
  assert.match(text, /^spillway_owner_search_age_seconds \d/m)
})

test('with a state directory the next exporter gives the same numbers, also if the first was killed', async (context) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-state-'))
  context.after(() => fs.rmSync(folder, { recursive: true }))
  const main = fixture('../main.ts')
  const exporter = async (): Promise<{ child: Child; shards: (port: number) => Promise<Record<number, number>> }> => {
    const child = new Child(process.execPath, [main, '--listen', '127.0.0.1:0', '--state-dir', folder])
    const url = (await child.line(/^Metrics: (http:\/\/[^/]+)\/metrics$/))[1]!
    const shards = async (port: number): Promise<Record<number, number>> => {
      const snapshot: Snapshot = JSON.parse(await (await fetch(`${url}/snapshot?now=true`)).text())
      const rows = snapshot.namespaces[0]?.listeners.filter((listener) => listener.port === port) ?? []
      return Object.fromEntries(rows.map(({ shard, inode }) => [shard, inode]))
    }
    return { child, shards }
  }
  const listen = async (port: number, name: string): Promise<{ child: Child; port: number }> => {
    const child = new Child(process.execPath, [fixture('./stalled-child.ts'), '127.0.0.1', String(port), '2', name])
    return { child, port: Number((await child.line(/^\d+$/))[0]) }
  }
  const first = await exporter()
  await using _firstChild = first.child
  // By their names they would be numbered the other way round.
  const z = await listen(0, 'z')
  await using _z = z.child
  const { port } = z
  await eventually(
    'the first has its number',
    () => first.shards(port),
    (seen) => Object.keys(seen).length === 1,
  )
  const y = await listen(port, 'y')
  await using _y = y.child
  const before = await eventually(
    'both have',
    () => first.shards(port),
    (seen) => Object.keys(seen).length === 2,
  )
  await eventually(
    'they are saved',
    () => fs.readFileSync(path.join(folder, 'shards.json'), 'utf8'),
    (text) => Object.values(before).every((inode) => text.includes(`/${inode}/`)),
  )
  await first.child.kill()
  const second = await exporter()
  await using _secondChild = second.child
  assert.deepEqual(
    await eventually(
      'both are there',
      () => second.shards(port),
      (seen) => Object.keys(seen).length === 2,
    ),
    before,
  )
})

test('the stream gives a whole snapshot per tick, and fewer to who asks for fewer', async () => {
  await using exporter = await start({ pace: { ...defaultPace, streamIntervalMs: 20 } })
  const every = await events(exporter, '/stream', 5)
  assert.deepEqual(
    every.map(({ sequence }) => sequence - every[0]!.sequence),
    [0, 1, 2, 3, 4],
  )
  const some = await events(exporter, '/stream?interval=2000', 3)
  assert.ok(some[2]!.sequence - some[1]!.sequence > 1, 'those between are left out')
  assert.ok(every[0]!.namespaces[0]!.listeners.length > 0)
})

test('a wrong interval is refused with the name of the field', async () => {
  await using exporter = await start()
  for (const interval of ['0', '-1', 'x', '1e9']) {
    const response = await fetch(`${exporter.url}/stream?interval=${interval}`)
    assert.equal(response.status, 400, interval)
    const answer = await response.json()
    assert.ok(typeof answer === 'object' && answer !== null && 'field' in answer)
    assert.equal(answer.field, 'interval')
  }
})

test('it says that it is well, and gives the latest snapshot as JSON', async () => {
  await using exporter = await start()
  await exporter.look()
  assert.match(await page(exporter, '/health'), /"healthy":true/)
  assert.match(await page(exporter, '/snapshot'), /^\{"sequence":\d+,/)
  assert.match(await page(exporter, '/'), /\/metrics/)
})

test('it says which namespaces it reads, with their inodes, and that it reads no other', async () => {
  const lines: string[] = []
  await using exporter = await start({ log: (line) => lines.push(line) })
  const inode = exporter.snapshot()?.namespaces[0]?.inode ?? (await exporter.look()).namespaces[0]!.inode
  assert.deepEqual(lines, [
    `Reading one network namespace: self (inode ${inode}). To read others, name them with --netns`,
  ])
  assert.match(
    await page(exporter, '/metrics'),
    new RegExp(`spillway_exporter_namespace_info\\{netns="${inode}",name="[^"]*",inode="${inode}",source="self"\\} 1`),
  )
})

test('a taken port is said in one line and nothing is left running', async () => {
  await using exporter = await start()
  assert.ok('port' in exporter.target)
  await assert.rejects(start({ listen: exporter.target }), {
    name: 'UsageError',
    message: `${new URL(exporter.url).host} is taken by another process`,
  })
  await using main = new Child(process.execPath, [fixture('../main.ts'), '--listen', new URL(exporter.url).host])
  await main.line(/^spillway exporter: 127\.0\.0\.1:\d+ is taken by another process$/)
  assert.equal(await main.exitCode(), 2)
})

test('a Unix socket is listened on, and a file in its place is left alone', async (context) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-exporter-'))
  context.after(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'precious')
  fs.writeFileSync(file, 'data')
  await assert.rejects(start({ listen: { path: file } }), { name: 'UsageError', message: /exists and is not a socket/ })
  assert.equal(fs.readFileSync(file, 'utf8'), 'data')
  await using exporter = await start({ listen: { path: path.join(folder, 'socket') } })
  assert.equal(exporter.url, `unix:${folder}/socket`)
  assert.ok(fs.statSync(path.join(folder, 'socket')).isSocket())
})

test('a wrong option ends the command with status 2 and one line that names it', async () => {
  await using main = new Child(process.execPath, [fixture('../main.ts'), '--sample-interval', '10'])
  await main.line(/^spillway exporter: --sample-interval '10' is not a duration$/)
  assert.equal(await main.exitCode(), 2)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  test(`${signal} ends it cleanly, also while someone reads the stream`, async () => {
    await using main = new Child(process.execPath, [fixture('../main.ts'), '--listen', '127.0.0.1:0'])
    const url = (await main.line(/^Metrics: (http:\/\/[^/]+)\/metrics$/))[1]!
    const response = await fetch(`${url}/stream`)
    await main.kill(signal)
    assert.equal(main.process.exitCode, 0)
    await response.text().catch(() => {}) // cut off in the middle
  })

/** The first snapshots of a stream. */
async function events(exporter: StartedExporter, path: string, count: number): Promise<Snapshot[]> {
  const abort = new AbortController()
  const response = await fetch(`${exporter.url}${path}`, { signal: abort.signal })
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  const snapshots: Snapshot[] = []
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const whole = text.split('\n\n')
    text = whole.pop() ?? ''
    for (const event of whole) {
      const match = /^event: snapshot\nid: (\d+)\ndata: (.*)$/.exec(event)
      if (match === null) continue
      const snapshot: Snapshot = JSON.parse(match[2]!)
      assert.equal(snapshot.sequence, Number(match[1]))
      snapshots.push(snapshot)
    }
    if (snapshots.length >= count) break
  }
  abort.abort()
  return snapshots.slice(0, count)
}

test('/samples gives every reading of a queue, not only what a snapshot shows', async () => {
  await using exporter = await start({ pace: { ...defaultPace, sampleIntervalMs: 2, streamIntervalMs: 200 } })
  using listener = new StalledListener(8)
  await eventually(
    'it is seen',
    () => exporter.look(),
    (snapshot) => JSON.stringify(snapshot).includes(`"port":${listener.port},`),
  )
  const stop = new AbortController()
  const response = await fetch(`${exporter.url}/samples`, { signal: stop.signal })
  const batches: Samples[] = []
  const reading = (async () => {
    let pending = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const events = `${pending}${chunk}`.split('\n\n')
      pending = events.pop() ?? ''
      for (const event of events) {
        const [, data] = /^data: (.*)$/m.exec(event) ?? []
        if (data !== undefined) batches.push(JSON.parse(data))
      }
    }
  })()
  const rows = () =>
    batches.flatMap(({ listeners }) =>
      listeners.port.flatMap((port, row) =>
        port === listener.port ? [{ atMs: listeners.atMs[row]!, length: listeners.length[row]! }] : [],
      ),
    )
  const first = await eventually('samples come', rows, (seen) => seen.length > 0)
  assert.equal(first[0]?.length, 0)
  listener.connect(3)
  const all = await eventually('three wait', rows, (seen) => seen.at(-1)?.length === 3)
  assert.ok(batches.length < all.length, 'many samples come in one batch')
  const times = all.map(({ atMs }) => atMs)
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
    'in the order of time',
  )
  assert.equal(new Set(times).size, times.length, 'none twice')
  const named = batches.flatMap(({ counters }) => counters.name)
  assert.ok(named.includes('Tcp_ActiveOpens'), 'counters are told as they change')
  const shards = batches.flatMap(({ listeners }) =>
    listeners.shard.filter((_, row) => listeners.port[row] === listener.port),
  )
  assert.deepEqual([...new Set(shards)], [1])
  stop.abort()
  await reading.catch(() => {})
})
