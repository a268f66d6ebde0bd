import assert from 'node:assert/strict'
import test from 'node:test'
import { Child, fixture } from './fixtures/child.ts'

test("a namespace's own settings are shown, what it does not have is not, and nothing is shown of sockets that are not there", async () => {
  await using child = new Child('unshare', [
    ...['-rn', 'sh', '-c', 'ip link set lo up && exec "$0" "$1"'],
    ...[process.execPath, fixture('./limits-scenario.ts')],
  ])
  const [line] = await child.line(/^\{.*\}$/)
  const seen = JSON.parse(line)
  assert.deepEqual(seen.limits, {
    'net.core.somaxconn': 77,
    'net.ipv4.tcp_syncookies': 2,
    'net.ipv4.tcp_max_syn_backlog': 123,
  })
  // tcp_mem belongs to the host alone; the pressure is the same everywhere.
  assert.deepEqual(seen.tcpMemory, { limitPages: null, pressure: false })
  assert.equal(seen.inuse, seen.inProc)
  assert.deepEqual([seen.unixListeners, seen.udpSockets], [[], []])
  const names = seen.rows.map((row: string) => row.replace(/\{netns="\d+"\}/, ''))
  assert.deepEqual(names, [
    'node_sysctl_net_core_somaxconn 77',
    'node_sysctl_net_ipv4_tcp_syncookies 2',
    'node_sysctl_net_ipv4_tcp_max_syn_backlog 123',
    'tcp_memory_pressure 0',
  ])
})

test('the queues and the settings of another namespace are shown as its own, and in no other', async () => {
  await using child = new Child('unshare', [
    ...['-rn', 'sh', '-c', 'ip link set lo up && exec "$0" "$1"'],
    ...[process.execPath, fixture('./other-namespace-scenario.ts')],
  ])
  const [line] = await child.line(/^\[.*\]$/)
  const seen: { box: boolean }[] = JSON.parse(line)
  assert.deepEqual(
    seen.toSorted((a, b) => Number(a.box) - Number(b.box)),
    [
      { box: false, unix: [], udp: [], somaxconn: 4096 },
      { box: true, unix: ['@in the box 6'], udp: ['0.0.0.0 53'], somaxconn: 6 },
    ],
  )
})
