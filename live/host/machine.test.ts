import assert from 'node:assert/strict'
import test from 'node:test'
import { softnetIn } from './machine.ts'

test('packets that came to the queue of a CPU, and found it full, are added up over all CPUs; the columns are hexadecimal', () => {
  const stat = `00002f5a 0000000a 00000003 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
0001d0ba 00000010 00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000001 00000000 00000000
`
  assert.deepEqual(softnetIn(stat), { processed: 0x2f5a + 0x1d0ba, dropped: 26 })
  assert.deepEqual(softnetIn(''), { processed: 0, dropped: 0 })
})
