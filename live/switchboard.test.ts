import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { httpServer, listenOn } from '#common/http.ts'
import { attach } from '#lab/attached.ts'
import type { Lab } from '#lab/lab.ts'
import { noFaults } from '#services/backend/no-faults.ts'
import { ExperimentRunner } from './experiment-runner.ts'
import { Loads } from './loads.ts'
import type { Switches, SwitchOrder } from './orders.ts'
import { switchboard } from './switchboard.ts'

/** A lab whose only backend notes what is asked of it, and takes its time, the less the later it is asked. */
async function slowLab(context: TestContext): Promise<{ lab: Lab; asked: string[] }> {
  const asked: string[] = []
  const status = { pid: 1, mode: 'sharded', listener: null, faults: noFaults, processes: [] }
  let patienceMs = 60
  const noted = async (what: string): Promise<object> => {
    asked.push(`${what} begins`)
    patienceMs /= 2
    await sleep(patienceMs)
    asked.push(`${what} ends`)
    return status
  }
  const app = httpServer()
  context.after(() => app.close())
  app.get('/health', () => ({ healthy: true }))
  app.get('/status', () => status)
  app.patch('/faults', (request) => noted(JSON.stringify(request.body)))
  app.put('/listener', (request) => noted(JSON.stringify(request.body)))
  app.put('/steering', (_request, reply) => reply.code(409).send({ error: 'There is nothing to steer' }))
  const target = await listenOn(app, { host: '127.0.0.1', port: 0 })
  return { lab: await attach({ exporter: target, backends: [target], agent: target }, context.signal), asked }
}

const boardOf = (lab: Lab): Switches =>
  switchboard(() => ({ lab, loads: new Loads(lab) }), new ExperimentRunner([], undefined))

test('orders of two boards over one lab are performed one after the other, in the order in which they came', async (context) => {
  const { lab, asked } = await slowLab(context)
  const [first, second] = [boardOf(lab), boardOf(lab)]
  const orders: SwitchOrder[] = [
    { do: 'stall', shard: 1 },
    { do: 'release', shard: 1 },
    { do: 'relisten', shard: 1, backlog: 7 },
    { do: 'fault', shard: 1, faults: { neverRead: true } },
  ]
  await Promise.all(orders.map((order, index) => (index % 2 === 0 ? first : second).perform(order)))
  const performed = ['{"stalled":true}', '{"stalled":false}', '{"backlog":7}', '{"neverRead":true}']
  assert.deepEqual(
    asked,
    performed.flatMap((what) => [`${what} begins`, `${what} ends`]),
  )
})

test('an order that is refused says so, and the next one is performed', async (context) => {
  const { lab, asked } = await slowLab(context)
  const switches = boardOf(lab)
  const [refused, performed] = await Promise.allSettled([
    switches.perform({ do: 'steer', steering: { by: 'hash' } }),
    switches.perform({ do: 'stall', shard: 1 }),
  ])
  assert.equal(refused.status, 'rejected')
  assert.match(String(refused.reason), /There is nothing to steer/)
  assert.equal(performed.status, 'fulfilled')
  assert.deepEqual(asked, ['{"stalled":true} begins', '{"stalled":true} ends'])
})
