/** The lab in one pod, as the chart renders it: order, rights, sysctls, load. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { parse } from 'yaml'
import { helm, type KubernetesObject, objectsIn, skipWithoutHelm } from '../support/cluster.ts'

const root = path.resolve(import.meta.dirname, '../..')
const chart = path.join(root, 'deploy/kubernetes/chart')
const skip = skipWithoutHelm()

interface Container {
  name: string
  image: string
  restartPolicy?: string
  command?: string[]
  args?: string[]
  env?: { name: string; value: string }[]
  startupProbe?: { exec: { command: string[] } }
  ports?: { name: string; containerPort: number }[]
  securityContext: {
    runAsUser: number
    runAsNonRoot: boolean
    readOnlyRootFilesystem: boolean
    allowPrivilegeEscalation: boolean
    privileged?: boolean
    procMount?: string
    capabilities: { drop: string[]; add: string[] }
  }
}

interface PodSpec {
  hostUsers: boolean
  hostNetwork?: boolean
  shareProcessNamespace: boolean
  automountServiceAccountToken: boolean
  securityContext: { sysctls?: { name: string; value: string }[] }
  initContainers: Container[]
  containers: Container[]
  volumes: { hostPath?: unknown }[]
}

interface Rendered extends KubernetesObject {
  data?: Record<string, string>
  spec: {
    template: { metadata: { labels: Record<string, string> }; spec: PodSpec }
    selector: { matchLabels: Record<string, string> }
    rules: { host: string }[]
    parallelism: number
    script: { configMap: { name: string; file: string } }
    runner: { image: string; env: { name: string; value: string }[] }
    initializer: {
      containerSecurityContext: { readOnlyRootFilesystem: boolean }
      volumes: { name: string; emptyDir?: object }[]
      volumeMounts: { name: string; mountPath: string }[]
    }
  }
}

const lab = ['--set', 'lab.enabled=true', '--set', 'exporter.enabled=false']
const rendered = async (...words: string[]): Promise<Rendered[]> =>
  objectsIn<Rendered>(await helm('template', 'queues', chart, '--namespace', 'workshop', ...words))
const ofKind = (objects: readonly Rendered[], kind: string): Rendered => {
  const [one, ...others] = objects.filter((each) => each.kind === kind)
  assert.ok(one !== undefined && others.length === 0, kind)
  return one
}
const podOf = async (...words: string[]): Promise<PodSpec> =>
  ofKind(await rendered(...lab, ...words), 'StatefulSet').spec.template.spec
const allOf = ({ initContainers, containers }: PodSpec): Container[] => [...initContainers, ...containers]

test('there is no lab unless it is asked for, and it comes without the exporter of the nodes where that is off', {
  skip,
}, async () => {
  assert.ok((await rendered()).every(({ kind }) => kind !== 'StatefulSet'))
  const kinds = (await rendered(...lab)).map(({ kind }) => kind).sort()
  assert.deepEqual(kinds, ['ConfigMap', 'Service', 'StatefulSet'])
})

test('backends are native sidecars that start one after the other behind the exporter: shard n is backend n', {
  skip,
}, async () => {
  const { initContainers, containers } = await podOf('--set', 'lab.backends=4', '--set', 'lab.backlog=16')
  assert.deepEqual(
    initContainers.map(({ name, restartPolicy }) => [name, restartPolicy]),
    [['net', undefined], ['exporter', 'Always'], ...[1, 2, 3, 4].map((number) => [`backend-${number}`, 'Always'])],
  )
  for (const [index, { args = [], startupProbe }] of initContainers.slice(2).entries()) {
    assert.ok(args.includes(`--name=backend-${index + 1}`) && args.includes('--backlog=16'))
    // The next one starts when this one listens, and not before.
    assert.deepEqual(startupProbe?.exec.command, ['healthy', `${10_521 + index}`])
  }
  assert.deepEqual(
    containers.map(({ name }) => name),
    ['client', 'board', 'k6'],
  )
  const board = containers[1]?.args ?? []
  assert.equal(board.filter((word) => word.startsWith('--backend=')).length, 4)
})

test('arguments of its own are those of one backend, by its number', { skip }, async () => {
  const { initContainers } = await podOf('--set', 'lab.arguments.backends.2={--name=other,--closed}')
  assert.deepEqual(
    initContainers.slice(2).map(({ args = [] }) => args.slice(1, 3)),
    [
      ['--name=backend-1', '--control=127.0.0.1:10521'],
      ['--name=other', '--closed'],
      ['--name=backend-3', '--control=127.0.0.1:10523'],
    ],
  )
})

test('nothing of the node, and no more rights than what each container is for', { skip }, async () => {
  const pod = await podOf()
  assert.deepEqual([pod.hostNetwork, pod.automountServiceAccountToken], [undefined, false])
  assert.ok(pod.volumes.every(({ hostPath }) => hostPath === undefined))
  const rights: Record<string, string[]> = {}
  for (const { name, securityContext } of allOf(pod)) {
    const { capabilities, readOnlyRootFilesystem, allowPrivilegeEscalation, privileged } = securityContext
    assert.deepEqual([readOnlyRootFilesystem, allowPrivilegeEscalation, privileged], [true, false, undefined], name)
    assert.deepEqual(capabilities.drop, ['ALL'], name)
    if (capabilities.add.length > 0) rights[name] = capabilities.add
    else assert.ok(securityContext.runAsNonRoot && securityContext.runAsUser > 0, name)
  }
  assert.deepEqual(rights, { net: ['NET_ADMIN'], client: ['NET_RAW', 'SETUID', 'SETGID'] })
})

test('control APIs, load agent and board are on the loopback of the pod alone', { skip }, async () => {
  for (const { name, args = [], command = [] } of allOf(await podOf()))
    for (const word of [...args, ...command].filter((each) => /^--(control|listen)=/.test(each)))
      assert.match(word, name === 'exporter' ? /=0\.0\.0\.0:10511$/ : /=127\.0\.0\.1:/, name)
})

test('sysctls are those of the pod, and the notes say which a kubelet must be told to allow', { skip }, async () => {
  const set = ['--set', 'lab.sysctls.net\\.core\\.somaxconn=1024', '--set', 'lab.sysctls.net\\.ipv4\\.tcp_syncookies=0']
  const { securityContext } = await podOf(...set)
  assert.deepEqual(securityContext.sysctls, [
    { name: 'net.core.somaxconn', value: '1024' },
    { name: 'net.ipv4.tcp_syncookies', value: '0' },
  ])
  // Notes are rendered where something is installed.
  const notes = await helm('install', 'queues', chart, ...lab, ...set, '--dry-run=client', '--namespace', 'workshop')
  assert.match(notes, /SysctlForbidden/)
  assert.match(notes, /--allowed-unsafe-sysctls=net\.core\.somaxconn\n/)
})

test('clients apart need a user namespace, and get their rights in it', { skip }, async () => {
  await assert.rejects(podOf('--set', 'lab.clients.apart=true'), /lab\.clients\.apart needs lab\.hostUsers=false/)
  const pod = await podOf('--set', 'lab.clients.apart=true', '--set', 'lab.hostUsers=false')
  const client = pod.containers.find(({ name }) => name === 'client')
  assert.deepEqual(client?.securityContext.capabilities.add, ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN'])
  assert.deepEqual([pod.hostUsers, client.securityContext.procMount], [false, 'Unmasked'])
})

test('where clients are apart, whose connections are counted, the kubelet makes none of its own', {
  skip,
}, async () => {
  const pod = await podOf('--set', 'lab.clients.apart=true', '--set', 'lab.hostUsers=false')
  const second = pod.initContainers.find(({ name }) => name === 'backend-2')
  // As the kernel writes a listener at port 10522.
  assert.deepEqual(second?.startupProbe?.exec.command, ['grep', '-q', ':291A 00000000:0000 0A ', '/proc/net/tcp'])
  for (const probed of allOf(pod).filter(({ startupProbe }) => startupProbe !== undefined)) {
    assert.equal(probed.startupProbe?.exec.command[0], 'grep')
    assert.ok(!('readinessProbe' in probed) && !('livenessProbe' in probed))
  }
})

test('an Ingress leads to the board by a name that the board answers to', { skip }, async () => {
  const set = ['--set', 'lab.ingress.enabled=true', '--set', 'lab.ingress.host=lab.example']
  const objects = await rendered(...lab, ...set)
  assert.equal(ofKind(objects, 'Ingress').spec.rules[0]?.host, 'lab.example')
  const board = (await podOf(...set)).containers.find(({ name }) => name === 'board')
  assert.ok(board?.args?.includes('--allow-host=lab.example') && board.args.includes('--listen=0.0.0.0:10510'))
  await assert.rejects(rendered(...lab, '--set', 'lab.ingress.enabled=true'), /lab\.ingress\.host/)
})

test('k6 plays the scripts of the repository, in the version of the containers', { skip }, async () => {
  const objects = await rendered(...lab, '--set', 'lab.k6.rate=7', '--set', 'lab.k6.script=ramp')
  const { data = {} } = ofKind(objects, 'ConfigMap')
  const files = fs.readdirSync(path.join(root, 'load/k6')).filter((file) => file.endsWith('.ts'))
  assert.deepEqual(Object.keys(data).sort(), files.sort())
  for (const file of files) assert.equal(data[file], fs.readFileSync(path.join(root, 'load/k6', file), 'utf8'), file)
  const k6 = ofKind(objects, 'StatefulSet').spec.template.spec.containers.find(({ name }) => name === 'k6')
  const [, image] = /^K6_IMAGE=(.+)$/m.exec(fs.readFileSync(path.join(root, '.env'), 'utf8')) ?? []
  assert.equal(k6?.image, `docker.io/${image}`)
  assert.ok(k6.args?.includes('/scripts/ramp.ts'))
  assert.deepEqual(k6.env?.find(({ name }) => name === 'RATE')?.value, '7')
})

test('a TestRun gives the rate of all runners together, and its script is one of the ConfigMap', { skip }, async () => {
  const set = ['--set', 'lab.testRun.enabled=true', '--set', 'lab.testRun.rate=300', '--set', 'lab.k6.enabled=false']
  const objects = await rendered(...lab, ...set)
  const { spec } = ofKind(objects, 'TestRun')
  const map = ofKind(objects, 'ConfigMap')
  assert.equal(spec.script.configMap.name, map.metadata.name)
  assert.ok(Object.keys(map.data ?? {}).includes(spec.script.configMap.file))
  const env = Object.fromEntries(spec.runner.env.map(({ name, value }) => [name, value]))
  const service = ofKind(objects, 'Service')
  assert.deepEqual([env.TARGET, env.RATE], [`http://${service.metadata.name}.workshop:8080`, '300'])
  // The operator has the script archived in /tmp first, and reads what k6 says of that.
  const { containerSecurityContext, volumes, volumeMounts } = spec.initializer
  assert.equal(containerSecurityContext.readOnlyRootFilesystem, true)
  const writable = volumes.filter(({ emptyDir }) => emptyDir !== undefined).map(({ name }) => name)
  assert.ok(volumeMounts.some(({ name, mountPath }) => mountPath === '/tmp' && writable.includes(name)))
})

test('the lab and the exporter of the nodes are never selected as one', { skip }, async () => {
  const objects = await rendered('--set', 'lab.enabled=true')
  const selectors = ['StatefulSet', 'DaemonSet'].map((kind) => ofKind(objects, kind).spec.selector.matchLabels)
  const labels = ['StatefulSet', 'DaemonSet'].map((kind) => ofKind(objects, kind).spec.template.metadata.labels)
  const selects = (selector = {}, of = {}): boolean =>
    Object.entries(selector).every(([key, value]) => Object.entries(of).some(([k, v]) => k === key && v === value))
  assert.deepEqual(
    selectors.map((selector) => labels.map((each) => selects(selector, each))),
    [
      [true, false],
      [false, true],
    ],
  )
})

for (const [value, about] of [
  ['lab.backends=0', /backends/],
  ['lab.backends=9', /backends/],
  ['lab.k6.script=gentle', /script/],
  ['lab.k6.rate=-3', /rate/],
  ['lab.k6.duration=long', /duration/],
  ['lab.testRun.parallelism=0', /parallelism/],
  ['lab.mode=shard', /mode/],
  ['lab.clients.maxHalfOpenRate=none', /maxHalfOpenRate/],
  ['lab.ingress.host=http://lab', /host/],
  ['lab.board=true', /board/],
] as const)
  test(`the value ${value} is refused, by name`, { skip }, async () => {
    await assert.rejects(rendered(...lab, '--set', value), about)
  })

test('ci values of the lab are those that a cluster without a registry can run', () => {
  const values = parse(fs.readFileSync(path.join(chart, 'ci/lab-values.yaml'), 'utf8'))
  assert.deepEqual([values.image.pullPolicy, values.lab.k6.image.pullPolicy], ['Never', 'Never'])
})
