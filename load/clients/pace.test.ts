import assert from 'node:assert/strict'
import { test } from 'node:test'
import { paceOf } from './pace.ts'

for (const rate of [0.5, 1, 3, 10, 1000, 65_536, 1_000_000, 20_000_000])
  test(`${rate} bytes a second are kept within 2 % by whole bytes and whole milliseconds`, () => {
    const { chunkBytes, everyMs } = paceOf(rate)
    assert.ok(Number.isInteger(chunkBytes) && chunkBytes >= 1 && chunkBytes <= 65_536)
    assert.ok(Number.isInteger(everyMs) && everyMs >= 1)
    const kept = (chunkBytes * 1000) / everyMs
    assert.ok(Math.abs(kept - rate) <= rate * 0.02, `${kept}`)
  })

test('a rate next to nothing does not overrun the timers', () => {
  assert.ok(paceOf(1e-9).everyMs < 2 ** 31)
})
