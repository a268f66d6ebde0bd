import assert from 'node:assert/strict'
import fs from 'node:fs'
import test from 'node:test'
import { letGoOfStartupPages } from './startup-pages.ts'

const mappedKilobytes = (): number =>
  Number(/^RssFile:\s+(\d+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1])

test('code that was needed to start alone is no longer mapped, and all of it still works', () => {
  const before = mappedKilobytes()
  letGoOfStartupPages()
  assert.ok(mappedKilobytes() < before * 0.8, `${mappedKilobytes()} of ${before} kB`)
  assert.equal(JSON.parse(JSON.stringify({ a: [1, 2] })).a[1], 2)
  assert.match(new Intl.NumberFormat('en').format(12_345), /^12,345$/)
  letGoOfStartupPages()
  assert.equal([3, 1, 2].sort().join(), '1,2,3')
})
