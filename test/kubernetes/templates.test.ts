/** What the chart renders to, for each of its ci values: the conventions that a cluster's tools rely on. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { parse } from 'yaml'
import { readOptions } from '#cli/exact/options.ts'
import { PIN_FOLDERS } from '#kernel/bpf/pins.ts'
import { helm, type KubernetesObject, objectsIn, skipWithoutHelm } from '../support/cluster.ts'
import { blocksFor } from '../support/code-blocks.ts'

const root = path.resolve(import.meta.dirname, '../..')
const chart = path.join(root, 'deploy/kubernetes/chart')
const skip = skipWithoutHelm()
const scenes = fs.readdirSync(path.join(chart, 'ci')).map((file) => path.join(chart, 'ci', file))

interface Container {
  image: string
  args: string[]
  ports: { name: string; containerPort: number }[]
  livenessProbe: { httpGet?: { path: string; port: string }; tcpSocket?: { port: string } }
  readinessProbe: Container['livenessProbe']
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[]
  securityContext: {
    runAsUser: number
    runAsNonRoot: boolean
    readOnlyRootFilesystem: boolean
    allowPrivilegeEscalation: boolean
    capabilities: { drop: string[]; add: string[] }
  }
}

interface Rendered extends KubernetesObject {
  data?: Record<string, string>
  spec: {
    template: {
      spec: {
        initContainers?: Container[]
        containers: Container[]
        volumes: { name: string; hostPath?: { path: string } }[]
        automountServiceAccountToken: boolean
      }
    }
    groups: unknown[]
    endpoints: { port: string; honorLabels: boolean }[]
    podMetricsEndpoints: { port: string; honorLabels: boolean }[]
  }
}

const rendered = async (...words: string[]): Promise<Rendered[]> =>
  objectsIn<Rendered>(await helm('template', 'queues', chart, '--namespace', 'monitoring', ...words))

const only = <Each>(list: readonly Each[]): Each => {
  assert.equal(list.length, 1)
  return list[0]!
}
const ofKind = (objects: readonly Rendered[], kind: string): Rendered[] => objects.filter((each) => each.kind === kind)
const exporterIn = (objects: readonly Rendered[]): Container =>
  only(only(ofKind(objects, 'DaemonSet')).spec.template.spec.containers)

test('helm finds nothing to complain of, with any of the ci values', { skip }, async () => {
  for (const values of scenes) {
    const said = await helm('lint', '--strict', chart, '--values', values)
    assert.match(said, /0 chart\(s\) failed/, values)
  }
})

test('the chart and its image have the version of the package', () => {
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
  const about = parse(fs.readFileSync(path.join(chart, 'Chart.yaml'), 'utf8'))
  assert.deepEqual([about.version, about.appVersion], [version, version])
  for (const file of ['sidecar', 'workshop']) {
    const manifest = fs.readFileSync(path.join(root, `deploy/kubernetes/${file}.yaml`), 'utf8')
    for (const [, tag] of manifest.matchAll(/image: ghcr\.io\/spillway\/spillway:(.+)/g)) assert.equal(tag, version)
  }
})

test('as it is installed the exporter has three capabilities and nothing else of the node', { skip }, async () => {
  const objects = await rendered()
  assert.deepEqual(objects.map(({ kind }) => kind).sort(), ['DaemonSet', 'Service', 'ServiceAccount'])
  const { spec } = only(ofKind(objects, 'DaemonSet')).spec.template
  const { securityContext, ports, args, livenessProbe, readinessProbe } = exporterIn(objects)
  assert.deepEqual(securityContext.capabilities, { drop: ['ALL'], add: ['SYS_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH'] })
  assert.deepEqual(
    [securityContext.readOnlyRootFilesystem, securityContext.allowPrivilegeEscalation, securityContext.runAsUser],
    [true, false, 0],
  )
  assert.ok(spec.volumes.every(({ hostPath }) => hostPath === undefined))
  assert.equal(spec.automountServiceAccountToken, false)
  assert.deepEqual(ports, [{ name: 'metrics', containerPort: 10511, protocol: 'TCP' }])
  assert.ok(args.includes('--netns=all'))
  for (const { httpGet } of [livenessProbe, readinessProbe])
    assert.deepEqual(httpGet, { path: '/health', port: 'metrics' })
})

test('every object has the recommended labels, and those of whoever installs it', { skip }, async () => {
  for (const values of scenes)
    for (const { kind, metadata } of await rendered('--values', values, '--set', 'commonLabels.team=edge')) {
      const { labels = {} } = metadata
      for (const label of ['name', 'instance', 'version', 'managed-by', 'component', 'part-of'])
        assert.ok(labels[`app.kubernetes.io/${label}`], `${kind} lacks ${label}`)
      assert.deepEqual([labels.team, metadata.namespace], ['edge', 'monitoring'], kind)
    }
})

test('a label that is given twice is there once, and what selects the pods stays', { skip }, async () => {
  const twice = ['app.kubernetes.io/version=mine', 'app.kubernetes.io/name=other', 'team=edge'].flatMap((label) => {
    const [name = '', value] = label.split('=')
    const key = name.replaceAll('.', '\\.')
    return ['commonLabels', 'podLabels', 'service.labels', 'prometheus.podMonitor.additionalLabels'].flatMap(
      (place) => ['--set', `${place}.${key}=${value}`],
    )
  })
  for (const { kind, metadata } of await rendered('--set', 'prometheus.podMonitor.enabled=true', ...twice)) {
    const { labels = {} } = metadata
    assert.deepEqual(
      [labels['app.kubernetes.io/version'], labels['app.kubernetes.io/name'], labels.team],
      ['mine', 'spillway', 'edge'],
      kind,
    )
  }
})

test('without privilege the exporter has no capability, a number for a user, and probes of a path that it serves', {
  skip,
}, async () => {
  const { securityContext, args, readinessProbe } = exporterIn(
    await rendered('--values', path.join(chart, 'ci/unprivileged-values.yaml')),
  )
  assert.deepEqual(
    [securityContext.runAsNonRoot, securityContext.runAsUser, securityContext.capabilities],
    [true, 1000, { drop: ['ALL'], add: [] }],
  )
  assert.ok(args.includes('--netns=self') && args.includes('--metrics-only') && args.includes('--sample-interval=20ms'))
  assert.equal(readinessProbe.httpGet?.path, '/metrics')
})

test('with the values of the page an init container installs what --exact reads, where the exporter looks, which gains nothing', {
  skip,
}, async () => {
  const [values = ''] = blocksFor(
    fs.readFileSync(path.join(root, 'docs/exporter.md'), 'utf8'),
    'exact-values.yaml, beside deploy/kubernetes/chart/ci/unprivileged-values.yaml',
  )
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-values-'))
  try {
    fs.writeFileSync(path.join(folder, 'values.yaml'), values)
    const files = [path.join(chart, 'ci/unprivileged-values.yaml'), path.join(folder, 'values.yaml')]
    const objects = await rendered(...files.flatMap((file) => ['--values', file]))
    const { initContainers, volumes } = only(ofKind(objects, 'DaemonSet')).spec.template.spec
    const init = only(initContainers ?? [])
    assert.deepEqual(init.securityContext.capabilities, { drop: ['ALL'], add: ['BPF', 'PERFMON', 'CHOWN'] })
    const [exact, ...asked] = init.args
    const install = readOptions(asked)
    assert.ok(exact === 'exact' && install?.action === 'install')
    const exporter = exporterIn(objects)
    assert.deepEqual(exporter.securityContext.capabilities, { drop: ['ALL'], add: [] })
    assert.equal(install.reader.id, exporter.securityContext.runAsUser)
    assert.ok(exporter.args.includes('--exact=auto'))
    const pathOnNode = (name: string): string | undefined => volumes.find((one) => one.name === name)?.hostPath?.path
    const mounts = new Map(exporter.volumeMounts.map((one) => [one.mountPath, one]))
    const read = mounts.get('/run/spillway/exact')
    assert.equal(read?.readOnly, true)
    assert.ok((PIN_FOLDERS as readonly string[]).includes(read.mountPath))
    assert.equal(pathOnNode(read.name), install.folder)
    assert.equal(pathOnNode(only(init.volumeMounts).name), path.dirname(install.folder))
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})

test('where a password may be asked for, probes try the port alone', { skip }, async () => {
  const { args, image, readinessProbe } = exporterIn(
    await rendered('--values', path.join(chart, 'ci/secured-values.yaml')),
  )
  assert.deepEqual(readinessProbe.tcpSocket, { port: 'metrics' })
  assert.ok(args.includes('--web.config.file=/etc/spillway/web.yml'))
  assert.match(image, /^registry\.example\/spillway\/spillway@sha256:[0-9a-f]{64}$/)
})

test('monitors carry the labels that a Prometheus selects by, and honour those of the exporter', { skip }, async () => {
  const objects = await rendered('--values', path.join(chart, 'ci/operator-values.yaml'))
  for (const kind of ['ServiceMonitor', 'PodMonitor']) {
    const { metadata, spec } = only(ofKind(objects, kind))
    assert.equal(metadata.labels?.release, 'prometheus')
    const { port, honorLabels } = only(spec.endpoints ?? spec.podMetricsEndpoints)
    assert.deepEqual([port, honorLabels], ['metrics', true])
  }
})

test('rules and boards are those of the repository, to the letter', { skip }, async () => {
  const objects = await rendered('--values', path.join(chart, 'ci/operator-values.yaml'))
  const rules = ['recording.yml', 'spillway.yml'].flatMap(
    (file): unknown[] => parse(fs.readFileSync(path.join(root, 'deploy/prometheus/rules', file), 'utf8')).groups,
  )
  assert.deepEqual(only(ofKind(objects, 'PrometheusRule')).spec.groups, rules)
  const boards = ofKind(objects, 'ConfigMap')
  assert.ok(boards.every(({ metadata }) => metadata.labels?.grafana_dashboard === '1'))
  const inChart = Object.assign({}, ...boards.map(({ data }) => data))
  const files = fs.readdirSync(path.join(root, 'dashboards/json'))
  assert.deepEqual(Object.keys(inChart).sort(), files.map((file) => `spillway-${file}`).sort())
  for (const file of files)
    assert.deepEqual(
      JSON.parse(inChart[`spillway-${file}`]),
      JSON.parse(fs.readFileSync(path.join(root, 'dashboards/json', file), 'utf8')),
    )
})

for (const [value, about] of [
  ['service.port=0', /port/],
  ['service.port=http', /port/],
  ['exporter.netns=some', /netns/],
  ['exporter.extraArgs[0]=sample-interval', /extraArgs/],
  ['image.pullPolicy=never', /pullPolicy/],
  ['image.digest=latest', /digest/],
  ['prometheus.podMonitor.interval=often', /interval/],
  ['prometheus.podmonitor.enabled=true', /podmonitor/],
  ['serviceMonitor.enabled=true', /serviceMonitor/],
  ['tolerations=all', /tolerations/],
  ['dashboards.enabled=perhaps', /enabled/],
] as const)
  test(`the value ${value} is refused, by name`, { skip }, async () => {
    await assert.rejects(rendered('--set', value), about)
  })
