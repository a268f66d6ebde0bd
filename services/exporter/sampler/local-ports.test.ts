import assert from 'node:assert/strict'
import test from 'node:test'
import { localPorts } from './local-ports.ts'

test('the range counts both its ends, and reserved ports only inside it', () => {
  assert.deepEqual(localPorts('32768\t60999', ''), { first: 32_768, last: 60_999, count: 28_232 })
  assert.equal(localPorts('40000 40019', '40005,40010-40011,50000')?.count, 17)
  assert.equal(localPorts('40000 40019', '39990-40001')?.count, 18)
  assert.equal(localPorts('40000 40019', undefined)?.count, 20)
})

test('without a range nothing is known', () => {
  assert.equal(localPorts(undefined, ''), undefined)
  assert.equal(localPorts('many', ''), undefined)
})
