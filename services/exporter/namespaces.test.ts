/** Other namespaces than the exporter's own, in a user namespace where that needs no root. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { Child, fixture } from './fixtures/child.ts'
import { unprivileged } from './fixtures/unprivileged.ts'

const main = fixture('../main.ts')

for (const [scenario, sentence] of [
  ['process', "a process's namespace is read beside the own one, until the process ends"],
  ['path', 'a named namespace may vanish and come back'],
  ['quiet', 'a namespace in which nothing waits is read less often, and as often as asked once something does'],
  ['restless', 'with the same interval for quiet namespaces, accept queues and half-open requests are read as ever'],
  ['all', 'with `all` namespaces are found as they appear, and let go when nobody lives in them'],
  ['name', 'a namespace is shown with the name that it has on this host'],
  [
    'device',
    'listeners on one port that are bound to different devices have numbers of their own, and name their device',
  ],
  [
    'devicePorts',
    'clients of one port belong to the listener of the device that they came by, and no series is given twice',
  ],
  ['proc', 'when the proc file system goes away, owners are unknown and all else goes on, until it is back'],
] as const)
  test(sentence, async () => {
    await using child = new Child('unshare', [
      '-r',
      '-n',
      '-m',
      '--kill-child',
      '--fork',
      process.execPath,
      fixture('./namespaces-scenario.ts'),
      scenario,
    ])
    assert.equal(await child.exitCode(), 0, child.lines.join('\n'))
  })

const refused: [namespace: string, message: RegExp][] = [
  ['all', /^spillway exporter: --netns all needs CAP_SYS_ADMIN/],
  ['init=1', /^spillway exporter: --netns init=1 needs CAP_SYS_ADMIN/],
  ['gone=/run/netns/no-such-namespace', /\/run\/netns\/no-such-namespace does not exist$/],
]

for (const [namespace, message] of refused)
  test(`--netns ${namespace} is refused before anything starts, without the capability or the namespace`, async () => {
    const listen = ['--listen', '127.0.0.1:0']
    await using child = new Child(...unprivileged(main, [...listen, '--netns', namespace]))
    assert.equal(await child.exitCode(), 2, child.lines.join('\n'))
    assert.match(child.lines[0]!, message)
    assert.ok(child.lines.every((line) => !line.startsWith('Metrics:')))
  })

test('a file that is not a network namespace is refused', async () => {
  await using child = new Child('unshare', [
    '-r',
    '-n',
    process.execPath,
    main,
    '--listen',
    '127.0.0.1:0',
    '--netns',
    'file=/etc/hostname',
  ])
  assert.equal(await child.exitCode(), 2, child.lines.join('\n'))
  assert.match(child.lines[0]!, /--netns file=\/etc\/hostname: \/etc\/hostname is not a network namespace$/)
})
