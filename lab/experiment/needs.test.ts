import assert from 'node:assert/strict'
import test from 'node:test'
import type { Snapshot } from '#services/exporter/snapshot.ts'
import { missingExact } from './needs.ts'

const labWith = (exactFeatures: Snapshot['sampler']['exactFeatures']) => ({
  snapshot: async () => ({ sampler: { exactFeatures } }) as Snapshot,
})

test("what an experiment needs of BPF is asked of the lab's own exporter, and why it is missing is told", async () => {
  const lab = labWith({ shards: null, peaks: 'It attached, and counted 0 of 1 connections that came' })
  assert.match(
    (await missingExact({ bpf: 'peaks' }, lab)) ?? '',
    /exporter of this lab does without\. It attached, and/,
  )
  assert.equal(await missingExact({ bpf: 'shards' }, lab), undefined)
  assert.equal(await missingExact({}, lab), undefined)
})
