/** A backend that dies with a full queue: its series end, the rest goes on, and when it is back it is the same shard. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { Lab } from '#lab/lab.ts'
import { listener, listeners } from './support/readings.ts'

test('a killed backend takes its queue with it, and its successor is the same shard', async () => {
  await using lab = await Lab.start({ backends: [{ backlog: 16 }, { backlog: 16 }, { backlog: 16 }] })
  const [, victim] = lab.backends
  await victim!.stall()
  const load = await lab.clients.start({ kind: 'hold', connections: 120, ratePerSecond: 1000 })
  const before = await eventually(
    'the queue is full',
    () => listener(lab, 2),
    (row) => assert.ok(row.length >= 17),
  )
  await victim!.kill()
  await eventually(
    'the killed backend has no row',
    () => listeners(lab),
    (rows) =>
      assert.deepEqual(
        rows.map(({ shard }) => shard),
        [1, 3],
      ),
  )
  assert.doesNotMatch(await lab.exporter.text('GET', '/metrics'), /^tcp_listener\w+\{[^}]*shard="2"/m)
  await eventually(
    'whoever waited in its queue is reset',
    () => load.report(),
    ({ outcomes }) => assert.ok(outcomes.reset >= 17, `${outcomes.reset} who waited in its queue were reset`),
  )
  const served = await lab.clients.start({ kind: 'connections', arrivals: { shape: 'burst', connections: 30 } })
  assert.equal((await served.done()).outcomes.ok, 30, 'the others go on')

  await victim!.restart()
  const after = await eventually(
    'its successor has a socket of its own',
    () => listener(lab, 2),
    (row) => assert.notEqual(row.cookie, before.cookie),
  )
  assert.deepEqual(
    { drops: after.drops, length: after.length },
    { drops: 0, length: 0 },
    'a new socket starts at nothing',
  )
  assert.equal((await listeners(lab)).length, 3)
})

test('in mode shared several processes own one socket with one queue', async () => {
  await using lab = await Lab.start({ mode: 'shared', backends: [{ backlog: 16, workers: 3 }] })
  await eventually(
    'three processes own one socket',
    () => listeners(lab),
    (rows) => {
      assert.equal(rows.length, 1)
      assert.equal(rows[0]?.pids.length, 3)
    },
  )
})
