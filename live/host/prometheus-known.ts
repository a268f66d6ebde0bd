/** What is made of the series of a Prometheus, whichever sockets they are of. */
import type { NamespaceEvidence, QueueEvidence } from '#findings/host/evidence.ts'
import { serverOf } from '#findings/servers/recognise.ts'
import type { Value } from '#planner/inputs/prometheus.ts'

export type Where = Pick<NamespaceEvidence, 'netns' | 'own' | 'host'>

/** Sockets of one kind that are known now, each by its series, and what is known of each. */
export interface Known<Evidence> {
  values: Value[]
  of(value: Value, place: Where, somaxconn: number | undefined): Evidence
}

type Holders = Pick<
  QueueEvidence,
  'server' | 'who' | 'activated' | 'unit' | 'container' | 'pod' | 'kubernetes' | 'processes' | 'acceptors' | 'unseen'
>

/** Who holds a listener, by the labels of its info; who waits at it, by how many there were and how many may not be looked into. */
export function holdersIn(
  labels: Value['labels'] = {},
  waiting: number | undefined,
  hidden: number | undefined,
): Holders {
  const { process = '', unit = '', container_id: container = '', k8s_pod_uid: pod = '' } = labels
  const server = process === '' ? undefined : serverOf([{ command: process, commandLine: '' }])
  return {
    server,
    who: server === undefined || server.name === 'Go' ? process || undefined : server.name,
    activated: false,
    ...{ unit, container, pod, kubernetes: podNameIn(labels) },
    // Metrics do not tell what processes do.
    processes: [],
    acceptors: waiting === 0 ? [] : undefined,
    unseen: waiting === 0 && hidden !== undefined && hidden > 0 ? { processes: hidden, related: [] } : undefined,
  }
}

/** The names of a pod, as the labels have them; undefined outside pods. */
function podNameIn(labels: Value['labels']): QueueEvidence['kubernetes'] {
  const { k8s_namespace_name: namespace, k8s_pod_name: pod, k8s_container_name: container = '' } = labels
  return namespace === undefined || pod === undefined ? undefined : { namespace, pod, container }
}
