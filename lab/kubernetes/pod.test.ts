import assert from 'node:assert/strict'
import test from 'node:test'
import { type LabPlan, Unsettable } from '../driver.ts'
import { type ContainerStatus, endOf, type Pod, partOf, podOf, valuesOf, whyNotStarting } from './pod.ts'
import { objectsOf } from './watch.ts'

const plan: LabPlan = {
  mode: 'sharded',
  address: '198.18.0.2',
  port: 8080,
  backends: [
    { backlog: 8, workers: 3 },
    { backlog: 16, workers: 3 },
  ],
  sysctls: { 'net.ipv4.tcp_syncookies': 0 },
  sampleIntervalMs: 10,
  synIntervalMs: 100,
  connectionsIntervalMs: 1000,
  cpuShare: 0.02,
  peakWindowMs: 30_000,
}

test('a plan becomes values of the chart: each backend with its own arguments, closed until it is opened', () => {
  const { lab } = valuesOf(plan, 'one') as {
    lab: { sysctls: object; hostUsers: boolean; arguments: { exporter: string[]; backends: Record<string, string[]> } }
  }
  assert.deepEqual([lab.sysctls, lab.hostUsers], [plan.sysctls, false])
  assert.deepEqual(Object.keys(lab.arguments.backends), ['1', '2'])
  const second = lab.arguments.backends['2'] ?? []
  for (const word of ['--name=backend-2', '--control=127.0.0.1:10522', '--closed', '--backlog=16'])
    assert.ok(second.includes(word), word)
  assert.ok(lab.arguments.exporter.includes('--listen=127.0.0.1:10511'))
})

test('the pod ends by itself where the one who made it was killed', () => {
  const rendered = JSON.stringify({
    spec: { template: { metadata: { labels: { a: 'b' } }, spec: { containers: [] } } },
  })
  const pod = podOf(rendered, 'one') as { kind: string; spec: { activeDeadlineSeconds: number } }
  assert.equal(pod.kind, 'Pod')
  assert.ok(pod.spec.activeDeadlineSeconds > 0)
})

const podWith = (status: Partial<Pod['status']>): Pod => ({ status: { phase: 'Pending', ...status } })
const container = (changes: Partial<ContainerStatus>): ContainerStatus => ({
  ...{ name: 'backend-1', ready: false, restartCount: 0, state: {} },
  ...changes,
})

test('sysctls that the kubelet does not allow are named, with the option that allows them', () => {
  const pod = podWith({
    phase: 'Failed',
    reason: 'SysctlForbidden',
    message: 'forbidden sysctl: "net.core.somaxconn" not allowlisted',
  })
  const why = whyNotStarting(pod, ['net.ipv4.tcp_syncookies', 'net.core.somaxconn'])
  assert.ok(why instanceof Unsettable)
  assert.match(why.message, /does not allow a pod to set net\.core\.somaxconn$/)
  assert.match(why.remedy ?? '', /--allowed-unsafe-sysctls=net\.core\.somaxconn/)
})

test('what keeps a pod from starting is told in a sentence, and what only takes its time is not', () => {
  const waiting = (reason: string, message: string, restartCount = 0): Pod =>
    podWith({ initContainerStatuses: [container({ restartCount, state: { waiting: { reason, message } } })] })
  assert.match(
    whyNotStarting(waiting('ErrImageNeverPull', 'Container image "x" is not present'), [])?.message ?? '',
    /container backend-1 does not start: ErrImageNeverPull\. Container image "x"/,
  )
  assert.match(whyNotStarting(waiting('CrashLoopBackOff', 'back-off 20s', 3), [])?.message ?? '', /again and again/)
  const unschedulable = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes' }
  assert.match(
    whyNotStarting(podWith({ conditions: [unschedulable] }), [])?.message ?? '',
    /No node takes .*: 0\/1 nodes/,
  )
  assert.match(
    whyNotStarting(podWith({ phase: 'Failed', reason: 'Evicted' }), [])?.message ?? '',
    /has failed: Evicted/,
  )
  assert.equal(whyNotStarting(waiting('PodInitializing', ''), []), undefined)
  assert.equal(whyNotStarting(waiting('CrashLoopBackOff', '', 1), []), undefined)
})

test('containers are the parts of a lab, and how one ended is told as by every driver', () => {
  assert.deepEqual(['exporter', 'client', 'backend-3', 'net'].map(partOf), ['exporter', 'agent', 3, undefined])
  const ended = (exitCode: number, reason?: string): string =>
    endOf(container({ lastState: { terminated: { exitCode, ...(reason === undefined ? {} : { reason }) } } }))
  assert.deepEqual(
    [ended(137), ended(1), ended(137, 'OOMKilled')],
    ['SIGKILL', 'status 1', 'it took more memory than its limit'],
  )
})

test('events come in pieces, and each is taken when it is whole', () => {
  const events = [{ type: 'ADDED', object: { a: { b: 1 } } }, { type: 'MODIFIED' }]
  // On one line each, as kubectl 1.37 prints them, and over many.
  const written = (indent: number): string => events.map((event) => `${JSON.stringify(event, null, indent)}\n`).join('')
  const text = written(0) + written(4)
  for (let cut = 0; cut <= text.length; cut++) {
    const found: string[] = []
    let pending = ''
    for (const piece of [text.slice(0, cut), text.slice(cut)]) {
      const objects = objectsOf(pending + piece)
      for (let next = objects.next(); ; next = objects.next()) {
        if (next.done === true) {
          pending = next.value
          break
        }
        found.push(JSON.parse(next.value).type)
      }
    }
    assert.deepEqual([found, pending], [['ADDED', 'MODIFIED', 'ADDED', 'MODIFIED'], ''], `cut at ${cut}`)
  }
})
