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
import { stallOverflowFloodAndKill } from '../support/driver-sequence.ts'
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

test('a lab of kubernetes: stall, overflow, relisten, flood, kill and restart', { skip }, async () => {
  await stallOverflowFloodAndKill(kubernetes)
  assert.equal(await podsLeft(), '')
})

for (const name of ['small-backlog', 'no-ack', 'rolling-restart'])
  test(`${name} passes in pods too`, { skip }, async (context) => {
    const experiment = experiments.find((candidate) => candidate.name === name)
    assert.ok(experiment)
    const out = path.join(folder, name)
    const run = () => runExperiment(experiment, { driver: kubernetes, out, signal: context.signal })
    let finished = await run()
    // A moment in which this machine had no time for a lab is no verdict about pods.
    if (wasTooBusy(finished)) finished = await run()
    const { verdict } = finished
    const failed = verdict.expectations.filter(({ passed }) => !passed)
    assert.equal(verdict.status, 'passed', `${verdict.reason}\n${JSON.stringify(failed, null, 2)}`)
    assert.equal(verdict.machine.driver, 'kubernetes')
    assert.equal(await podsLeft(), '')
  })

test('a pod that is deleted is the end of its lab, which says so', { skip }, async () => {
  await using lab = await Lab.start({ driver: kubernetes, backends: 1 })
  const [pod = ''] = (await podsLeft()).trim().split('\n')
  const { promise: over, resolve } = Promise.withResolvers<void>()
  lab.over.addEventListener('abort', () => resolve(), { once: true })
  await kubectl('delete', '-n', NAMESPACE, pod, '--grace-period=1')
  await over
  assert.match(String(lab.over.reason), /its pod has been deleted/)
})

test('a setting that no pod has, and one that the kernel has not, are told apart from a wrong value', {
  skip,
}, async () => {
  await assert.rejects(Lab.start({ driver: kubernetes, sysctls: { 'vm.swappiness': 1 } }), Unsettable)
  await using lab = await Lab.start({ driver: kubernetes, backends: 1 })
  await assert.rejects(lab.setSysctl('net.ipv4.no_such_setting', 1), Unsettable)
  await assert.rejects(lab.setSysctl('net.core.somaxconn', 'many'), (error) => !(error instanceof Unsettable))
  await lab.setSysctl('net.core.somaxconn', 77)
  assert.equal(await lab.readSysctl('net.core.somaxconn'), '77')
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
