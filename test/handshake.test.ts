/** The three-way handshake by hand, frozen at each stage: what the server's kernel and its backend have of it. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { Lab } from '#lab/lab.ts'
import { counter, listener, port } from './support/readings.ts'

const oneBackend = { backends: [{ backlog: 8 }] }

/** How many connections of the lab's port the server's kernel has in a state, by `ss`. */
async function inState(lab: Lab, state: string): Promise<number> {
  const { stdout } = await lab.run(['ss', '-Htn', 'state', state, `sport = :${lab.plan.port}`])
  return stdout.split('\n').filter((line) => line !== '').length
}

/** What the server holds: by `ss`, and in the exporter's eyes. */
async function held(
  lab: Lab,
): Promise<{ synRecv: number; established: number; synQueue: number; acceptQueue: number }> {
  const [synRecv, established, { synQueue }, { length }] = await Promise.all([
    inState(lab, 'syn-recv'),
    inState(lab, 'established'),
    port(lab),
    listener(lab),
  ])
  return { synRecv, established, synQueue: synQueue!.length, acceptQueue: length }
}

test('a handshake that is frozen after the SYN, the SYN-ACK and the last ACK is in one queue, then the other, then accepted', async () => {
  await using lab = await Lab.start(oneBackend)
  await lab.backend(1).stall()
  const load = await lab.clients.start({ kind: 'handshake', connections: 1, records: true })
  const holds = (wanted: Awaited<ReturnType<typeof held>>) =>
    eventually(
      'the kernel holds what it should',
      () => held(lab),
      (seen) => assert.deepEqual(seen, wanted),
    )

  await holds({ synRecv: 1, established: 0, synQueue: 1, acceptQueue: 0 })
  const [frozen] = await load.handshakes()
  assert.equal(frozen?.state, 'half-open')
  assert.ok(frozen.synAcksMs[0]! >= frozen.startedMs)
  const { open, connected, allBegun } = await load.report()
  assert.deepEqual({ open, connected, allBegun }, { open: 1, connected: 0, allBegun: true })

  assert.equal((await load.step(1, 'ack')).state, 'acked')
  await holds({ synRecv: 0, established: 1, synQueue: 0, acceptQueue: 1 })
  assert.equal((await load.report()).connected, 1)

  await lab.backend(1).release()
  await holds({ synRecv: 0, established: 1, synQueue: 0, acceptQueue: 0 })

  await load.step(1, 'request')
  const report = await load.done()
  assert.equal(report.outcomes.ok, 1)
  const [answered] = await load.handshakes()
  assert.equal(answered?.state, 'over')
  assert.equal(answered.backend, 'backend-1')
  assert.ok(answered.acceptedMs! > answered.connectedMs!, 'the client was connected before anybody accepted')
  assert.ok(answered.acceptWaitMs! > 0)
  assert.equal(report.acceptWaitMs.count, 1)
  assert.deepEqual(
    (await load.records()).map(({ outcome, backend }) => ({ outcome, backend })),
    [{ outcome: 'ok', backend: 'backend-1' }],
  )
  await eventually(
    'nothing is left of the connection',
    () => inState(lab, 'connected'),
    (left) => assert.equal(left, 0, 'nothing is left of it, no TIME_WAIT either'),
  )
})

test('whose last ACK comes first is accepted first, whatever the order of the SYNs', async () => {
  await using lab = await Lab.start(oneBackend)
  const load = await lab.clients.start({ kind: 'handshake', connections: 2 })
  await load.step(2, 'request')
  const [first, second] = await eventually(
    'the second handshake is over',
    () => load.handshakes(),
    ([, second]) => assert.equal(second?.state, 'over'),
  )
  assert.equal(second?.outcome, 'ok')
  assert.ok(second.startedMs > first!.startedMs)
  assert.equal(first?.state, 'half-open')
  assert.equal(await inState(lab, 'syn-recv'), 1, 'the first one is still half open')

  await load.step(1, 'request')
  await load.done()
  const [late, early] = await load.handshakes()
  assert.ok(early!.acceptedMs! < late!.acceptedMs!)
})

