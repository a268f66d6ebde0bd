/** The chart on a real cluster: installed, a story told by its metrics and alerts, uninstalled, nothing left. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { clusterNamespace, helm, kubectl, kubectlWith, objectsIn, skipWithoutCluster } from '../support/cluster.ts'
import { Prometheus } from '../support/prometheus.ts'
import { skipWithout } from '../support/tools.ts'

const root = path.resolve(import.meta.dirname, '../..')
const chart = path.join(root, 'deploy/kubernetes/chart')
const skip = skipWithoutCluster() || skipWithout('prometheus')
const BACKLOG = 8

/** A server in a pod that can be stalled, and more of a pod than its name. */
const server = (namespace: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-7d9f8c-x2x4z', namespace, labels: { app: 'web' } },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'http-server',
          image: 'spillway:latest',
          imagePullPolicy: 'Never',
          args: ['backend', '--host=0.0.0.0', '--port=8080', '--control=0.0.0.0:10521', `--backlog=${BACKLOG}`],
          readinessProbe: { tcpSocket: { port: 10521 }, periodSeconds: 1 },
        },
      ],
    },
  })

const podAddress = (namespace: string, ...which: string[]): Promise<string> =>
  kubectl('get', 'pod', '-n', namespace, ...which, '-o', 'jsonpath={..podIP}')

/** Everything in the cluster that a release of this name has left. */
const leftOf = (release: string): Promise<string> =>
  kubectl(
    'get',
    'daemonset,pod,service,serviceaccount,configmap,secret,clusterrole,clusterrolebinding',
    '--all-namespaces',
    '--selector',
    `app.kubernetes.io/instance=${release}`,
    '--output=name',
  )

/** Pods come and go, and rules are evaluated, in seconds. */
const patient = { withinMs: 60_000, everyMs: 500 }

const silence = (): void => {}

test('a stalled server in a pod is an alert that names the pod, and after the chart is uninstalled nothing is left', {
  skip,
}, async () => {
  await using monitoring = await clusterNamespace('spillway-monitoring')
  await using shop = await clusterNamespace('spillway-shop')
  kubectlWith(server(shop.name), 'apply', '-f', '-')
  const install = ['--namespace', monitoring.name, '--values', path.join(chart, 'ci/default-values.yaml')]
  await helm('install', 'queues', chart, ...install, '--wait', '--timeout=180s')
  await kubectl('wait', '-n', shop.name, '--for=condition=Ready', 'pod/web-7d9f8c-x2x4z', '--timeout=120s')

  const notes = await helm('get', 'notes', 'queues', '--namespace', monitoring.name)
  assert.match(notes, /tcp_listener_info\{k8s_pod_name!=""\}/)
  const log = await kubectl('logs', '-n', monitoring.name, 'daemonset/queues-spillway')
  assert.match(log, /Reading \d+ network namespaces/)
  assert.doesNotMatch(log, /may not be looked/)

  const exporter = `${await podAddress(monitoring.name, '--selector', 'app.kubernetes.io/instance=queues')}:10511`
  const rules = path.join(root, 'deploy/prometheus/rules/lab.yml')
  await using prometheus = await Prometheus.start({
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: [
      {
        job_name: 'spillway',
        honor_labels: true,
        // What the Prometheus Operator attaches.
        static_configs: [
          {
            targets: [exporter],
            labels: {
              namespace: monitoring.name,
              pod: 'queues-spillway-abcde',
              container: 'exporter',
              endpoint: 'metrics',
            },
          },
        ],
      },
    ],
  })
  const info = await eventually(
    'the listener has the name of its pod',
    () => prometheus.query('tcp_listener_info{k8s_pod_name="web-7d9f8c-x2x4z",port="8080"}'),
    (series) => series.length === 1,
    patient,
  )
  const { labels } = info[0]!
  assert.deepEqual(
    [labels.k8s_namespace_name, labels.k8s_container_name, labels.container, labels.exported_container],
    [shop.name, 'http-server', 'exporter', undefined],
  )
  const id = await kubectl('get', 'pod', '-n', shop.name, 'web-7d9f8c-x2x4z', '-o', 'jsonpath={..containerID}')
  assert.equal(id, `containerd://${labels.container_id}`)

  const host = await podAddress(shop.name, 'web-7d9f8c-x2x4z')
  const stalled = await fetch(`http://${host}:10521/faults`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ stalled: true }),
  })
  assert.equal(stalled.status, 200)
  const clients: net.Socket[] = []
  using _ = { [Symbol.dispose]: () => clients.forEach((client) => void client.destroy()) }
  // More than fit: the kernel refuses the rest, which try again every second.
  const more = setInterval(() => {
    if (clients.length < 10 * BACKLOG) clients.push(net.connect(8080, host).on('error', silence))
  }, 50)
  using __ = { [Symbol.dispose]: () => clearInterval(more) }
  const alerts = await eventually(
    'the alert fires',
    () => prometheus.query('ALERTS{alertname="SpillwayAcceptQueueOverflowing",alertstate="firing",port="8080"}'),
    (series) => series.some(({ labels }) => labels.k8s_pod_name === 'web-7d9f8c-x2x4z'),
    patient,
  )
  assert.ok(alerts.every(({ labels }) => labels.k8s_namespace_name === shop.name))

  await helm('uninstall', 'queues', '--namespace', monitoring.name, '--wait', '--timeout=120s')
  await eventually(
    'nothing of the release is left',
    () => leftOf('queues'),
    (left) => left.trim() === '',
    patient,
  )
})

test('the cluster takes every object that the chart renders, with each of its ci values', {
  skip: skipWithoutCluster(),
}, async () => {
  for (const file of fs.readdirSync(path.join(chart, 'ci'))) {
    const text = await helm(
      'template',
      'queues',
      chart,
      '--namespace',
      'default',
      '--values',
      path.join(chart, 'ci', file),
    )
    // The cluster need not know those of the Prometheus Operator and of k6's.
    const objects = objectsIn(text).filter(({ apiVersion }) => !/^(monitoring\.coreos\.com|k6\.io)\//.test(apiVersion))
    assert.ok(objects.length >= 3)
    kubectlWith(
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
      'apply',
      '--dry-run=server',
      '--validate=strict',
      '-f',
      '-',
    )
  }
})
