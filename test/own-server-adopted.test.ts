/** A server that something else starts, as Docker does, among processes of others: deploy/compose/your-server.yml. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually } from '#common/waiting.ts'
import { Endpoint, ServiceError } from '#lab/endpoint.ts'
import type { Told } from '#lab/told.ts'
import { nginx } from './support/own-servers.ts'
import { skipWithout } from './support/tools.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const keeper = path.join(root, 'services/keeper/main.ts')

/** Namespaces like those of `net`: a stranger runs there too, and whatever is written into `starts` is started. */
function beside(context: TestContext): { keeper: Endpoint; start(command: readonly string[]): void; folder: string } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-adopted-'))
  fs.chmodSync(folder, 0o755)
  const script = `ip link set lo up; sleep 1000 & mkfifo ${folder}/starts; exec 3<>${folder}/starts
"$@" & while read -r line <&3; do sh -c "$line"; done`
  const options = ['--name=mine', '--address=127.0.0.1', '--port=8080', '--reload=kill -HUP {pid}']
  const control = `--control=unix:${folder}/control`
  const child = spawn(
    'unshare',
    [
      ...['--net', '--pid', '--fork', '--kill-child=SIGKILL', '--mount', '--mount-proc', 'bash', '-c', script, 'bash'],
      ...[process.execPath, keeper, ...options, control],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  context.after(() => {
    child.kill('SIGKILL')
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  })
  return {
    folder,
    keeper: new Endpoint('the keeper', { path: `${folder}/control-1` }),
    start: (command) => fs.appendFileSync(`${folder}/starts`, `${command.join(' ')}\n`),
  }
}

test('it is found when it is there, stalled and killed with all that it has started, and nobody else is', {
  skip: skipWithout('nginx'),
}, async (context) => {
  const { keeper, start, folder } = beside(context)
  await eventually('the namespaces are there', () => fs.existsSync(`${folder}/starts`))
  start(nginx('', { workers: 2 }).command(folder))
  await keeper.healthy({ signal: context.signal })
  const told = (): Promise<Told> => keeper.json('GET', '/status')
  const { listener, sockets, reloads } = await eventually(
    'both workers accept',
    told,
    ({ processes }) => processes.length === 2,
  )
  assert.deepEqual([listener?.limit, sockets, reloads], [511, 1, true])

  const stalled: Told = await keeper.json('PATCH', '/faults', { stalled: true })
  assert.deepEqual(
    stalled.processes.map(({ faults }) => faults.stalled),
    [true, true],
  )
  await keeper.json('PATCH', '/faults', { stalled: false })

  const before = new Set(stalled.processes.map(({ pid }) => pid))
  await keeper.json('POST', '/server', { do: 'reload' })
  await eventually(
    'other workers accept',
    told,
    ({ processes }) => processes.length === 2 && processes.every(({ pid }) => !before.has(pid)),
  )

  const killed: Told = await keeper.json('POST', '/server', { do: 'kill' })
  assert.deepEqual([killed.runs, killed.listener], [false, null])
  await assert.rejects(keeper.json('POST', '/server', { do: 'start' }), (error) => {
    assert.ok(error instanceof ServiceError)
    assert.match(error.message, /Whoever started mine has to start it again.*Docker/)
    return true
  })
  start(nginx('', { workers: 2 }).command(folder)) // as Docker does
  await eventually('it is the same shard again', told, ({ listener }) => listener?.limit === 511)
})

interface Service {
  image?: string
  command?: string[]
  entrypoint?: string[]
  pid?: string
  network_mode?: string
  cap_add?: string[]
  restart?: string
}

function composed(environment: Record<string, string>): { status: number | null; stdout: string; stderr: string } {
  const files = ['-f', 'docker-compose.yml', '-f', 'deploy/compose/your-server.yml']
  const env = { ...process.env, COMPOSE_PROFILES: '', ...environment }
  return spawnSync('docker', ['compose', ...files, 'config', '--format', 'json'], { cwd: root, encoding: 'utf8', env })
}

const withoutCompose = (): string | false => {
  const missing = skipWithout('docker')
  if (missing !== false || spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status === 0) return missing
  if (process.env.SPILLWAY_NO_SKIP) throw new Error('docker has no compose plugin, and SPILLWAY_NO_SKIP is set')
  return 'docker has no compose plugin'
}

test('in containers the image runs in the namespaces of the lab, its keeper beside it, and no backend of ours', {
  skip: withoutCompose(),
}, () => {
  const { status, stdout, stderr } = composed({ SPILLWAY_SERVER_IMAGE: 'nginx:1.29' })
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '', 'it warns of nothing')
  const { services } = JSON.parse(stdout) as { services: Record<string, Service> }
  assert.deepEqual(
    Object.keys(services).filter((name) => name.startsWith('backend-')),
    ['backend-1'],
  )
  const { server, 'backend-1': kept } = services
  for (const one of [server, kept]) assert.deepEqual([one?.pid, one?.network_mode], ['service:net', 'service:net'])
  assert.equal(server?.image, 'nginx:1.29')
  assert.equal(server?.restart, 'always')
  const [node, entry] = kept?.entrypoint ?? []
  assert.equal(node, 'node')
  assert.ok(fs.existsSync(path.join(root, entry?.replace(/^\/app\//, '') ?? '')), 'the entry is in the image')
  assert.deepEqual(kept?.cap_add?.toSorted(), ['KILL', 'SYS_PTRACE'])
})

test('without an image it says which variable is missing', { skip: withoutCompose() }, () => {
  const { status, stderr } = composed({ SPILLWAY_SERVER_IMAGE: '' })
  assert.notEqual(status, 0)
  assert.match(stderr, /SPILLWAY_SERVER_IMAGE/)
})
