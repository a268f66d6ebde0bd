import assert from 'node:assert/strict'
import test from 'node:test'
import { RoundTrips } from './round-trips.ts'

const sampleOf = (...us: number[]) => {
  const trips = new RoundTrips()
  for (const one of us) trips.add(one)
  return trips.toSample()
}

const isAbout = (value: number | undefined, expected: number): void => {
  assert.ok(value !== undefined && Math.abs(value / expected - 1) < 0.05, `${value} is about ${expected}`)
}

test('half of the connections, nine tenths and all of them have at most what is given', () => {
  const sample = sampleOf(...Array.from({ length: 100 }, (_, i) => (i + 1) * 1000))
  isAbout(sample?.['0.5'], 50_000)
  isAbout(sample?.['0.9'], 90_000)
  assert.equal(sample?.['1'], 100_000)
})

test('one slow connection is the highest and moves nothing else', () => {
  const sample = sampleOf(...Array.from({ length: 20 }, () => 200), 3_000_000)
  isAbout(sample?.['0.9'], 200)
  assert.equal(sample?.['1'], 3_000_000)
})

test('what was never measured is left out, and of nothing there is nothing', () => {
  assert.equal(sampleOf(0, 0), undefined)
  const trips = new RoundTrips()
  trips.add(5)
  trips.clear()
  assert.equal(trips.toSample(), undefined)
})

test('every round trip that the kernel can tell has its place', () => {
  for (const us of [1, 2, 3, 0xffff_ffff]) isAbout(sampleOf(us)?.['0.5'], us)
})
