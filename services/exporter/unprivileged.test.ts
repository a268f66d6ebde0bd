import assert from 'node:assert/strict'
import fs from 'node:fs'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { Child, fixture } from './fixtures/child.ts'
import { StalledListener } from './fixtures/stalled-listener.ts'
import { unprivileged } from './fixtures/unprivileged.ts'
import type { Snapshot } from './snapshot.ts'

test("without any capability it sees every listener of its namespace, also other users'", async () => {
  using listener = new StalledListener(2)
  listener.connect(5)
  await eventually(
    'two were dropped',
    () => listener.queue.drops,
    (drops) => drops >= 2,
  )
  await using child = new Child(...unprivileged(fixture('../main.ts'), ['--listen', '127.0.0.1:0']))
  const url = (await child.line(/^Metrics: (http:\/\/[^/]+)\/metrics$/))[1]!
  const asRoot = process.getuid?.() === 0
  const exporterPid = await pidOf(child, url)
  const status = fs.readFileSync(`/proc/${exporterPid}/status`, 'utf8')
  assert.match(status, /^CapEff:\t0+$/m)
  if (asRoot) assert.match(status, /^Uid:\t65534\t65534\t65534\t65534$/m)

  const seen = await eventually(
    'it is sampled',
    async () => {
      const snapshot = await snapshotOf(url)
      return snapshot.namespaces[0]?.listeners.find(({ port }) => port === listener.port)
    },
    (row) => row !== undefined && row.atLeastSeconds['1'] > 0,
  )
  assert.deepEqual([seen?.length, seen?.limit, seen?.peak], [3, 2, 3])
  assert.ok(seen!.drops >= 2)
  if (asRoot) assert.deepEqual([seen?.pids, seen?.process], [[], ''], 'whose it is may not be seen')
})

async function snapshotOf(url: string): Promise<Snapshot> {
  const snapshot: Snapshot = JSON.parse(await (await fetch(`${url}/snapshot`)).text())
  return snapshot
}

/** The exporter's own pid, by its own listener: the child may be a wrapper around it. */
async function pidOf(child: Child, url: string): Promise<number> {
  const { port } = new URL(url)
  const row = await eventually(
    'it knows its own listener',
    async () => (await snapshotOf(url)).namespaces[0]?.listeners.find((listener) => `${listener.port}` === port),
    (found) => (found?.pids.length ?? 0) > 0,
  )
  return row?.pids[0] ?? child.pid
}
