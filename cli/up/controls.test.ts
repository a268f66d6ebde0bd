/** Keys of the terminal view, before a real load agent and a real backend. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Loads } from '#live/loads.ts'
import { startSmallLab } from '#live/testing/small-lab.ts'
import { Controls } from './controls.ts'

test('keys that are pressed faster than the lab follows are obeyed one after the other', async () => {
  await using small = await startSmallLab()
  const lab = await small.attach()
  const loads = new Loads(lab)
  const controls = new Controls(lab, loads, 10, () => {})
  await controls.begin()
  for (const key of ['l', 'l', 'l', '1', 'r', '1', '1', 'r', 'r']) controls.key(key)
  await settled(lab)
  assert.deepEqual(await small.running(), [{ label: 'slow-read', amount: 20 }])
  assert.equal((await lab.backend(1).status()).faults.stalled, true)
  controls.key('1')
  for (const key of ['l', '+', '+', '-']) controls.key(key)
  controls.see()
  await settled(lab)
  controls.see()
  const rates = (await small.running()).filter(({ label }) => label === 'gentle')
  assert.deepEqual(rates, [{ label: 'gentle', amount: 20 }])
  assert.match(controls.loadLine, /^gentle load 20\/s · half-open clients off · slow readers 20$/)
})

test('a key acts on what another display has changed meanwhile', async () => {
  await using small = await startSmallLab()
  const [lab, elsewhere] = [await small.attach(), await small.attach()]
  const controls = new Controls(lab, new Loads(lab), 0, () => {})
  await controls.begin()
  await elsewhere.backend(1).stall()
  await new Loads(elsewhere).start('gentle', 15)
  await lab.clients.reports() // as whoever watches a lab does
  for (const key of ['1', 'l']) controls.key(key)
  await settled(lab)
  assert.equal((await lab.backend(1).status()).faults.stalled, false)
  assert.deepEqual(await small.running(), [])
})

/** Whatever was ordered is done. */
async function settled(lab: { orders: { over: Promise<void> } }): Promise<void> {
  await sleep(0) // keys reach the queue in a turn of their own
  await lab.orders.over
}
