/** Labs in pods: the same handles and the same verdicts, by another driver. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { after, before } from 'node:test'
import { experiments } from '#experiments/catalogue.ts'
import { Unsettable } from '#lab/driver.ts'
import { runExperiment } from '#lab/experiment/run-experiment.ts'
import { kubernetes } from '#lab/kubernetes/driver.ts'
import { Lab } from '#lab/lab.ts'
import { clusterNamespace, kubectl, skipWithoutCluster } from '../support/cluster.ts'
import { useEveryHandle } from '../support/handles.ts'
import { wasTooBusy } from '../support/too-busy.ts'

const skip = skipWithoutCluster()
const NAMESPACE = 'spillway-driver'

let place: AsyncDisposable | undefined
let folder: string
before(async () => {
  if (skip !== false) return
  place = await clusterNamespace(NAMESPACE)
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-driver-'))
  const values = path.join(folder, 'values.yaml')
  fs.writeFileSync(values, 'image: { registry: "", repository: spillway, tag: latest, pullPolicy: Never }\n')
  process.env.SPILLWAY_KUBERNETES_NAMESPACE = NAMESPACE
  process.env.SPILLWAY_KUBERNETES_VALUES = values
})
after(async () => {
  await place?.[Symbol.asyncDispose]()
  if (folder !== undefined) fs.rmSync(folder, { recursive: true })
})

const podsLeft = (): Promise<string> => kubectl('get', 'pods', '-n', NAMESPACE, '--output=name')

/** A queue; what is counted of connections; a group that changes; a process that ends and comes again. */
const chosen = ['small-backlog', 'no-ack', 'rolling-restart', 'killed-while-clients-wait']

for (const name of chosen)
  test(`${name} passes in pods too`, { skip }, async (context) => {
    const experiment = experiments.find((candidate) => candidate.name === name)
    assert.ok(experiment)
    const run = () =>
      runExperiment(experiment, { driver: kubernetes, out: path.join(folder, 'run'), signal: context.signal })
    let finished = await run()
    // A moment in which this machine had no time for a lab is no verdict about pods.
    if (wasTooBusy(finished)) finished = await run()
    const { verdict } = finished
    const failed = verdict.expectations.filter(({ passed }) => !passed)
    assert.equal(verdict.status, 'passed', `${verdict.reason}\n${JSON.stringify(failed, null, 2)}`)
    assert.equal(verdict.machine.driver, 'kubernetes')
    const node = await kubectl('get', 'nodes', '--output=jsonpath={.items[0].status.nodeInfo.kernelVersion}')
    assert.equal(verdict.machine.kernel, node.trim())
    assert.ok(verdict.machine.cores > 0 && verdict.machine.memoryBytes > 0)
    assert.equal(await podsLeft(), '')
  })

test('in a pod: stall, overflow, relisten, flood, settings, kill and restart', { skip }, async () => {
  await useEveryHandle(kubernetes)
  assert.equal(await podsLeft(), '')
})

test('the kernel of the pod counts no connection and no reset of what the lab asks its services', {
  skip,
}, async () => {
  await using lab = await Lab.start({ driver: kubernetes, backends: 2 })
  const counted = async (): Promise<(number | undefined)[]> => {
    const [namespace] = (await lab.look()).namespaces
    return ['Tcp_PassiveOpens', 'Tcp_OutRsts'].map((name) => namespace?.counters[name])
  }
  const before = await counted()
  assert.ok((before[0] ?? 0) > 0)
  for (let asked = 0; asked < 20; asked++)
    await Promise.all([
      ...[lab.look(), lab.snapshot(), lab.clients.counters(), lab.clients.reports(), lab.clients.metrics()],
      ...lab.backends.map((backend) => backend.told()),
    ])
  assert.deepEqual(await counted(), before)
})

test('a setting that no pod has is refused before anything starts', { skip }, async () => {
  await assert.rejects(Lab.start({ driver: kubernetes, sysctls: { 'vm.swappiness': 1 } }), Unsettable)
  assert.equal(await podsLeft(), '')
})

test('on the command line it is one option', { skip }, async () => {
  const spillway = path.resolve(import.meta.dirname, '../../bin/spillway')
  const { promise, resolve } = Promise.withResolvers<string>()
  const args = ['run', 'small-backlog', '--driver=kubernetes', '--json', `--out=${path.join(folder, 'cli')}`]
  execFile(spillway, args, (_error, stdout, stderr) => resolve(stdout || stderr))
  const { experiment, status, reason } = JSON.parse(await promise)
  assert.equal(experiment, 'small-backlog')
  assert.ok(status === 'passed' || (status === 'not judged' && /too busy/.test(reason)), `${status} ${reason}`)
})
