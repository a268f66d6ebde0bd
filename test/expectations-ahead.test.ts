/** A board lists what an experiment expects before it has been played. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { experiments } from '#experiments/catalogue.ts'
import type { LabPlan } from '#lab/driver.ts'
import { expectationsAhead } from '#lab/experiment/ahead.ts'

const plan: LabPlan = {
  mode: 'sharded',
  address: '198.18.0.2',
  port: 8080,
  backends: [{ backlog: 8, workers: 3 }],
  sysctls: {},
  sampleIntervalMs: 10,
  synIntervalMs: 20,
  connectionsIntervalMs: 100,
  cpuShare: 0.2,
  peakWindowMs: 30_000,
}

test('all experiments but those that may find themselves without a subject say beforehand what they expect', () => {
  const recording = { plan, sysctls: sysctlsOfALab() }
  const silent = experiments.filter((experiment) => expectationsAhead(experiment, recording).length < 2)
  assert.deepEqual(
    silent.map(({ name }) => name),
    ['uring-hides-the-stall'],
  )
})

const sysctlsOfALab = (): Record<string, string> => ({
  'net.core.somaxconn': '4096',
  'net.ipv4.tcp_max_syn_backlog': '512',
  'net.ipv4.tcp_syncookies': '1',
  'net.ipv4.tcp_synack_retries': '5',
  'net.ipv4.tcp_abort_on_overflow': '0',
  'net.ipv4.tcp_migrate_req': '0',
  'net.ipv4.tcp_syn_linear_timeouts': '4',
  'net.ipv4.tcp_tw_reuse_delay': '1000',
})
