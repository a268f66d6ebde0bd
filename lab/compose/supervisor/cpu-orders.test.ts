import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { SupervisedCpu } from '#services/keeper/cpu.ts'
import { answerCpuOrders } from './cpu-orders.ts'
import { type Container, Refused } from './engine.ts'

/** An engine with one container of the service, and what it was asked to set. */
class OneContainer {
  readonly set: [container: string, periodUs: number, quotaUs: number][] = []
  runs = true
  quotas = true
  refuses = false
  readonly #host = { NetworkMode: 'container:net', CpuPeriod: 0, CpuQuota: 0 }

  async running(project: string, service: string): Promise<Container | undefined> {
    assert.deepEqual([project, service], ['lab', 'server'])
    const State = { Status: 'running', Running: true, Restarting: false, Error: '' }
    return this.runs ? { Id: 'abc', Name: '/lab-server-1', State, HostConfig: { ...this.#host } } : undefined
  }

  async setsQuotas(): Promise<boolean> {
    return this.quotas
  }

  async setQuota(container: string, periodUs: number, quotaUs: number): Promise<void> {
    if (this.refuses) throw new Refused('The Docker engine refused it: no')
    this.set.push([container, periodUs, quotaUs])
    Object.assign(this.#host, { CpuPeriod: periodUs, CpuQuota: quotaUs })
  }
}

async function asked(context: TestContext): Promise<{ engine: OneContainer; cpu(): SupervisedCpu }> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-orders-'))
  const socket = path.join(folder, 'supervisor.sock')
  const engine = new OneContainer()
  const server = answerCpuOrders(socket, engine, () => 'lab')
  context.after(() => {
    server.close()
    fs.rmSync(folder, { recursive: true, force: true })
  })
  await eventually('it listens', () => fs.existsSync(socket))
  return { engine, cpu: () => new SupervisedCpu({ path: socket }) }
}

const share = (cpu: SupervisedCpu, is: object): Promise<unknown> =>
  eventually(
    'the keeper knows',
    () => cpu.share,
    (known) => assert.deepEqual(known, is),
  )

test('the keeper has the engine hold the container of the server, and let it go', async (context) => {
  const { engine, cpu } = await asked(context)
  const keeper = cpu()
  await share(keeper, { percent: 0 })
  await keeper.hold(10)
  assert.deepEqual(keeper.share, { percent: 10 })
  await share(cpu(), { percent: 10 }) // one that is started again knows it too
  await keeper.hold(0)
  assert.deepEqual(keeper.share, { percent: 0 })
  assert.deepEqual(
    engine.set.map(([container, , quotaUs]) => [container, quotaUs]),
    [
      ['abc', 2000],
      ['abc', -1],
    ],
  )
})

test('where it cannot be done the keeper says why, and sets nothing', async (context) => {
  const { engine, cpu } = await asked(context)
  engine.quotas = false
  const keeper = cpu()
  await share(keeper, { missing: 'this engine can set no CPU quota' })
  await assert.rejects(keeper.hold(10), /this engine can set no CPU quota/)
  engine.quotas = true
  engine.runs = false
  await share(cpu(), { missing: 'the container of the server does not run' })
  engine.runs = true
  const refused = cpu()
  await share(refused, { percent: 0 })
  engine.refuses = true
  await assert.rejects(refused.hold(10), /The Docker engine refused it: no/)
  assert.deepEqual(engine.set, [])
})

test('a lab without a supervisor has no such switch', async () => {
  const keeper = new SupervisedCpu({ path: '/nonexistent/supervisor.sock' })
  await assert.rejects(keeper.hold(10), /the supervisor of the lab does not answer/)
})
