/** `spillway check` in several network namespaces: those with a name, those of processes, and those that may not be entered. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { CheckHost, findingsIn, linesOf, NODE_SERVER, type Said, spillway } from './support/check-host.ts'

const node = process.execPath

/** A namespace with the name `blue`, of `ip netns`, and settings of its own, in which a server listens; beside it one without a name. */
const NAMED = `
mount -t tmpfs none /run
ip netns add blue
ip -n blue link set lo up
ip netns exec blue sh -ec 'echo 1 > /proc/sys/net/ipv4/tcp_abort_on_overflow; echo 0 > /proc/sys/net/ipv4/tcp_syncookies; echo 16 > /proc/sys/net/ipv4/tcp_max_syn_backlog'
ip netns exec blue "$1" -e "$2" 8080 - &
unshare --net sh -c 'ip link set lo up; exec "$0" "$@"' "$1" -e "$2" 8081 - &
wait`

/** Looks from inside the mount namespace of a process, where the name is. */
const checkBeside = (host: CheckHost, pid: number, ...args: string[]): Promise<Said> =>
  host.run('nsenter', ['--mount', '--target', String(pid), spillway, 'check', '--json', ...args])

async function withNamed(): Promise<{ host: CheckHost; pid: number; said: Said }> {
  const host = await CheckHost.start()
  const holder = host.start('unshare', ['--mount', 'sh', '-ec', NAMED, 'sh', node, NODE_SERVER])
  // nsenter becomes unshare, and unshare the shell.
  const pid = holder.pid ?? 0
  const said = await eventually(
    'both servers are seen',
    () => checkBeside(host, pid, '--netns', 'all', '--fail-on', 'never'),
    (so) => linesOf(so).filter(({ type }) => type === 'listener').length === 2,
  )
  return { host, pid, said }
}

test('all namespaces are looked at, one by its name, and what is set in each is judged there', async () => {
  const { host, pid, said } = await withNamed()
  await using _host = host
  const listeners = linesOf(said).filter(({ type }) => type === 'listener')
  const blue = listeners.find(({ port }) => port === 8080)
  const other = listeners.find(({ port }) => port === 8081)
  assert.deepEqual([blue?.netns, blue?.process, other?.process], ['blue', 'Node', 'Node'])
  assert.match(String(other?.netns), /^\d+$/)
  const codes = findingsIn(said).map(({ code, about }) => [code, about?.netns])
  // The one is read with every snapshot, the other only by entering the namespace.
  assert.deepEqual(codes, [
    ['sysctls-contradict', 'blue'],
    ['final-acks-reset', 'blue'],
  ])

  const one = await checkBeside(host, pid, '--netns', 'blue')
  assert.deepEqual(
    linesOf(one)
      .filter(({ type }) => type === 'listener')
      .map(({ netns, port }) => [netns, port]),
    [['blue', 8080]],
  )

  const server = Number(String(blue?.pids))
  const ofProcess = await checkBeside(host, pid, '--netns', 'all', '--pid', String(server))
  assert.deepEqual(
    [ofProcess.code, linesOf(ofProcess).flatMap(({ type, port }) => (type === 'listener' ? [port] : []))],
    [0, [8080]],
    ofProcess.stderr,
  )
  const none = await checkBeside(host, pid, '--netns', 'all', '--pid', String(host.pid))
  assert.equal(none.code, 2)
  assert.match(none.stderr, new RegExp(`^spillway: Process ${host.pid} holds no listener`))
})

test('a process that was asked for is judged alone', async () => {
  await using host = await CheckHost.start()
  const first = host.start(node, ['-e', NODE_SERVER, '8080', '3'])
  host.start(node, ['-e', NODE_SERVER, '8081', '3'])
  await host.listens(8080)
  await host.listens(8081)
  const said = await host.check('--json', '--pid', String(first.pid))
  assert.deepEqual(
    linesOf(said).flatMap(({ type, port, pids }) => (type === 'listener' ? [[port, pids]] : [])),
    [[8080, [first.pid]]],
  )
  assert.equal(linesOf(said).at(-1)?.only_some_listeners, true)
})

test('root of a user namespace is told that the namespaces of others were not looked at', async () => {
  await using host = await CheckHost.start()
  const said = await host.check('--netns', 'all')
  assert.equal(said.code, 0, said.stderr)
  assert.match(
    said.stdout.replaceAll(/\s+/g, ' '),
    /Not all network namespaces were looked at: this user may not (enter \d+ network namespaces?(, nor )?)?(see in which \d+ process(es)? runs?)?\. As root of the host all are\./,
  )
  const [summary] = linesOf(await host.check('--netns', 'all', '--json'))
  assert.ok(Number(summary?.unread_namespaces) + Number(summary?.processes_of_unknown_namespaces) > 0)
  const alone = linesOf(await host.check('--json')).at(-1)
  assert.deepEqual([alone?.unread_namespaces, alone?.processes_of_unknown_namespaces], [null, null])
})
