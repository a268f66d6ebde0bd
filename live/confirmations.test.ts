/** What is confirmed is what was done, not what was asked. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { BackendStatus } from '#services/backend/api.ts'
import { noFaults } from '#services/backend/no-faults.ts'
import {
  backlogConfirmed,
  faultsConfirmed,
  loadConfirmed,
  loadStopped,
  openConfirmed,
  stallConfirmed,
  sysctlConfirmed,
} from './confirmations.ts'
import { ExperimentRunner } from './experiment-runner.ts'
import { Loads } from './loads.ts'
import { switchboard } from './switchboard.ts'
import { startSmallLab } from './testing/small-lab.ts'

const process = { accepts: 0, responses: 0, open: 0, loopLagMs: 0, cpuSeconds: 0 }
const stalled = { ...noFaults, stalled: true }

const status = (limit: number | undefined, changes: Partial<BackendStatus> = {}): BackendStatus => ({
  name: 'backend-1',
  pid: 1,
  mode: 'sharded',
  listener:
    limit === undefined
      ? null
      : { address: '', port: 8080, backlog: 0, limit, length: 0, drops: 0, inode: 1, cookie: '1' },
  faults: noFaults,
  accepts: 0,
  responses: 0,
  bodyBytes: 0,
  open: 0,
  acceptWait: { upToMs: [], counts: [], count: 0, sumMs: 0, maxMs: 0 },
  loopLagMs: 0,
  somaxconn: 4096,
  processes: [{ ...process, pid: 1, faults: changes.faults ?? noFaults }],
  ...changes,
})

test('a backlog is confirmed as the kernel granted it, and why not as asked', () => {
  const told = [
    [64, status(64), 'Backend 1: backlog 64 in force, so 65 fit'],
    [99_999_999, status(4096), 'Backend 1: backlog 99,999,999 asked, 4,096 in force: net.core.somaxconn'],
    [
      500,
      status(128, { somaxconn: 9000 }),
      'Backend 1: backlog 500 asked, 128 in force: net.core.somaxconn was 128 then',
    ],
    [0, status(511), 'Backend 1: backlog 0 asked, 511 in force'],
    [64, status(undefined), 'Backend 1 has no listener: no backlog is in force'],
  ] as const
  for (const [asked, answer, words] of told) assert.equal(backlogConfirmed(1, asked, answer), words)
})

test('a stall, a release, faults and a listener are confirmed as the backend tells of them', () => {
  const broken = status(8, { faults: stalled })
  assert.equal(stallConfirmed(2, broken), 'Backend 2 is stalled: its event loop is blocked')
  assert.equal(stallConfirmed(2, status(8)), 'Backend 2 is released: its event loop is running')
  const two = status(8, {
    processes: [
      { ...process, pid: 1, faults: noFaults },
      { ...process, pid: 2, faults: stalled },
    ],
  })
  assert.equal(stallConfirmed(1, two, 1), 'Process 2 of backend 1 is stalled: its event loop is blocked')
  assert.equal(faultsConfirmed(1, status(8)), 'Backend 1 is back to normal')
  assert.equal(
    faultsConfirmed(1, status(8, { faults: { ...noFaults, acceptDelayMs: 20, neverRead: true } })),
    'Backend 1: slow accept 20 ms, never read',
  )
  assert.equal(openConfirmed(1, status(16)), 'Backend 1 is listening again: backlog 16 in force')
  assert.equal(openConfirmed(1, status(undefined)), 'Backend 1 is still closed')
})

test('a sysctl is confirmed as it is read back, and what somaxconn does not change is said', () => {
  assert.equal(sysctlConfirmed('net.ipv4.tcp_syncookies', 2, '2', []), 'net.ipv4.tcp_syncookies = 2')
  assert.equal(
    sysctlConfirmed('net.core.somaxconn', 16, '16', [128, 64, 128]),
    'net.core.somaxconn = 16: it caps the next listen(); what listens keeps its backlog of 64, 128',
  )
  assert.equal(sysctlConfirmed('net.ipv4.tcp_syncookies', 9, '2', []), 'net.ipv4.tcp_syncookies: 9 asked, 2 in force')
  assert.match(sysctlConfirmed('net.ipv4.tcp_migrate_req', 1, undefined, []), /written, but it cannot be read back/)
})

test('a load is confirmed with what runs', () => {
  const running = (amount: number) => ({ name: 'gentle' as const, running: true, amount, error: undefined })
  assert.equal(loadConfirmed('gentle', 300, running(300)), 'Gentle load 300/s')
  assert.equal(loadConfirmed('gentle', 300, running(200)), 'Gentle load 200/s, although 300 were asked')
  assert.equal(loadConfirmed('burst', 500, undefined), 'Burst 500')
  assert.equal(loadStopped('half-open'), 'Half-open clients off')
})

test('the board confirms what this kernel has made of a backlog', async () => {
  await using small = await startSmallLab()
  const lab = await small.attach()
  const switches = switchboard(() => ({ lab, loads: new Loads(lab) }), new ExperimentRunner([], undefined))
  const { somaxconn } = await lab.backend(1).status()
  const asked = somaxconn + 5
  const told = await switches.perform({ do: 'relisten', shard: 1, backlog: asked })
  const grouped = (value: number): string => value.toLocaleString('en-US')
  assert.equal(told, `Backend 1: backlog ${grouped(asked)} asked, ${grouped(somaxconn)} in force: net.core.somaxconn`)
  assert.equal((await lab.backend(1).status()).listener?.limit, somaxconn)
  await assert.rejects(
    switches.perform({ do: 'steer', steering: { by: 'member', member: 6 } }),
    /no member 7 to send all to: 1 shard listens, and the kernel would go on by hash/,
  )
})
