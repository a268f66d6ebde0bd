/** Who waits in the accept queues, and what became of those that were accepted: on the real kernel, held against the sockets themselves. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { program } from '#kernel/classic-bpf.ts'
import { Client, Listener, nextConnection, startServer } from '#kernel/fixtures/sockets.ts'
import * as libc from '#kernel/libc.ts'
import { acceptQueue } from '#kernel/listener.ts'
import { type StartedExporter, startExporter } from './exporter.ts'
import { Child, fixture } from './fixtures/child.ts'
import { lookAt, page } from './fixtures/exported.ts'
import type { PortSample } from './snapshot.ts'

/** One tick of the slowest kernel there is: HZ = 100. Two records of one dump can be read in different ticks. */
const JIFFY_MS = 10

const SO_DETACH_FILTER = 27
/** Lets no packet through. */
const nothing = program([0x06, 0])

const start = (): Promise<StartedExporter> => startExporter({ listen: { host: '127.0.0.1', port: 0 }, log: () => {} })

const connected = async (stack: AsyncDisposableStack, port: number): Promise<net.Socket> => {
  const client = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
  stack.defer(() => void client.destroy())
  await once(client, 'connect')
  return client
}

const seenUntil = (
  what: string,
  exporter: StartedExporter,
  port: number,
  isSo: (port: PortSample) => boolean,
): Promise<PortSample> => eventually(what, async () => (await lookAt(exporter, port)).port, isSo)

/** The values of a metric by the value of one of its labels, on the rows of one port. */
async function rows(
  exporter: StartedExporter,
  metric: string,
  port: number,
  label: string,
): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const line of (await page(exporter, '/metrics')).split('\n')) {
    const row = new RegExp(`^${metric}\\{(.*port="${port}".*)\\} (\\S+)$`).exec(line)
    if (row !== null) found[new RegExp(`${label}="([^"]*)"`).exec(row[1]!)?.[1] ?? ''] = Number(row[2])
  }
  return found
}

const acceptOne = (listener: Listener): number => {
  assert.ok(acceptQueue(listener.fd).length > 0, 'one waits')
  const fd = libc.acceptIfAny(listener.fd, 'Accepting in a test')
  assert.ok(fd !== undefined)
  return fd
}

test('a client that has sent a FIN waits on, whether it has hung up or only finished asking', async () => {
  await using exporter = await start()
  await using stack = new AsyncDisposableStack()
  const listener = stack.use(new Listener())
  const [, hungUp, askedAndLeft, halfClosed] = [
    await connected(stack, listener.port),
    await connected(stack, listener.port),
    await connected(stack, listener.port),
    await connected(stack, listener.port),
  ]
  hungUp!.destroy()
  askedAndLeft!.end('ask', () => askedAndLeft!.destroy())
  halfClosed!.end('ask')
  const seen = await seenUntil('the FINs are there', exporter, listener.port, (port) => port.waitingFinished === 3)
  assert.equal(seen.waiting, 4)
  assert.equal(acceptQueue(listener.fd).length, 4)
  assert.deepEqual(await rows(exporter, 'tcp_port_accept_queue_connections', listener.port, 'client'), {
    open: 1,
    sent_fin: 3,
  })
})

test('clients that reset keep their places, which are counted once the queue stands still, and leave with accept()', async () => {
  await using exporter = await start()
  await using stack = new AsyncDisposableStack()
  const listener = stack.use(new Listener())
  const clients = [await connected(stack, listener.port), await connected(stack, listener.port)]
  await connected(stack, listener.port)
  for (const client of clients) client.resetAndDestroy()
  const seen = await seenUntil('two are reset', exporter, listener.port, (port) => port.waitingReset === 2)
  assert.equal(seen.waiting, 1)
  assert.equal(acceptQueue(listener.fd).length, 3)
  assert.deepEqual(await rows(exporter, 'tcp_port_accept_queue_connections', listener.port, 'client'), {
    open: 1,
    reset: 2,
  })

  const accepted = acceptOne(listener)
  stack.defer(() => libc.close(accepted))
  assert.throws(() => libc.recv(accepted, Buffer.alloc(1), 0, 'Reading'), /ECONNRESET/)
  await seenUntil('one place is free again', exporter, listener.port, (port) => port.waitingReset === 1)
})

