import assert from 'node:assert/strict'
import test from 'node:test'
import { selected } from './selection.ts'

const at = (address: string, port: number, used = false) => ({ address, port, used })
const everybody = [at('0.0.0.0', 80), at('::', 443), at('127.0.0.1', 8000, true), at('127.0.0.1', 8001), at('::', 8002)]
const ports = (listeners: { port: number }[]): number[] => listeners.map(({ port }) => port)

test('without a pattern all are shown', () => {
  assert.deepEqual(selected(everybody, { wanted: [], most: 5 }), { shown: everybody, leftOut: 0 })
})

test('any pattern that fits is enough', () => {
  const wanted = [
    { address: undefined, fromPort: 443, toPort: 443 },
    { address: '127.0.0.1', fromPort: 8001, toPort: 8010 },
  ]
  const { shown, leftOut } = selected(everybody, { wanted, most: 10 })
  assert.deepEqual(ports(shown), [443, 8001])
  assert.equal(leftOut, 0, 'what nobody wants is not left out')
})

test('of too many, those are left out that nobody has used, and they are counted', () => {
  const { shown, leftOut } = selected(everybody, { wanted: [], most: 2 })
  assert.deepEqual(ports(shown), [8000, 80])
  assert.equal(leftOut, 3)
})
