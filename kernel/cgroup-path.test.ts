import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shortContainer, workloadOfCgroupPath, workloadOfProcess } from './cgroup-path.ts'

const id = 'f0e1d2c3b4a5'.padEnd(64, '0123456789abcdef')
const container = id
const pod = '8a1b2c3d-1111-2222-3333-444455556666'
const pod_ = pod.replaceAll('-', '_')

/** Paths as they are found on hosts, and what belongs to them: [unit, container, pod]. */
const paths: [path: string, unit: string, container: string, pod: string][] = [
  ['/', '', '', ''],
  // systemd
  ['/init.scope', 'init.scope', '', ''],
  ['/system.slice/nginx.service', 'nginx.service', '', ''],
  ['/system.slice/system-postgresql.slice/postgresql@15-main.service', 'postgresql@15-main.service', '', ''],
  ['/system.slice/my\\x2dapp.service', 'my\\x2dapp.service', '', ''],
  ['/system.slice/system-my\\x2dapp.slice/my\\x2dapp@a\\x2db.service', 'my\\x2dapp@a\\x2db.service', '', ''],
  ['/system.slice/_cpu.service', 'cpu.service', '', ''],
  ['/a.slice/a-b.slice/a-b-c.slice/web.service', 'web.service', '', ''],
  ['/system.slice/web.service/worker/1', 'web.service', '', ''],
  ['/user.slice/user-1000.slice/session-2.scope', 'session-2.scope', '', ''],
  ['/user.slice/user-1000.slice/user@1000.service/app.slice/web.service', 'web.service', '', ''],
  [
    '/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-1.scope',
    'vte-spawn-1.scope',
    '',
    '',
  ],
  ['/user.slice/user-1000.slice/user@1000.service', 'user@1000.service', '', ''],
  ['/system.slice/snap.lxd.daemon.service', 'snap.lxd.daemon.service', '', ''],
  ['/system.slice', '', '', ''],
  // Docker, of both drivers, alone and nested
  [`/docker/${id}`, '', container, ''],
  [`/system.slice/docker-${id}.scope`, '', container, ''],
  [`/docker/${'a'.repeat(64)}/docker/${id}`, '', container, ''],
  [`/docker/${id}/system.slice/nginx.service`, 'nginx.service', container, ''],
  [`/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${id}.scope`, 'user@1000.service', container, ''],
  ['/docker/buildkit/abc', '', '', ''],
  ['/docker/abc', '', '', ''],
  // Podman
  [`/machine.slice/libpod-${id}.scope`, '', container, ''],
  [`/machine.slice/libpod-${id}.scope/container`, '', container, ''],
  [`/machine.slice/libpod-conmon-${id}.scope`, '', '', ''],
  [`/libpod_parent/libpod-${id}`, '', container, ''],
  [
    `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope/container`,
    'user@1000.service',
    container,
    '',
  ],
  [`/system.slice/web.service/libpod-payload-${id}`, 'web.service', container, ''],
  // Kubernetes, of both drivers, by containerd, CRI-O and Docker
  [`/kubepods/besteffort/pod${pod}/${id}`, '', container, pod],
  [`/kubepods/pod${pod}/${id}`, '', container, pod],
  [`/kubepods/burstable/pod${pod}/crio-${id}`, '', container, pod],
  [
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${pod_}.slice/cri-containerd-${id}.scope`,
    '',
    container,
    pod,
  ],
  [`/kubepods.slice/kubepods-pod${pod_}.slice/crio-${id}.scope`, '', container, pod],
  [`/kubepods.slice/kubepods-pod${pod_}.slice/crio-${id}.scope/container`, '', container, pod],
  [`/kubepods.slice/kubepods-pod${pod_}.slice/crio-conmon-${id}.scope`, '', '', pod],
  [
    `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${pod_}.slice/docker-${id}.scope`,
    '',
    container,
    pod,
  ],
  [
    `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod${pod_}.slice/cri-containerd-${id}.scope`,
    '',
    container,
    pod,
  ],
  [`/system.slice/containerd.service/kubepods-burstable-pod${pod_}.slice:cri-containerd:${id}`, '', container, pod],
  [`/system.slice/kubelet.service/kubepods/burstable/pod${pod}/${id}`, '', container, pod],
  [`/kubepods/burstable/pod0123456789abcdef0123456789abcdef/${id}`, '', container, '0123456789abcdef0123456789abcdef'],
  [`/docker/${'a'.repeat(64)}/kubepods/besteffort/pod${pod}/${id}`, '', container, pod],
  // what a process in a cgroup namespace sees of others
  [`/../../system.slice/docker-${id}.scope`, '', container, ''],
  [`/../cri-containerd-${id}.scope`, '', container, ''],
  // others
  ['/lxc.payload.web-1', '', 'web-1', ''],
  ['/lxc.payload.web-1/system.slice/nginx.service', 'nginx.service', 'web-1', ''],
  ['/lxc/web-1', '', 'web-1', ''],
  ['/lxc.monitor.web-1', '', '', ''],
  ['/machine.slice/systemd-nspawn@web.service/payload', '', 'web', ''],
  ['/machine.slice/machine-web\\x2d1.scope/payload/system.slice/nginx.service', 'nginx.service', 'web-1', ''],
  [`/ecs/0123456789abcdef0123456789abcdef/${id}`, '', container, ''],
  [
    '/ecs/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef-2574839563',
    '',
    '0123456789abcdef0123456789abcdef',
    '',
  ],
  [`/ecstasks.slice/ecstasks-0123456789abcdef0123456789abcdef.slice/docker-${id}.scope`, '', container, ''],
]

for (const [path, unit, container, pod] of paths)
  test(`${path} belongs to ${[unit, container && `container ${shortContainer(container)}`, pod && `pod ${pod}`].filter(Boolean).join(', ') || 'nothing'}`, () => {
    assert.deepEqual(workloadOfCgroupPath(path), { unit, container, pod })
  })

test('a process in hierarchies of version 1 has the unit of the named one and the container of any', () => {
  const text = [
    `12:cpu,cpuacct:/docker/${id}`,
    '11:net_cls,net_prio:/',
    `2:memory:/system.slice/other.service`,
    '1:name=systemd:/system.slice/web.service',
    '0::/system.slice/web.service',
    '',
  ].join('\n')
  assert.deepEqual(workloadOfProcess(text), { unit: 'web.service', container, pod: '' })
})

test('a process of version 2 alone, and what is no list of cgroups', () => {
  assert.deepEqual(workloadOfProcess('0::/system.slice/nginx.service\n'), {
    unit: 'nginx.service',
    container: '',
    pod: '',
  })
  for (const text of ['', 'x', '0:', '0::', '::/\n'])
    assert.deepEqual(workloadOfProcess(text), { unit: '', container: '', pod: '' }, JSON.stringify(text))
})

test('a path with a colon in it is read to its end', () => {
  const text = `0::/system.slice/containerd.service/kubepods-besteffort-pod${pod_}.slice:cri-containerd:${id}\n`
  assert.deepEqual(workloadOfProcess(text), { unit: '', container, pod })
})

test('a pod that is in hierarchies of version 1 alone is not of the unit in which its runtime was started', () => {
  const text = [
    '0::/system.slice/containerd.service',
    '1:name=systemd:/system.slice/containerd.service',
    `4:memory:/kubepods/burstable/pod${pod}/${id}`,
    '',
  ]
  for (const lines of [text, text.toReversed()])
    assert.deepEqual(workloadOfProcess(lines.join('\n')), { unit: '', container, pod })
})

test('people are shown twelve digits of an id, and the whole of a name', () => {
  assert.deepEqual([id, 'web-1', '', 'deadbeef'].map(shortContainer), ['f0e1d2c3b4a5', 'web-1', '', 'deadbeef'])
})