test('resets in the queue of one listener are told although a sibling goes on accepting', async () => {
  await using exporter = await start()
  await using stack = new AsyncDisposableStack()
  const stuck = stack.use(new Listener({ reusePort: true, backlog: 7 }))
  const working = stack.use(new Listener({ reusePort: true, port: stuck.port }))
  const serve = (): void => {
    while (acceptQueue(working.fd).length > 0) libc.close(acceptOne(working))
  }
  // The kernel chooses by a hash: go on until the stuck one has three, of which two leave again.
  const waiting: net.Socket[] = []
  while (waiting.length < 3) {
    const before = acceptQueue(stuck.fd).length
    const client = await connected(stack, stuck.port)
    if (acceptQueue(stuck.fd).length > before) waiting.push(client)
    serve()
  }
  waiting[0]!.resetAndDestroy()
  waiting[1]!.resetAndDestroy()
  // The working one has clients all the time; who reaches the stuck one instead goes away with an RST too.
  const traffic = setInterval(async () => {
    const client = await connected(stack, stuck.port)
    if (acceptQueue(working.fd).length > 0) serve()
    else client.resetAndDestroy()
  }, 20)
  stack.defer(() => clearInterval(traffic))
  const full = 8
  const seen = await seenUntil('the stuck one is full', exporter, stuck.port, (port) => port.waitingReset === full - 1)
  assert.equal(seen.waiting, 1)
  assert.equal(acceptQueue(stuck.fd).length, full)
})

test('no place counts as reset while a queue moves', async () => {
  await using exporter = await start()
  await using stack = new AsyncDisposableStack()
  const listener = stack.use(new Listener({ backlog: 64 }))
  // Always some wait, and all are alive: each accept is followed by a new client.
  for (let i = 0; i < 5; i++) await connected(stack, listener.port)
  const told: (number | undefined)[] = []
  for (let turn = 0; turn < 60; turn++) {
    await connected(stack, listener.port)
    const fd = acceptOne(listener)
    stack.defer(() => libc.close(fd))
    told.push((await lookAt(exporter, listener.port)).port.waitingReset)
  }
  assert.ok(
    told.every((count) => count === undefined || count === 0),
    `${told}`,
  )
})

test('of accepted connections, those that nobody takes care of are told from idle, silent and served ones', async () => {
  await using exporter = await start()
  await using stack = new AsyncDisposableStack()
  const listener = stack.use(new Listener())
  const { port } = listener
  const pair = async (): Promise<{ client: net.Socket; accepted: number }> => {
    const client = await connected(stack, port)
    const accepted = acceptOne(listener)
    stack.defer(() => libc.close(accepted))
    return { client, accepted }
  }
  const ask = async (client: net.Socket): Promise<void> => {
    await new Promise<void>((resolve) => client.write('ask', () => resolve()))
  }
  const read = (accepted: number): void => void libc.recv(accepted, Buffer.alloc(100), 0, 'Reading')
  const serve = async ({ client, accepted }: Awaited<ReturnType<typeof pair>>): Promise<void> => {
    await ask(client)
    read(accepted)
    libc.send(accepted, Buffer.from('answer'), 0, 'Answering')
    await once(client, 'data')
  }
  const idle = await pair()
  await serve(idle)
  const stuck = await pair()
  await serve(stuck)
  await pair() // silent
  const greeted = await pair()
  libc.send(greeted.accepted, Buffer.from('hello'), 0, 'Greeting')
  const asked = await pair()
  await ask(asked.client)
  const askedAndLeft = await pair()
  askedAndLeft.client.end('ask')
  await ask(stuck.client)

  const seen = await seenUntil('all has arrived', exporter, port, ({ pastAccept, connections }) => {
    return pastAccept?.unread === 3 && connections?.close_wait === 1 && pastAccept.unserved === 2
  })
  assert.deepEqual([seen.pastAccept?.accepted, seen.pastAccept?.silent], [6, 1])
  assert.equal(seen.waiting, 0)
  const { unservedOldestMs: earlierMs = 0 } = seen.pastAccept!
  const later = await seenUntil(
    'it has lasted',
    exporter,
    port,
    (one) => (one.pastAccept?.unservedOldestMs ?? 0) > earlierMs + 100,
  )
  assert.ok(later.pastAccept!.unreadOldestMs >= later.pastAccept!.unservedOldestMs!)
  assert.ok(later.pastAccept!.silentOldestMs! >= later.pastAccept!.unservedOldestMs! - JIFFY_MS, 'it is older')
  const text = await page(exporter, '/metrics')
  for (const [name, value] of [
    ['unserved_connections', '2'],
    ['unread_connections', '3'],
    ['silent_connections', '1'],
    // It grows with every snapshot, and the page may be of a later one.
    ['unserved_oldest_seconds', '\\d+(\\.\\d+)?'],
  ])
    assert.match(text, new RegExp(`^tcp_port_${name}\\{[^}]*port="${port}"\\} ${value}$`, 'm'))

  for (const { accepted } of [askedAndLeft, asked, stuck]) read(accepted)
  const { pastAccept } = await seenUntil('all is read', exporter, port, (one) => one.pastAccept?.unread === 0)
  assert.equal(pastAccept?.unserved, 0)
  assert.doesNotMatch(
    await page(exporter, '/metrics'),
    new RegExp(`^tcp_port_un(served|read)_oldest_seconds\\{[^}]*port="${port}"`, 'm'),
    'there is no oldest of none',
  )
})

