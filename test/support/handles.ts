/** What can be done to a lab, whichever driver runs it: the same sequence for each, on real queues. */
import assert from 'node:assert/strict'
import { eventually } from '#common/waiting.ts'
import type { Driver } from '#lab/driver.ts'
import { Lab } from '#lab/lab.ts'
import { observe } from '#live/observer.ts'
import { counter, listener, listeners, onlyShards, port, ssListeners } from './readings.ts'

const BACKLOG = 8

/** Stalls, overflows, listens again, floods, sets sysctls of both hosts, kills and restarts, and looks after each of it. */
export async function useEveryHandle(driver: Driver): Promise<void> {
  await using lab = await Lab.start({
    driver,
    backends: [{ backlog: BACKLOG }, { backlog: BACKLOG }],
    sysctls: { 'net.ipv4.tcp_syncookies': 0 },
  })
  assert.deepEqual(
    (await listeners(lab)).map(({ shard, limit, process }) => ({ shard, limit, process })),
    [
      { shard: 1, limit: BACKLOG, process: 'backend-1' },
      { shard: 2, limit: BACKLOG, process: 'backend-2' },
    ],
  )
  const honest = await lab.clients.start({
    kind: 'connections',
    arrivals: { shape: 'constant', ratePerSecond: 100, durationMs: 400 },
  })
  const { outcomes, acceptWaitMs } = await honest.done()
  assert.deepEqual({ ok: outcomes.ok, waits: acceptWaitMs.count }, { ok: 40, waits: 40 })

  await lab.backend(2).stall()
  const hold = await lab.clients.start({ kind: 'hold', connections: 60, ratePerSecond: 500 })
  await eventually(
    'the queue is full and spills',
    () => listener(lab, 2),
    (row) => {
      assert.equal(row.length, BACKLOG + 1)
      assert.ok(row.drops > 0)
    },
  )
  const stop = new AbortController()
  for await (const view of observe(lab, stop.signal)) if (view.shards[1]?.stalled && view.shards[1].fill >= 1) break
  await hold.stop()
  // On a busy machine the other one may have spilled as well.
  const drops = await counter(lab, 'ListenDrops')
  await eventually(
    'the exporter counts the same drops',
    () => listeners(lab),
    (rows) => assert.equal(dropsOf(rows), drops),
  )
  const seen = await ssListeners(lab)
  assert.deepEqual([dropsOf(seen), seen.filter(({ length }) => length === BACKLOG + 1).length > 0], [drops, true])

  await lab.backend(2).relisten(32)
  await eventually(
    'the limit is the new one',
    () => listener(lab, 2),
    ({ limit }) => assert.equal(limit, 32),
  )
  await lab.backend(2).release()

  assert.equal(await lab.readSysctl('net.ipv4.tcp_syncookies'), '0')
  const flood = await lab.clients.start({ kind: 'half-open', ratePerSecond: 300, durationMs: 700 })
  await eventually(
    'the SYN queue has been full',
    () => port(lab),
    ({ synQueue }) => assert.ok(synQueue!.peak > BACKLOG, `${synQueue!.peak} half-open requests`),
  )
  await flood.done()
  assert.ok((await counter(lab, 'TCPReqQFullDrop')) > 0)
  await lab.setSysctl('net.ipv4.tcp_syncookies', 1)
  assert.equal(await lab.readSysctl('net.ipv4.tcp_syncookies'), '1')
  const ports = 'net.ipv4.ip_local_port_range'
  const ofServer = await lab.readSysctl(ports)
  await lab.setSysctl(ports, '40000 40999', 'client')
  assert.deepEqual(
    [await lab.readSysctl(ports, 'client'), await lab.readSysctl(ports), await lab.readSysctl('net.ipv4.no_such')],
    ['40000\t40999', ofServer, undefined],
  )
  await assert.rejects(lab.setSysctl('net.ipv4.tcp_syncookies', 'many'), /tcp_syncookies/)

  await lab.backend(1).kill()
  await onlyShards(lab, 'the killed backend has no row', 2)
  await lab.backend(1).restart()
  await onlyShards(lab, 'every backend has a row again', 1, 2)
}

const dropsOf = (rows: readonly { drops: number }[]): number => rows.reduce((sum, { drops }) => sum + drops, 0)
