/** IPv6 and dual-stack listeners: the right row counts whatever family the client spoke. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { Lab } from '#lab/lab.ts'
import { server } from '#lab/topology.ts'
import { listener, port } from './support/readings.ts'

test('an IPv6 listener shows its queue like any other', async () => {
  await using lab = await Lab.start({ backends: [{ backlog: 4 }], address: server.address6 })
  await lab.backend(1).stall()
  await lab.clients.start({ kind: 'hold', connections: 9, ratePerSecond: 500 })
  await eventually(
    'the queue on the IPv6 address is full and spills',
    () => listener(lab),
    (row) => {
      assert.equal(row.address, server.address6)
      assert.deepEqual({ length: row.length, limit: row.limit }, { length: 5, limit: 4 })
      assert.ok(row.drops >= 4)
    },
  )
})

test('a dual-stack listener holds connections of both families in one queue, on one row', async () => {
  await using lab = await Lab.start({ backends: [{ backlog: 20 }], address: '::' })
  await lab.backend(1).stall()
  for (const host of [server.address, server.address6])
    await lab.clients.start({ kind: 'hold', connections: 3, target: { host, port: lab.plan.port } })
  await eventually(
    'six wait on the address of all',
    () => listener(lab),
    (row) => assert.deepEqual({ address: row.address, length: row.length }, { address: '::', length: 6 }),
  )
  const { connections, oldestWaitMs } = await eventually(
    'six wait',
    () => port(lab),
    ({ waiting }) => assert.equal(waiting, 6),
  )
  assert.equal(connections!.established, 6)
  assert.ok(oldestWaitMs! > 0)
})
