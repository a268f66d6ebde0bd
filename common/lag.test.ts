import assert from 'node:assert/strict'
import test from 'node:test'
import { monotonicMs } from './clock.ts'
import { LagMeter } from './lag.ts'
import { eventually } from './waiting.ts'

function block(ms: number): void {
  const untilMs = monotonicMs() + ms
  while (monotonicMs() < untilMs);
}

test('a loop that was blocked is late by as long, at once and when the timer has fired', async () => {
  using lag = new LagMeter()
  block(200)
  assert.ok(lag.worstMs >= 190)
  await eventually('the timer has fired', () => lag.take() < 190)
})

test('what was late is told once', () => {
  using lag = new LagMeter()
  block(200)
  const first = lag.take()
  assert.ok(first >= 190)
  assert.ok(lag.take() < first)
})

test('a meter that is over keeps what it has measured', () => {
  const lag = new LagMeter()
  lag[Symbol.dispose]()
  const { worstMs } = lag
  block(50)
  assert.equal(lag.worstMs, worstMs)
})
