import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { nowhere, type Workload } from '#kernel/cgroup-path.ts'
import { Workloads } from './workloads.ts'

test('a cgroup is looked for once it is asked for, also when it was made after the first look', async (context) => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-workloads-'))
  context.after(() => fs.rmSync(root, { recursive: true }))
  let nowMs = 0
  const workloads = new Workloads(root, () => nowMs)
  const make = (name: string): bigint => {
    fs.mkdirSync(path.join(root, name), { recursive: true })
    return fs.statSync(path.join(root, name), { bigint: true }).ino
  }
  const look = (id: bigint): Promise<Workload> => {
    workloads.of(id)
    nowMs += 60_000
    workloads.lookForUnknown()
    return eventually(
      'it is found',
      () => workloads.of(id),
      (found) => found !== nowhere,
    )
  }
  const first = make('system.slice/nginx.service')
  assert.deepEqual(await look(first), { unit: 'nginx.service', container: '', pod: '' })
  assert.equal(workloads.of(0n), nowhere)
  const second = make('system.slice/redis.service')
  assert.deepEqual(await look(second), { unit: 'redis.service', container: '', pod: '' })
  assert.deepEqual([workloads.of(0n), workloads.of(undefined)], [nowhere, nowhere])
})

test('without cgroups of version 2 nothing belongs anywhere', () => {
  const workloads = new Workloads('/nonexistent')
  workloads.of(5n)
  workloads.lookForUnknown()
  assert.equal(workloads.of(5n), nowhere)
})
