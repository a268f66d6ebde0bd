import assert from 'node:assert/strict'
import test from 'node:test'
import { heldBy } from './spread.ts'

test('connections are counted by the process that holds them; those that nobody has accepted are left out', () => {
  const lines = `0 0 198.18.0.2:8080 198.18.0.3:40000 users:(("nginx",pid=12,fd=3))
0 0 198.18.0.2:8080 198.18.0.3:40001 users:(("nginx",pid=13,fd=3))
0 0 198.18.0.2:8080 198.18.0.3:40002 users:(("nginx",pid=13,fd=4))
0 0 198.18.0.2:8080 198.18.0.3:40003
`
  assert.deepEqual(heldBy(lines.split('\n')), [2, 1])
  assert.deepEqual(heldBy([]), [])
})