test('an ACK that meets a full queue leaves the request half open, and the kernel asks again', async () => {
  await using lab = await Lab.start({ backends: [{ backlog: 1 }] })
  await lab.backend(1).stall()
  const load = await lab.clients.start({ kind: 'handshake', connections: 2 })
  await load.step(1, 'ack')
  // Only now is there room for a third request: beyond backlog + 1 the SYN queue would answer with a cookie.
  const late = await lab.clients.start({ kind: 'handshake', connections: 1 })
  await load.step(2, 'ack')
  await eventually(
    'the queue is full',
    () => listener(lab),
    ({ length }) => assert.equal(length, 2),
  )
  assert.equal((await late.step(1, 'ack')).state, 'acked', 'the client believes that it is connected')
  assert.equal(await inState(lab, 'syn-recv'), 1)
  assert.equal(await counter(lab, 'ListenOverflows'), 1)
  await eventually(
    'the socket counts the dropped ACK twice',
    () => listener(lab),
    ({ drops }) => assert.equal(drops, 2, 'the socket counts a dropped last ACK twice'),
  )
  await eventually(
    'the SYN-ACK has been sent again',
    () => late.handshakes(),
    ([handshake]) => assert.ok(handshake!.synAcksMs.length >= 2),
  )
  await lab.backend(1).release()
  await late.step(1, 'request')
  assert.equal((await late.done()).outcomes.ok, 1)
  await load.stop()
})

test('a SYN that was dropped has nothing to acknowledge, and can be reset', async () => {
  await using lab = await Lab.start({ backends: [{ backlog: 0 }] })
  await lab.backend(1).stall()
  const load = await lab.clients.start({ kind: 'handshake', connections: 1 })
  await load.step(1, 'ack')
  await eventually(
    'one waits',
    () => listener(lab),
    ({ length }) => assert.equal(length, 1),
  )
  const dropped = await lab.clients.start({ kind: 'handshake', connections: 1 })
  await assert.rejects(dropped.step(1, 'ack'), { status: 409, message: /no SYN-ACK within 3 s: its SYN was dropped/ })
  assert.equal((await dropped.step(1, 'reset')).state, 'over')
  assert.equal((await dropped.done()).outcomes.abandoned, 1)
  await assert.rejects(dropped.step(1, 'ack'), { status: 409, message: /or is over/ })
})

test('a load that is stopped leaves nothing half open, and its totals hold', async () => {
  await using lab = await Lab.start({ backends: [{ backlog: 128 }] })
  const load = await lab.clients.start({ kind: 'handshake', connections: 100 })
  await load.step(1, 'ack')
  await load.step(2, 'request')
  await eventually(
    'the second handshake is over',
    () => load.handshakes(),
    (all) => assert.equal(all[1]?.state, 'over'),
  )
  await load.step(3, 'reset')
  await assert.rejects(load.step(101, 'ack'), { status: 400 })
  const running = await load.report()
  assert.equal(running.started, 100)
  assert.equal(running.open, 98)
  await eventually(
    'the requests of all others are there',
    () => inState(lab, 'syn-recv'),
    (requests) => assert.equal(requests, 97),
  )
  const { open, connected, outcomes } = await load.stop()
  assert.deepEqual({ open, connected }, { open: 0, connected: 2 })
  assert.equal(outcomes.ok, 2, 'the one that was answered, and the one that was connected and silent')
  assert.equal(outcomes.abandoned, 98)
  await eventually(
    'the server holds nothing',
    () => held(lab),
    (seen) => assert.deepEqual(seen, { synRecv: 0, established: 0, synQueue: 0, acceptQueue: 0 }),
  )
})

test('over IPv6 and outside a lab there are no handshakes by hand', async () => {
  await using lab = await Lab.start(oneBackend)
  for (const [host, reason] of [
    ['2001:2::2', /is not an IPv4 address/],
    ['127.0.0.1', /outside the lab's network/],
  ] as const)
    await assert.rejects(lab.clients.start({ kind: 'handshake', connections: 1, target: { host, port: 8080 } }), {
      status: 409,
      message: reason,
    })
})
