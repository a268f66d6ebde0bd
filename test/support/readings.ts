/** Reads a lab's listeners and counters in the three ways that the tests hold against each other. */
import assert from 'node:assert/strict'
import { eventually } from '#common/waiting.ts'
import type { Lab } from '#lab/lab.ts'
import type { ListenerSample, PortSample } from '#services/exporter/snapshot.ts'

/** The exporter's rows of the lab's port, by shard. */
export async function listeners(lab: Lab): Promise<ListenerSample[]> {
  const { namespaces } = await lab.snapshot()
  const rows = namespaces[0]?.listeners.filter(({ port }) => port === lab.plan.port) ?? []
  return rows.toSorted((a, b) => a.shard - b.shard)
}

/** Waits until the exporter has a row of each of these shards, and of no other. */
export async function onlyShards(lab: Lab, what: string, ...shards: number[]): Promise<void> {
  await eventually(
    what,
    () => listeners(lab),
    (rows) =>
      assert.deepEqual(
        rows.map(({ shard }) => shard),
        shards,
      ),
  )
}

/** The exporter's row of one shard; fails if there is none. */
export async function listener(lab: Lab, shard = 1): Promise<ListenerSample> {
  const row = (await listeners(lab)).find((candidate) => candidate.shard === shard)
  assert.ok(row, `the exporter shows shard ${shard}`)
  return row
}

/** The exporter's row of the lab's port. */
export async function port(lab: Lab): Promise<PortSample> {
  const row = (await lab.snapshot()).namespaces[0]?.ports.find((candidate) => candidate.port === lab.plan.port)
  assert.ok(row, 'the exporter shows the port')
  return row
}

/** One of the server namespace's TcpExt counters, read by `nstat`'s source: the kernel's own file. */
export async function counter(lab: Lab, name: string): Promise<number> {
  const { stdout } = await lab.run(['cat', '/proc/self/net/netstat'])
  const [names, values] = stdout.split('\n').filter((line) => line.startsWith('TcpExt:'))
  const index = names?.split(' ').indexOf(name) ?? -1
  assert.ok(index > 0, `the kernel has a counter ${name}`)
  return Number(values?.split(' ')[index])
}

/** A listener as `ss -Hltnm` shows it. */
export interface SsListener {
  length: number
  limit: number
  drops: number
}

/** The lab's listeners as `ss` shows them; without order, since ss knows no shards. */
export async function ssListeners(lab: Lab): Promise<SsListener[]> {
  const { stdout } = await lab.run(['ss', '-HltnmO', `sport = :${lab.plan.port}`])
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('LISTEN'))
    .map((line) => {
      const [, length, limit] = line.split(/\s+/)
      return { length: Number(length), limit: Number(limit), drops: Number(/,d(\d+)\)/.exec(line)?.[1]) }
    })
}
