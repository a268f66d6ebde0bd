import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import os from 'node:os'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type ProcessIdentity, processIdentity, signalProcess, startTicksIn } from './process.ts'

const { SIGKILL } = os.constants.signals

async function victim(context: TestContext): Promise<{ child: ChildProcess; identity: ProcessIdentity }> {
  const child = spawn('sleep', ['1000'])
  context.after(() => child.kill('SIGKILL'))
  await once(child, 'spawn')
  return { child, identity: processIdentity(child.pid) }
}

const lives = ({ pid }: ChildProcess): boolean => process.kill(pid ?? 0, 0)

test('a process is ended by its identity, and after that there is none', async (context) => {
  const { child, identity } = await victim(context)
  const ended = once(child, 'exit')
  assert.equal(signalProcess(identity, SIGKILL), 'sent')
  assert.deepEqual(await ended, [null, 'SIGKILL'])
  assert.equal(signalProcess(identity, SIGKILL), 'ended')
})

test('a process that began at another time has only the number in common, and stays', async (context) => {
  const { child, identity } = await victim(context)
  for (const startTicks of [identity.startTicks + 1, identity.startTicks - 1, 0, Number.NaN])
    assert.equal(signalProcess({ ...identity, startTicks }, SIGKILL), 'ended')
  assert.ok(lives(child))
})

test('the same number elsewhere, in another PID namespace or on another machine, is not ended here', async (context) => {
  const { child, identity } = await victim(context)
  assert.equal(signalProcess({ ...identity, pidNamespace: identity.pidNamespace + 1 }, SIGKILL), 'elsewhere')
  assert.equal(signalProcess({ ...identity, boot: '7f3c1e6a-0000-0000-0000-000000000000' }, SIGKILL), 'elsewhere')
  assert.ok(lives(child))
})

for (const [proc, options] of [
  ['its own', ['--mount-proc']],
  ['that of the namespace around it', []],
] as const)
  test(`from a PID namespace with ${proc} /proc a process outside is not reached, and one inside is`, async (context) => {
    const { child, identity } = await victim(context)
    const script = fileURLToPath(new URL('./fixtures/signal.ts', import.meta.url))
    const namespace = ['--user', '--map-root-user', '--pid', '--fork', '--kill-child', ...options]
    const output = execFileSync(
      'unshare',
      [...namespace, process.execPath, script, JSON.stringify({ ...identity, pid: 1 })],
      { encoding: 'utf8' },
    )
    const { self, ...outcome } = JSON.parse(output)
    assert.deepEqual(outcome, { toOutside: 'elsewhere', toChild: 'sent', childEnded: 'SIGKILL' })
    assert.equal(self.pid, 1)
    assert.notEqual(self.pidNamespace, identity.pidNamespace)
    assert.ok(lives(child))
  })

test('the start time is found behind any name', () => {
  const rest = Array.from({ length: 40 }, (_, index) => index + 3).join(' ')
  for (const name of ['sleep', 'a b', ') 1 2 (', ')']) assert.equal(startTicksIn(`77 (${name}) ${rest}`), 22)
})
