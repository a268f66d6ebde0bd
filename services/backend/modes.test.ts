import assert from 'node:assert/strict'
import net from 'node:net'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { eventually } from '#common/waiting.ts'
import { ownersOf } from '#kernel/owners.ts'
import { checkRuntime } from './runtime.ts'
import { Client, startBackend } from './testing/started.ts'

test('two sharded backends share a port, each with a socket and a queue of its own', async () => {
  await using first = await startBackend({ mode: 'sharded', name: 'backend-1', backlog: 3 })
  const { port } = first
  await using second = await startBackend({ mode: 'sharded', name: 'backend-2', backlog: 5, port })
  const [one, two] = [(await first.api.status()).listener, (await second.api.status()).listener]
  assert.equal(two?.port, port)
  assert.deepEqual([one?.limit, two?.limit], [3, 5])
  assert.notEqual(one?.inode, two?.inode)
  assert.notEqual(one?.cookie, two?.cookie)

  for (const [member, name] of ['backend-1', 'backend-2'].entries()) {
    await first.api.change('PUT', '/steering', { by: 'member', member })
    for (let i = 0; i < 4; i++) {
      using client = new Client(port).get()
      await eventually('it is served', () => client.text.includes('"pid"'))
      assert.equal(client.header('x-spillway-backend'), name)
    }
  }
  await second.api.change('PUT', '/steering', { by: 'hash' })
  const seen = new Set<string | undefined>()
  await eventually('both get their share of the hash', async () => {
    using client = new Client(port).get()
    await eventually('it is served', () => client.text.includes('"pid"'))
    seen.add(client.header('x-spillway-backend'))
    return seen.size === 2
  })
})

test('a single backend on a taken port says that the port is taken, and by what kind of socket', async () => {
  await using holder = await startBackend({ mode: 'sharded' })
  const { port } = holder
  await assert.rejects(startBackend({ mode: 'single', port }), (error: unknown) => {
    assert.ok(error instanceof UsageError)
    assert.match(error.message, new RegExp(`127.0.0.1:${port} is taken .* in mode single`))
    return true
  })
})

test('a sharded backend beside a socket without SO_REUSEPORT says so', async () => {
  await using holder = await startBackend({ mode: 'single' })
  const { port } = holder
  await assert.rejects(startBackend({ mode: 'sharded', port }), (error: unknown) => {
    assert.ok(error instanceof UsageError)
    assert.match(error.message, /without SO_REUSEPORT, or by one of another user/)
    return true
  })
})

test('a host that is a name is refused, an address that nobody has too', async () => {
  await assert.rejects(startBackend({ host: 'localhost' }), /'localhost' is not an IP address/)
  await assert.rejects(startBackend({ host: '192.0.2.1' }), /No interface has the address 192.0.2.1/)
})

test('IPv6 works, and :: takes IPv4 as well', async () => {
  await using backend = await startBackend({ host: '::' })
  assert.equal((await backend.api.status()).listener?.address, '::')
  for (const host of ['::1', '127.0.0.1']) {
    using client = new Client(backend.port, host).get()
    await eventually('it is served', () => client.text.includes('"pid"'))
  }
})

test('a Node that ignores reusePort is refused', () => {
  for (const version of ['20.19.0', '22.11.9', '23.0.0'])
    assert.throws(() => checkRuntime(version, 'linux'), /ignores reusePort/, version)
  for (const version of ['22.12.0', '23.1.0', '24.0.0', '25.0.0']) checkRuntime(version, 'linux')
  assert.throws(() => checkRuntime('24.0.0', 'darwin'), /Linux/)
})

test('in shared mode several processes accept from one socket', async () => {
  await using backend = await startBackend({ mode: 'shared', workers: 3, backlog: 4 })
  const { listener, processes } = await backend.api.status()
  assert.equal(listener?.limit, 4, 'the processes called listen() with the same backlog')
  const pids = processes.map(({ pid }) => pid)
  assert.equal(new Set(pids).size, 3)
  const owners = ownersOf(new Set([listener?.inode ?? 0])).get(listener?.inode ?? 0)
  assert.deepEqual(owners?.map(({ pid }) => pid).sort(), pids.toSorted())

  // While all but one stand still, whoever connects is served by that one.
  for (const [place, pid] of pids.entries()) {
    await backend.api.change('PATCH', '/faults', { stalled: true })
    await backend.api.change('PATCH', `/faults?process=${place}`, { stalled: false })
    using client = new Client(backend.port).get()
    await eventually('it is served', () => client.text.includes(`"pid":${pid}}`))
  }
  await backend.api.change('PATCH', '/faults', { stalled: false })

  await eventually('all answers are counted', async () => (await backend.api.status()).responses === 3)
  const after = await backend.api.status()
  assert.deepEqual([after.accepts, after.acceptWait.count], [3, 3])
  for (const [place, { cpuSeconds }] of after.processes.entries())
    assert.ok(cpuSeconds >= processes[place]!.cpuSeconds && cpuSeconds > 0, 'each tells the processor time it has used')
  assert.deepEqual(
    after.processes.map(({ accepts }) => accepts),
    [1, 1, 1],
  )
  const { text } = await backend.api.ask('GET', '/metrics')
  assert.match(text, /^spillway_backend_accepts_total\{.*\} 3$/m)
  assert.equal((await backend.api.ask('PATCH', '/faults?process=3', {})).json.field, 'process')
})

test('a closed shared listener is closed in every process; opened again, others accept and nothing counted is lost', async () => {
  await using backend = await startBackend({ mode: 'shared', workers: 2, backlog: 4 })
  const before = await backend.api.status()
  await backend.api.change('PATCH', '/faults?process=0', { stalled: true })
  using kept = new Client(backend.port).get()
  await eventually('the other process serves', () => kept.text.includes(`"pid":${before.processes[1]?.pid}}`))
  await backend.api.change('PATCH', '/faults', { stalled: true })
  using waiting = new Client(backend.port)
  await eventually('one waits', async () => (await backend.api.status()).listener?.length === 1)
  await backend.api.change('DELETE', '/listener')
  await eventually('it is reset', () => waiting.error === 'ECONNRESET')

  await backend.api.change('PATCH', '/faults', { stalled: false })
  const reopened = await backend.api.change('PUT', '/listener', { backlog: 0 })
  assert.equal(reopened.listener?.limit, 0)
  assert.notEqual(reopened.listener?.inode, before.listener?.inode)
  assert.equal(reopened.processes.length, 3, 'the old process still holds a connection')
  kept.socket.destroy()
  await eventually('the old process has gone', async () => (await backend.api.status()).processes.length === 2)
  assert.equal((await backend.api.status()).accepts, 1)
})

test('a backend without a group has nothing to steer', async () => {
  await using backend = await startBackend({ mode: 'single' })
  const { code, json } = await backend.api.ask('PUT', '/steering', { by: 'cpu' })
  assert.equal(code, 409)
  assert.match(json.error, /mode single/)
})

test('a port that is taken when the listener is opened later is refused with 409', async () => {
  const holder = net.createServer().listen(0, '127.0.0.1')
  await eventually('it listens', () => holder.listening)
  const address = holder.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  await using backend = await startBackend({ port: address.port, closed: true })
  const { code, json } = await backend.api.ask('PUT', '/listener', {})
  assert.equal(code, 409)
  assert.match(json.error, /is taken/)
  holder.close()
  await eventually('the port is free', () => !holder.listening)
  assert.equal((await backend.api.change('PUT', '/listener', {})).listener?.port, address.port)
})
