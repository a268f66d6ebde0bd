import assert from 'node:assert/strict'
import test from 'node:test'
import { metrics } from '../catalogue.ts'
import { placeLabels, placeValues } from './place.ts'

/** What the Prometheus Operator attaches to the series of a PodMonitor or ServiceMonitor, and Prometheus to all. */
const attached = ['container', 'pod', 'namespace', 'service', 'endpoint', 'job', 'instance']

test('no metric has a label that the Prometheus Operator attaches to every series of its target', () => {
  for (const { name, labels } of metrics)
    assert.deepEqual(
      labels.filter((label) => attached.includes(label)),
      [],
      name,
    )
})

test('a listener in a pod has the names of the pod, and the whole id of its container', () => {
  const id = 'a'.repeat(64)
  assert.deepEqual(
    placeValues({
      unit: '',
      container: id,
      pod: 'uid',
      kubernetes: { namespace: 'shop', pod: 'web-1', container: 'nginx' },
    }),
    {
      unit: '',
      container_id: id,
      k8s_namespace_name: 'shop',
      k8s_pod_name: 'web-1',
      k8s_pod_uid: 'uid',
      k8s_container_name: 'nginx',
    },
  )
  assert.ok(Object.values(placeValues({ unit: '', container: '', pod: '' })).every((value) => value === ''))
  assert.equal(placeLabels.length, 6)
})
