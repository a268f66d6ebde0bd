import assert from 'node:assert/strict'
import test from 'node:test'
import { droppedIn } from './machine.ts'

test('packets that found the queue of a CPU full are added up over all CPUs; the columns are hexadecimal', () => {
  const stat = `00002f5a 0000000a 00000003 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
0001d0ba 00000010 00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000001 00000000 00000000
`
  assert.equal(droppedIn(stat), 26)
  assert.equal(droppedIn(''), 0)
})
