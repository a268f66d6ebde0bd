/** The lab of a workshop, one pod for each participant, in a namespace of a cluster where PodSecurity is `baseline`. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { Child } from '#services/exporter/fixtures/child.ts'
import { clusterNamespace, kubectl, kubectlWith, skipWithoutCluster } from '../support/cluster.ts'

const root = path.resolve(import.meta.dirname, '../..')
const skip = skipWithoutCluster()

test('without any capability a lab runs in a pod: its board is there, and an experiment writes its report', {
  skip,
}, async () => {
  await using place = await clusterNamespace('spillway-workshop', { 'pod-security.kubernetes.io/enforce': 'baseline' })
  const manifest = fs
    .readFileSync(path.join(root, 'deploy/kubernetes/workshop.yaml'), 'utf8')
    .replaceAll(/image: .*/g, 'image: spillway:latest\n          imagePullPolicy: Never')
  kubectlWith(manifest, 'apply', '-n', place.name, '--validate=strict', '-f', '-')
  await kubectl('wait', '-n', place.name, '--for=create', 'pod/lab-0', '--timeout=60s')
  await kubectl('wait', '-n', place.name, '--for=condition=Ready', 'pod/lab-0', '--timeout=180s')

  await using forward = new Child('kubectl', ['port-forward', '-n', place.name, 'pod/lab-0', ':10510'])
  const [, port = ''] = await forward.line(/^Forwarding from 127\.0\.0\.1:(\d+)/)
  assert.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), /<title>Spillway<\/title>/)

  const inPod = (...words: string[]): Promise<string> => kubectl('exec', '-n', place.name, 'lab-0', '--', ...words)
  const [verdict = ''] = (await inPod('/app/bin/spillway', 'run', 'small-backlog', '--json')).trim().split('\n')
  const { experiment, status, reason } = JSON.parse(verdict)
  assert.equal(experiment, 'small-backlog')
  // Beside what else runs on the machine it may be too busy to judge.
  assert.ok(status === 'passed' || (status === 'not judged' && /too busy/.test(reason)), verdict)
  using folder = fs.mkdtempDisposableSync(path.join(os.tmpdir(), 'spillway-workshop-'))
  const report = path.join(folder.path, 'report.html')
  await kubectl('cp', `${place.name}/lab-0:runs/latest/report.html`, report)
  assert.match(fs.readFileSync(report, 'utf8'), /small-backlog/)
})