test('a listener that closes has reset who waited there, and the port tells so also when it is gone', async () => {
  await using exporter = await start()
  await using stack = new AsyncDisposableStack()
  const stays = new Listener({ reusePort: true })
  stack.defer(() => libc.close(stays.fd))
  const leaves = new Listener({ reusePort: true, port: stays.port })
  await eventually('both are seen', async () => (await lookAt(exporter, stays.port)).listeners.length === 2)
  let resets = 0
  for (let i = 0; i < 16; i++)
    (await connected(stack, stays.port))
      .on('error', (error) => {
        if ('code' in error && error.code === 'ECONNRESET') resets++
      })
      .resume()
  const waited = acceptQueue(leaves.fd).length
  assert.ok(waited > 0, 'the hash of 16 clients chose it at least once')
  await eventually('the queue was sampled', async () =>
    (await lookAt(exporter, stays.port)).listeners.some(({ length }) => length === waited),
  )
  leaves[Symbol.dispose]()
  await eventually('its clients are told', () => resets === waited)
  const closed = () => exporter.snapshot()?.namespaces[0]?.closedListeners
  const ofPort = () => closed()?.ports.find(({ port }) => port === stays.port)
  await eventually('the close is counted', () => ofPort()?.listeners === 1)
  assert.equal(ofPort()?.reset, waited)

  const rest = new Listener({ reusePort: true, port: stays.port })
  rest[Symbol.dispose]()
  assert.match(
    await page(exporter, '/metrics'),
    new RegExp(`^tcp_port_listener_close_resets_total\\{.*port="${stays.port}"\\} ${waited}$`, 'm'),
  )
  assert.ok(closed()!.reset >= waited)
})

test('a port that is gone keeps the count of those it has reset', async () => {
  await using exporter = await start()
  await using stack = new AsyncDisposableStack()
  const listener = new Listener()
  await connected(stack, listener.port)
  await eventually('it is sampled', async () => (await lookAt(exporter, listener.port)).listeners[0]?.length === 1)
  listener[Symbol.dispose]()
  const line = new RegExp(`^tcp_port_listener_close_resets_total\\{.*port="${listener.port}"\\} 1$`, 'm')
  await eventually('it is counted', async () => line.test(await page(exporter, '/metrics')))
  const gone = await page(exporter, '/metrics')
  assert.doesNotMatch(gone, new RegExp(`^tcp_port_syn_queue_length\\{.*port="${listener.port}"`, 'm'))
  const again = stack.use(new Listener({ port: listener.port, reusePort: true }))
  await eventually('it listens again', async () => (await lookAt(exporter, again.port)).listeners.length === 1)
  assert.match(await page(exporter, '/metrics'), line)
})

test('connections that send lost data again are counted, and no more once it has arrived', async () => {
  await using exporter = await start()
  await using stack = new AsyncDisposableStack()
  const { server, port } = await startServer()
  stack.defer(() => void server.close())
  const accepting = nextConnection(server)
  const client = stack.use(new Client('127.0.0.1', port))
  const accepted = await accepting
  stack.defer(() => void accepted.destroy())
  const before = (await lookAt(exporter, port)).port
  assert.equal(before.retransmitting, 0)
  assert.ok(before.roundTripUs !== undefined && before.roundTripUs['1'] > 0, 'its handshake was measured')
  libc.attachFilter(client.fd, nothing, 'Losing what arrives')
  accepted.write('lost')
  await seenUntil('it is sent again', exporter, port, ({ retransmitting }) => retransmitting === 1)
  libc.setIntOption(client.fd, libc.SOL_SOCKET, SO_DETACH_FILTER, 0, 'Losing no more')
  await seenUntil('it has arrived', exporter, port, ({ retransmitting }) => retransmitting === 0)
})

for (const [scenario, sentence] of [
  ['outgoing', 'outgoing connections are counted by destination as ss counts them, with the ports that they hold'],
  ['migrated', 'who was taken over by another listener when one closed does not count as reset'],
] as const)
  test(sentence, async () => {
    await using child = new Child('unshare', [
      '-rn',
      '--kill-child',
      '--fork',
      process.execPath,
      fixture('./connections-scenario.ts'),
      scenario,
    ])
    assert.equal(await child.exitCode(), 0, child.lines.join('\n'))
  })
