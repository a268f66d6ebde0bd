/** A board lists what an experiment expects before it has been played. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { experiments } from '#experiments/catalogue.ts'
import { expectationsAhead } from '#lab/experiment/ahead.ts'
import { plan } from '#lab/testing/plan.ts'

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
