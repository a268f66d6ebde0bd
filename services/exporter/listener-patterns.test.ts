import assert from 'node:assert/strict'
import test from 'node:test'
import { listenerPattern, portPatterns } from './listener-patterns.ts'

const any = undefined

test('ports are given one by one and in ranges', () => {
  assert.deepEqual(portPatterns('80, 443,8000-8999'), [
    { address: any, fromPort: 80, toPort: 80 },
    { address: any, fromPort: 443, toPort: 443 },
    { address: any, fromPort: 8000, toPort: 8999 },
  ])
})

test('a listener is an address and a port, and either may be any', () => {
  assert.deepEqual(listenerPattern('127.0.0.1:80'), { address: '127.0.0.1', fromPort: 80, toPort: 80 })
  assert.deepEqual(listenerPattern('[0:0:0:0:0:0:0:1]:80'), { address: '::1', fromPort: 80, toPort: 80 })
  assert.deepEqual(listenerPattern('*:80'), { address: any, fromPort: 80, toPort: 80 })
  assert.deepEqual(listenerPattern('[::]:*'), { address: '::', fromPort: 1, toPort: 65_535 })
})

test('anything else is refused with the option and what to write', () => {
  for (const text of ['', '80,', 'http', '0', '65536', '80-', '-80', '9-8'])
    assert.throws(() => portPatterns(text), /--ports/, text)
  for (const text of ['', '80', 'localhost:80', '127.0.0.1', '127.0.0.1:', '::1:80', '[*]:80', '[127.0.0.1]:80', '*:0'])
    assert.throws(() => listenerPattern(text), /--listeners/, text)
})
