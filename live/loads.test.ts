/** Orders about loads, given at the same moment and from several places, to a real load agent. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '#lab/lab.ts'
import { ExperimentRunner } from './experiment-runner.ts'
import { Loads } from './loads.ts'
import type { LoadName, Switches, SwitchOrder } from './orders.ts'
import { switchboard } from './switchboard.ts'
import { startSmallLab } from './testing/small-lab.ts'

/** A board before this lab. */
function boardOf(lab: Lab): { switches: Switches; loads: Loads } {
  const loads = new Loads(lab)
  return { loads, switches: switchboard(() => ({ lab, loads }), new ExperimentRunner([], undefined)) }
}

const start = (load: LoadName, amount: number): SwitchOrder => ({ do: 'start load', load, amount })
const stop = (load: LoadName): SwitchOrder => ({ do: 'stop load', load })

test('two orders at once to start a load leave one, which is shown and can be stopped', async () => {
  await using lab = await startSmallLab()
  const { switches, loads } = boardOf(await lab.attach())
  await Promise.all([20, 30, 40].map((amount) => switches.perform(start('hold', amount))))
  assert.deepEqual(await lab.running(), [{ label: 'hold', amount: 40 }])
  assert.deepEqual(loads.list, [{ name: 'hold', running: true, amount: 40, error: undefined }])
  await switches.perform(stop('hold'))
  assert.deepEqual(await lab.running(), [])
  assert.deepEqual(loads.list, [])
})

test('two boards that start the same load at once leave one, and both show it', async () => {
  await using lab = await startSmallLab()
  const boards = [boardOf(await lab.attach()), boardOf(await lab.attach())]
  await Promise.all(boards.flatMap(({ switches }) => [1, 2, 3].map(() => switches.perform(start('gentle', 10)))))
  assert.deepEqual(await lab.running(), [{ label: 'gentle', amount: 10 }])
  for (const { loads } of boards) assert.equal(loads.list.length, 1)
})

test('what one board has started the other stops, also one that came later', async () => {
  await using lab = await startSmallLab()
  const [first, second] = [boardOf(await lab.attach()), boardOf(await lab.attach())]
  await first.switches.perform(start('slow-read', 3))
  await second.switches.perform(start('hold', 5))
  const late = await lab.attach()
  await late.clients.reports() // as whoever watches a lab does
  assert.deepEqual(
    boardOf(late).loads.list.map(({ name, amount }) => [name, amount]),
    [
      ['hold', 5],
      ['slow-read', 3],
    ],
  )
  await boardOf(late).switches.perform(stop('slow-read'))
  await first.switches.perform(stop('hold'))
  assert.deepEqual(await lab.running(), [])
})

test('a load that has ended on its own is no longer shown, and stopping it is not an error', async () => {
  await using lab = await startSmallLab()
  const attached = await lab.attach()
  const { switches, loads } = boardOf(attached)
  await switches.perform(start('burst', 5))
  for (
    const deadline = performance.now() + 10_000;
    loads.isOn('burst') && performance.now() < deadline;
    await sleep(10)
  )
    await attached.clients.reports()
  assert.deepEqual(loads.list, [])
  assert.equal(await switches.perform(stop('burst')), 'Burst off')
})

test('a load that does not carry one of the names is left alone', async () => {
  await using lab = await startSmallLab()
  const attached = await lab.attach()
  await attached.clients.start({ kind: 'hold', connections: 7 })
  const { switches, loads } = boardOf(attached)
  await switches.perform(start('hold', 9))
  await switches.perform(stop('hold'))
  assert.deepEqual(await lab.running(), [{ label: undefined, amount: 7 }])
  assert.deepEqual(loads.list, [])
})

test('an answer that comes late does not take back what is known since', async () => {
  await using lab = await startSmallLab()
  const attached = await lab.attach()
  const loads = new Loads(attached)
  const early = attached.clients.reports()
  await loads.start('hold', 4)
  await early
  assert.equal(loads.isOn('hold'), true)
})
