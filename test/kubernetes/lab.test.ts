/** The chart's lab in a cluster: one pod with backends, clients, exporter, board and k6, reached as a person reaches it. */
import assert from 'node:assert/strict'
import path from 'node:path'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import type { LoadReport, LoadRequest } from '#load/agent/api.ts'
import type { BackendStatus } from '#services/backend/api.ts'
import { Child } from '#services/exporter/fixtures/child.ts'
import type { ListenerSample, Snapshot } from '#services/exporter/snapshot.ts'
import { clusterNamespace, helm, kubectl, skipWithoutCluster } from '../support/cluster.ts'

const root = path.resolve(import.meta.dirname, '../..')
const chart = path.join(root, 'deploy/kubernetes/chart')
const values = path.join(chart, 'ci/lab-values.yaml')
const skip = skipWithoutCluster()

/** Pods start, and are started again, in seconds. */
const patient = { withinMs: 90_000, everyMs: 500 }

interface Reached extends AsyncDisposable {
  get<Answer>(port: number, path: string): Promise<Answer>
  load(request: LoadRequest): Promise<LoadReport>
}

/** Ports of the pod's loopback, as `kubectl port-forward` opens them. */
async function reach(namespace: string, pod: string, ports: readonly number[]): Promise<Reached> {
  const forward = new Child('kubectl', [
    'port-forward',
    '-n',
    namespace,
    `pod/${pod}`,
    ...ports.map((port) => `:${port}`),
  ])
  const local = new Map<number, string>()
  for (const port of ports) {
    const [, here = ''] = await forward.line(new RegExp(`^Forwarding from 127\\.0\\.0\\.1:(\\d+) -> ${port}$`))
    local.set(port, `http://127.0.0.1:${here}`)
  }
  const ask = async <Answer>(port: number, path: string, body?: object): Promise<Answer> => {
    const order = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const response = await fetch(`${local.get(port)}${path}`, body === undefined ? {} : order)
    assert.ok(response.ok, `${path}: ${response.status}`)
    return (await response.json()) as Answer
  }
  return {
    get: (port, path) => ask(port, path),
    load: async (request) => {
      const { id } = await ask<LoadReport>(10_512, '/loads', request)
      return eventually(
        'the load is over',
        () => ask<LoadReport>(10_512, `/loads/${id}`),
        ({ state }) => state !== 'running',
        patient,
      )
    },
    [Symbol.asyncDispose]: () => forward[Symbol.asyncDispose](),
  }
}

/** Half-open clients of the lab's server, for a second or so. */
const halfOpen: LoadRequest = {
  kind: 'half-open',
  target: { host: '198.18.0.2', port: 8080 },
  ratePerSecond: 200,
  maxSyns: 300,
  durationMs: 5000,
}

test('the lab of the chart: shard n is backend n, clients beside it stay in the pod, and nothing is left of it', {
  skip,
}, async () => {
  await using place = await clusterNamespace('spillway-lab')
  const inPlace = ['--namespace', place.name]
  await helm('install', 'queues', chart, ...inPlace, '--values', values)
  const pod = 'queues-spillway-lab-0'
  await kubectl('wait', '-n', place.name, '--for=create', `pod/${pod}`, '--timeout=60s')
  await kubectl('wait', '-n', place.name, '--for=condition=Ready', `pod/${pod}`, '--timeout=300s')
  const inPod = (container: string, ...words: string[]): Promise<string> =>
    kubectl('exec', '-n', place.name, pod, '-c', container, '--', ...words)
  await using lab = await reach(place.name, pod, [10_510, 10_511, 10_512, 10_521, 10_522])

  const listeners = async (): Promise<ListenerSample[]> => {
    const { namespaces } = await lab.get<Snapshot>(10_511, '/snapshot')
    return (namespaces[0]?.listeners ?? []).filter(({ port }) => port === 8080).toSorted((a, b) => a.shard - b.shard)
  }
  const shards = (): Promise<unknown> =>
    eventually(
      'every backend has the shard of its number',
      listeners,
      (rows) =>
        assert.deepEqual(
          rows.map(({ shard, process, limit }) => [shard, process, limit]),
          [1, 2, 3].map((number) => [number, `backend-${number}`, 16]),
        ),
      patient,
    )
  await shards()
  assert.equal((await inPod('exporter', 'cat', '/proc/sys/net/core/somaxconn')).trim(), '1024')

  await eventually('the board is healthy', () => lab.get(10_510, '/health'), undefined, patient)
  await eventually(
    'k6 is answered',
    () => lab.get<BackendStatus>(10_521, '/status'),
    ({ accepts }) => accepts > 0,
    patient,
  )

  // No SYN of theirs and no answer to one leaves by the pod's interface; what else the pod says there is little.
  const sent = async (): Promise<number> =>
    Number(await inPod('client', 'cat', '/sys/class/net/eth0/statistics/tx_packets'))
  const before = await sent()
  const flood = lab.load(halfOpen)
  await eventually(
    'the SYN queue fills',
    async () => (await lab.get<Snapshot>(10_511, '/snapshot')).namespaces[0]?.ports.find(({ port }) => port === 8080),
    (port) => (port?.synQueue?.length ?? 0) > 10,
    patient,
  )
  const { started, error } = await flood
  assert.deepEqual([started, error], [300, undefined])
  assert.ok((await sent()) - before < 30, `${(await sent()) - before} packets have left the pod`)

  // The kubelet starts a backend again that has died, and it is the same shard.
  const { identity } = await lab.get<BackendStatus>(10_522, '/status')
  await inPod('exporter', 'sh', '-c', `kill -KILL ${identity?.pid}`)
  await eventually(
    'the kubelet has started it again',
    () =>
      kubectl(
        'get',
        'pod',
        '-n',
        place.name,
        pod,
        '-o',
        'jsonpath={.status.initContainerStatuses[?(@.name=="backend-2")].restartCount}',
      ),
    (count) => Number(count) === 1,
    patient,
  )
  await shards()

  await helm('uninstall', 'queues', ...inPlace, '--wait', '--timeout=120s')
  await eventually(
    'nothing of the lab is left',
    () =>
      kubectl(
        'get',
        'pod,statefulset,service,configmap',
        ...inPlace,
        '-l',
        'app.kubernetes.io/instance=queues',
        '-o',
        'name',
      ),
    (left) => left.trim() === '',
    patient,
  )
})

test('a sysctl that the kubelet does not allow is told by the pod, by its name', { skip }, async () => {
  await using place = await clusterNamespace('spillway-sysctl')
  await helm(
    ...['install', 'queues', chart, '--namespace', place.name, '--values', values],
    ...['--set', 'lab.sysctls.kernel\\.msgmax=8192'],
  )
  const notes = await helm('get', 'notes', 'queues', '--namespace', place.name)
  assert.match(notes, /--allowed-unsafe-sysctls=kernel\.msgmax,net\.core\.somaxconn/)
  await eventually(
    'the kubelet has refused the pod',
    () =>
      kubectl('get', 'events', '-n', place.name, '-o', 'jsonpath={range .items[*]}{.reason} {.message}{"\\n"}{end}'),
    (events) => /SysctlForbidden .*kernel\.msgmax/.test(events),
    patient,
  )
})
