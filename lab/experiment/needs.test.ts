import assert from 'node:assert/strict'
import test from 'node:test'
import type { Snapshot } from '#services/exporter/snapshot.ts'
import type { Driver } from '../driver.ts'
import type { Lab } from '../lab.ts'
import { missingBefore, missingExact, missingInLab } from './needs.ts'

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

const driver = (elsewhere: boolean): Driver => ({
  name: 'kubernetes',
  elsewhere,
  preflight: async () => {},
  start: () => Promise.reject(new Error('no lab is started')),
})

/** What the machine of a lab answers. */
const labOn = (cores: number, sysctls: Record<string, string>, programs: string[]): Lab =>
  ({
    snapshot: async () => ({ sampler: {} }) as Snapshot,
    readSysctl: async (name: string) => sysctls[name],
    run: async (command: string[]) => {
      const has = command.at(-1) === 'nproc' || programs.includes(command.at(-1) ?? '')
      return { status: has ? 0 : 127, stdout: has ? `${cores}\n` : '', stderr: '' }
    },
    plan: { backends: [] },
  }) as unknown as Lab

test('a lab elsewhere is not held against the kernel, the cores and the programs of this machine', async () => {
  const needs = { sysctls: ['net.ipv4.no_such_setting'], cores: 100_000, programs: ['no-such-program'] }
  assert.match((await missingBefore({ needs, cases: {} }, driver(false))) ?? '', /cores|no sysctl/)
  assert.equal(await missingBefore({ needs, cases: {} }, driver(true)), undefined)

  const sysctls = { 'kernel.osrelease': '9.9.9', 'net.ipv4.no_such_setting': '1' }
  assert.equal(await missingInLab(needs, labOn(100_000, sysctls, ['no-such-program'])), undefined)
  assert.match((await missingInLab(needs, labOn(2, sysctls, ['no-such-program']))) ?? '', /100000 cores, .* has 2/)
  assert.match((await missingInLab(needs, labOn(100_000, sysctls, []))) ?? '', /needs the program no-such-program/)
  const older = labOn(100_000, { 'kernel.osrelease': '9.9.9' }, ['no-such-program'])
  assert.equal(await missingInLab(needs, older), "the lab's kernel (9.9.9) has no sysctl net.ipv4.no_such_setting")
})
