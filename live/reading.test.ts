import assert from 'node:assert/strict'
import test from 'node:test'
import { type Ages, ageBeside, waitInSentence, waitInWords, worstAge } from './reading.ts'

const fresh: Ages = { listeners: 10, synQueue: 100, connections: 400, counters: 90, backends: 250 }

test('up to half a second a number stands alone; beyond that with its age, which is never told as less', () => {
  assert.equal(ageBeside(fresh, 'connections'), '')
  assert.equal(ageBeside({ ...fresh, connections: 500 }, 'connections'), '')
  assert.equal(ageBeside({ ...fresh, connections: 1340 }, 'connections'), 'up to 1.4 s old')
  assert.equal(ageBeside({ ...fresh, connections: undefined }, 'connections'), '')
})

test('the worst age names what is that old, and what was never read comes first', () => {
  assert.equal(worstAge(fresh), undefined)
  assert.equal(worstAge({ ...fresh, connections: 1400, counters: 900 }), 'connections up to 1.4 s old')
  assert.equal(worstAge({ ...fresh, listeners: 2500, connections: 1400 }), 'accept queues up to 2.5 s old')
  assert.equal(worstAge({ ...fresh, connections: 1400, synQueue: undefined }), 'half-open requests not read')
})

test('a wait is told as it is known: measured, bounded from above, from below, from both, or not at all', () => {
  const told = [
    [undefined, '–'],
    [{ leastMs: 0, mostMs: 0 }, '0 ms'],
    [{ leastMs: 3500, mostMs: 3500 }, '3.5 s'],
    [{ leastMs: 3400, mostMs: 3500 }, '≤ 3.5 s'],
    [{ leastMs: 0, mostMs: 4 }, '≤ 4 ms'],
    [{ leastMs: 0, mostMs: 900 }, '≤ 900 ms'],
    [{ leastMs: 2000, mostMs: 9000 }, '2 s to 9 s'],
    [{ leastMs: 2000, mostMs: undefined }, '≥ 2 s'],
    [{ leastMs: 0, mostMs: undefined }, '–'],
  ] as const
  for (const [wait, words] of told) assert.equal(waitInWords(wait), words)
  assert.equal(waitInSentence({ leastMs: 0, mostMs: 900 }), 'at most 900 ms')
  assert.equal(waitInSentence({ leastMs: 2000, mostMs: undefined }), 'at least 2 s')
  assert.equal(waitInSentence(undefined), 'an unknown time')
})
