/** A lab that something else has started, whose backend is a process of this test. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import test, { type TestContext } from 'node:test'
import { UsageError } from '#common/errors.ts'
import { httpServer, listenOn } from '#common/http.ts'
import { type ProcessIdentity, processIdentity } from '#kernel/process.ts'
import { attach } from './attached.ts'
import type { Lab } from './lab.ts'

/** Exporter, load agent and backend in one: all that is asked of them is how they are. */
async function labWhoseBackendSays(context: TestContext, identity: ProcessIdentity | undefined): Promise<Lab> {
  const app = httpServer()
  context.after(() => app.close())
  app.get('/health', () => ({ healthy: true }))
  app.get('/status', () => ({ pid: identity?.pid, identity, mode: 'sharded', listener: null, processes: [] }))
  const target = await listenOn(app, { host: '127.0.0.1', port: 0 })
  return attach({ exporter: target, backends: [target], agent: target }, context.signal)
}

async function process(context: TestContext): Promise<{ child: ChildProcess; identity: ProcessIdentity }> {
  const child = spawn('sleep', ['1000'])
  context.after(() => child.kill('SIGKILL'))
  await once(child, 'spawn')
  return { child, identity: processIdentity(child.pid) }
}

test('the process that the backend is, is ended', async (context) => {
  const { child, identity } = await process(context)
  const lab = await labWhoseBackendSays(context, identity)
  const ended = once(child, 'exit')
  await lab.backend(1).kill()
  assert.deepEqual(await ended, [null, 'SIGKILL'])
})

test('a process that only has the number of the backend is not ended, and it is said why', async (context) => {
  const { child, identity } = await process(context)
  const refusals: [told: ProcessIdentity | undefined, why: RegExp][] = [
    [{ ...identity, startTicks: identity.startTicks - 100 }, /^Backend 1 has already ended$/],
    [{ ...identity, pidNamespace: 1 }, /^Backend 1 is process \d+ in another PID namespace or on another machine/],
    [{ ...identity, boot: 'another' }, /^Backend 1 is process \d+ in another PID namespace or on another machine/],
    [undefined, /^Backend 1 does not say which process it is$/],
  ]
  for (const [told, why] of refusals) {
    const lab = await labWhoseBackendSays(context, told)
    await assert.rejects(lab.backend(1).kill(), (error: unknown) => {
      assert.ok(error instanceof UsageError)
      assert.match(error.message, why)
      return true
    })
  }
  assert.deepEqual([child.exitCode, child.signalCode], [null, null])
})
