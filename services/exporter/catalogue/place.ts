import type { ListenerSample } from '../snapshot.ts'

/**
 * Where a socket belongs. Named as OpenTelemetry's attributes, since `container`, `pod` and `namespace` are what the Prometheus
 * Operator and others attach to every series of a target (docs/decisions/0022-labels-of-pods.md).
 */
export const placeLabels = [
  'unit',
  'container_id',
  'k8s_namespace_name',
  'k8s_pod_name',
  'k8s_pod_uid',
  'k8s_container_name',
] as const

type Place = Pick<ListenerSample, 'unit' | 'container' | 'pod' | 'kubernetes'>

/** The values of these labels; what is not known is empty, and so no label to Prometheus. */
export const placeValues = ({
  unit,
  container,
  pod,
  kubernetes,
}: Place): Record<(typeof placeLabels)[number], string> => ({
  unit,
  container_id: container,
  k8s_namespace_name: kubernetes?.namespace ?? '',
  k8s_pod_name: kubernetes?.pod ?? '',
  k8s_pod_uid: pod,
  k8s_container_name: kubernetes?.container ?? '',
})
