/** The exporter in pods with more or fewer rights, and what it then sees of another pod. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { clusterNamespace, kubectl, kubectlWith, objectsIn, skipWithoutCluster } from '../support/cluster.ts'

const root = path.resolve(import.meta.dirname, '../..')
const skip = skipWithoutCluster()
const image = { image: 'spillway:latest', imagePullPolicy: 'Never' }

/** Pods start in seconds. */
const patient = { withinMs: 60_000, everyMs: 500 }

/** A server that does nothing but listen. */
const server = {
  ...{ name: 'server', ...image },
  args: ['backend', '--host=0.0.0.0', '--port=8080', '--control=0.0.0.0:10521', '--backlog=8'],
}

const apply = (namespace: string, name: string, spec: Record<string, unknown>): string =>
  kubectlWith(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: { restartPolicy: 'Never', automountServiceAccountToken: false, terminationGracePeriodSeconds: 1, ...spec },
    }),
    'apply',
    '-f',
    '-',
  )

/** An exporter beside the node's own processes, with these capabilities and no other. */
const exporterOnNode = (namespace: string, name: string, port: number, add: readonly string[]): string =>
  apply(namespace, name, {
    hostNetwork: true,
    hostPID: true,
    containers: [
      {
        ...{ name: 'exporter', ...image },
        args: ['exporter', `--listen=0.0.0.0:${port}`, '--netns=all'],
        securityContext: {
          runAsUser: 0,
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'], add },
        },
      },
    ],
  })

const phaseOf = (namespace: string, pod: string): Promise<string> =>
  kubectl('get', 'pod', '-n', namespace, pod, '-o', 'jsonpath={.status.phase}')
const addressOf = (namespace: string, pod: string): Promise<string> =>
  kubectl('get', 'pod', '-n', namespace, pod, '-o', 'jsonpath={.status.podIP}')

/** The page of an exporter, once it has what is wanted. */
const pageOf = (namespace: string, pod: string, port: number, wanted: RegExp): Promise<string> =>
  eventually(
    `the page of ${pod} has ${wanted}`,
    async () => (await fetch(`http://${await addressOf(namespace, pod)}:${port}/metrics`)).text(),
    (page) => wanted.test(page),
    patient,
  )

const infoOfServer = /^tcp_listener_info\{.*port="8080".*k8s_pod_name="(?<pod>server-of-test)".*$/m

test('each capability that an exporter lacks is told by what it says, or by its refusal to start', {
  skip,
}, async () => {
  await using place = await clusterNamespace('spillway-rights')
  apply(place.name, 'server-of-test', { containers: [server] })
  await kubectl('wait', '-n', place.name, '--for=condition=Ready', 'pod/server-of-test', '--timeout=120s')

  exporterOnNode(place.name, 'admin', 10_611, ['SYS_ADMIN'])
  await eventually(
    'the exporter with CAP_SYS_ADMIN alone has ended',
    () => phaseOf(place.name, 'admin'),
    (phase) => phase === 'Failed',
    patient,
  )
  assert.match(
    await kubectl('logs', '-n', place.name, 'admin'),
    /--netns all needs CAP_SYS_PTRACE: .* \d+ processes may not be looked at/,
  )

  exporterOnNode(place.name, 'ptrace', 10_612, ['SYS_PTRACE'])
  await eventually(
    'the exporter without CAP_SYS_ADMIN has ended',
    () => phaseOf(place.name, 'ptrace'),
    (phase) => phase === 'Failed',
    patient,
  )
  assert.match(await kubectl('logs', '-n', place.name, 'ptrace'), /--netns all needs CAP_SYS_ADMIN/)

  // Without DAC_READ_SEARCH it may not look into the files of others: it knows the pod, and not the process.
  exporterOnNode(place.name, 'nameless', 10_613, ['SYS_ADMIN', 'SYS_PTRACE'])
  const nameless = await pageOf(place.name, 'nameless', 10_613, infoOfServer)
  assert.match(infoOfServer.exec(nameless)?.[0] ?? '', /process="",pid=""/)
  await pageOf(place.name, 'nameless', 10_613, /^spillway_owner_search_hidden_processes [1-9]/m)
  assert.match(nameless, /^spillway_exporter_namespace_hidden_processes 0$/m)

  exporterOnNode(place.name, 'all', 10_614, ['SYS_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH'])
  const all = await pageOf(place.name, 'all', 10_614, infoOfServer)
  assert.match(infoOfServer.exec(all)?.[0] ?? '', /process="[^"]+",pid="\d+"/)
  assert.match(infoOfServer.exec(all)?.[0] ?? '', /k8s_namespace_name="spillway-rights".*k8s_container_name="server"/)
  assert.doesNotMatch(all, /^spillway_owner_search_hidden_processes/m)
})

test('as a sidecar the exporter runs where PodSecurity is `restricted`, and reads the queues of its pod', {
  skip,
}, async () => {
  await using place = await clusterNamespace('spillway-sidecar', { 'pod-security.kubernetes.io/enforce': 'restricted' })
  const manifest = fs
    .readFileSync(path.join(root, 'deploy/kubernetes/sidecar.yaml'), 'utf8')
    .replaceAll(/image: .*/g, 'image: spillway:latest\n      imagePullPolicy: Never')
  const [pod] = objectsIn(manifest)
  kubectlWith(manifest, 'apply', '-n', place.name, '--validate=strict', '-f', '-')
  await kubectl('wait', '-n', place.name, '--for=condition=Ready', `pod/${pod?.metadata.name}`, '--timeout=120s')
  const page = await pageOf(
    place.name,
    pod?.metadata.name ?? '',
    10_511,
    /^tcp_listener_accept_queue_limit\{.*port="8080".*\} 16$/m,
  )
  // The server runs as the same user, and shares its process namespace.
  assert.match(page, /^tcp_listener_info\{.*port="8080".*process="[^"]+"/m)
})
