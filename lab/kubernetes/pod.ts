/** The pod of a lab: what the chart makes of a plan, and what its status says. Pure. */
import { parse } from 'yaml'
import { UsageError } from '#common/errors.ts'
import { backendArguments, exporterArguments } from '../arguments.ts'
import { type LabPlan, type Part, Unsettable } from '../driver.ts'

/** Inside the pod, on its loopback alone. */
export const EXPORTER_PORT = 10511
export const AGENT_PORT = 10512
export const controlPort = (backend: number): number => 10_520 + backend

/** As many as the chart's schema allows. */
export const MOST_BACKENDS = 8
/** What is left by a program that was killed ends by itself. */
const LONGEST_LIFE_SECONDS = 3600

/** The values of the chart for a plan. */
export function valuesOf(plan: LabPlan, name: string): object {
  const on = (port: number) => ({ host: '127.0.0.1', port })
  return {
    fullnameOverride: name,
    exporter: { enabled: false },
    lab: {
      enabled: true,
      backends: plan.backends.length,
      sysctls: plan.sysctls,
      // Experiments tell what the server's kernel counts from what the clients' does.
      hostUsers: false,
      clients: { apart: true },
      board: { enabled: false },
      k6: { enabled: false },
      testRun: { enabled: false },
      ingress: { enabled: false },
      arguments: {
        exporter: exporterArguments(plan, on(EXPORTER_PORT)),
        backends: Object.fromEntries(
          plan.backends.map((_, index) => [
            String(index + 1),
            backendArguments(plan, index + 1, on(controlPort(index + 1))),
          ]),
        ),
      },
    },
  }
}

interface Template {
  spec: { template: { metadata: { labels: Record<string, string> }; spec: Record<string, unknown> } }
}

/** The one pod of the lab that the chart has rendered, by itself and for a limited time. */
export function podOf(rendered: string, name: string): object {
  const { spec }: Template = parse(rendered)
  const { metadata, spec: pod } = spec.template
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { ...metadata.labels, 'app.kubernetes.io/managed-by': 'spillway-run' } },
    spec: { ...pod, activeDeadlineSeconds: LONGEST_LIFE_SECONDS },
  }
}

interface State {
  waiting?: { reason?: string; message?: string }
  running?: object
  terminated?: { exitCode: number; signal?: number; reason?: string; message?: string }
}

/** A container, as the status of a pod tells of it. */
export interface ContainerStatus {
  name: string
  ready: boolean
  started?: boolean
  restartCount: number
  state: State
  lastState?: State
}

/** A pod, as far as its status is looked at here. */
export interface Pod {
  status: {
    phase: string
    reason?: string
    message?: string
    conditions?: { type: string; status: string; reason?: string; message?: string }[]
    initContainerStatuses?: ContainerStatus[]
    containerStatuses?: ContainerStatus[]
  }
}

export const containersOf = ({ status }: Pod): ContainerStatus[] => [
  ...(status.initContainerStatuses ?? []),
  ...(status.containerStatuses ?? []),
]

export const isReady = ({ status }: Pod): boolean =>
  status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

/** What a container is to the lab; undefined for one that has no part in it any more. */
export function partOf(container: string): Part | number | undefined {
  if (container === 'exporter') return 'exporter'
  if (container === 'client') return 'agent'
  const [, number] = /^backend-(\d+)$/.exec(container) ?? []
  return number === undefined ? undefined : Number(number)
}

/** How a container ended last: `SIGKILL`, `status 1`. */
export function endOf({ lastState, state }: ContainerStatus): string {
  const { exitCode = 0, reason } = (state.terminated ?? lastState?.terminated) || {}
  if (reason === 'OOMKilled') return 'it took more memory than its limit'
  const signals: Record<number, string> = { 137: 'SIGKILL', 139: 'SIGSEGV', 143: 'SIGTERM' }
  return signals[exitCode] ?? `status ${exitCode}`
}

const HOPELESS: Record<string, string> = {
  ErrImageNeverPull:
    'Bring the image into the cluster, or name another one in the file that SPILLWAY_KUBERNETES_VALUES names (image: …)',
  ErrImagePull: 'Name an image that the nodes can pull in the file that SPILLWAY_KUBERNETES_VALUES names (image: …)',
  ImagePullBackOff:
    'Name an image that the nodes can pull in the file that SPILLWAY_KUBERNETES_VALUES names (image: …)',
  InvalidImageName: 'Correct the image in the file that SPILLWAY_KUBERNETES_VALUES names (image: …)',
  CreateContainerConfigError: 'kubectl describe pod says more',
  CreateContainerError: 'The runtime of the node must know user namespaces (containerd 2.0, CRI-O 1.25)',
  RunContainerError: 'The runtime of the node must know user namespaces (containerd 2.0, CRI-O 1.25)',
}

/** Why the lab will not start in this pod; undefined while it may. An Unsettable names the sysctls that the kubelet does not allow. */
export function whyNotStarting(pod: Pod, sysctls: readonly string[]): UsageError | undefined {
  const { phase, reason, message = '', conditions = [] } = pod.status
  if (reason === 'SysctlForbidden') {
    const named = sysctls.filter((name) => message.includes(name))
    const which = (named.length === 0 ? sysctls : named).join(', ')
    return new Unsettable(
      `The kubelet does not allow a pod to set ${which}`,
      `Have it started with --allowed-unsafe-sysctls=${which}, or run where it is`,
    )
  }
  if (phase === 'Failed')
    return new UsageError(`The pod of the lab has failed: ${[reason, message].filter(Boolean).join(', ')}`)
  const unscheduled = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  if (unscheduled?.reason === 'Unschedulable')
    return new UsageError(
      `No node takes the pod of the lab: ${unscheduled.message}`,
      'Make room, or set lab.resources, lab.tolerations and lab.nodeSelector in the file that SPILLWAY_KUBERNETES_VALUES names',
    )
  for (const { name, state, restartCount } of containersOf(pod)) {
    const { reason: why = '', message: words = '' } = state.waiting ?? {}
    if (HOPELESS[why] !== undefined)
      return new UsageError(`The container ${name} does not start: ${why}. ${words}`, HOPELESS[why])
    if (why === 'CrashLoopBackOff' && restartCount >= 2)
      return new UsageError(`The container ${name} ends again and again: ${words}`, 'kubectl logs says why')
  }
  return undefined
}
