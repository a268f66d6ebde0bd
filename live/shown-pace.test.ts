import assert from 'node:assert/strict'
import test from 'node:test'
import { budgetsFor } from '#services/exporter/sampler/budgets.ts'
import { defaultPace } from '#services/exporter/sampler/pace.ts'
import { ageBeside } from './reading.ts'
import { shownPace } from './shown-pace.ts'

/** What a walk over the connections of a lab costs on two cores that others use too, in CPU time. */
const WALK_MS = 2
/** A state is drawn so long after the snapshot that it tells of, at most. */
const SNAPSHOT_MS = 100

function intervalMs(pace: { connectionsIntervalMs: number; cpuShare: number }): number {
  const work = budgetsFor({ ...defaultPace, ...pace }).connections.work(pace.connectionsIntervalMs)
  for (let walk = 0; walk < 100; walk++) work.observe(WALK_MS)
  return work.intervalMs()
}

test('a lab that is looked at reads its connections so often that no age stands beside them, within the budget of its exporter', () => {
  const beside = (ms: number): string =>
    ageBeside({ listeners: 0, synQueue: 0, counters: 0, backends: 0, connections: ms + SNAPSHOT_MS }, 'connections')
  assert.equal(beside(intervalMs(shownPace)), '')
  assert.notEqual(
    beside(intervalMs({ ...shownPace, cpuShare: defaultPace.cpuShare })),
    '',
    'the usual budget stretches it',
  )
})
