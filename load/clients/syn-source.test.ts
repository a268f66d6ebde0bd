import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../random.ts'
import { countingSource, randomSource, type SynSource } from './syn-source.ts'

const inRange = (source: SynSource, n: number): boolean => {
  const address = source.address(n)
  const port = source.port(n)
  return address > 0xc613_0000 && address < 0xc613_ffff && port >= 1024 && port <= 65_535
}

test('counting uses every pair once before any comes again', () => {
  const source = countingSource(3)
  const seen = new Set<string>()
  for (let n = 1000; n < 1000 + source.pairs; n++) {
    assert.ok(inRange(source, n))
    seen.add(`${source.address(n)}:${source.port(n)}`)
  }
  assert.equal(seen.size, source.pairs)
  assert.equal(source.pairs, 3 * 64_512)
  assert.equal(source.address(source.pairs), source.address(0))
  assert.equal(source.port(source.pairs), source.port(0))
})

test('all 65,536 addresses asked for means those that can be a host', () => {
  const source = countingSource(65_536)
  for (let n = 0; n < 200_000; n++) assert.ok(inRange(source, n))
})

test('random pairs stay within the range and vary in both', () => {
  const source = randomSource(65_536, seededRandom(9))
  const addresses = new Set<number>()
  const ports = new Set<number>()
  for (let n = 0; n < 10_000; n++) {
    assert.ok(inRange(source, n))
    addresses.add(source.address(n))
    ports.add(source.port(n))
  }
  assert.ok(addresses.size > 5000 && ports.size > 5000)
})
