/** docs/check.md says of every finding about a host what it is concluded from, and of nothing else. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import test from 'node:test'

const read = (file: string): string => fs.readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
const sources = fs
  .readdirSync(new URL('../findings/host/', import.meta.url))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => read(`findings/host/${file}`))
const pages = new Set(
  fs.readdirSync(new URL('../docs/findings/', import.meta.url)).map((file) => file.replace(/\.md$/, '')),
)

/** Every code has a page of its own; a word in the sources that has one is a code. */
const used = new Set(
  sources
    .flatMap((text) => [...text.matchAll(/'([a-z]+(?:-[a-z]+)+)'/g)].map(([, word = '']) => word))
    .filter((word) => pages.has(word)),
)
const page = read('docs/check.md')
const table = page.slice(page.indexOf('## Findings'), page.indexOf('## What a Prometheus knows'))
const told = new Set(
  [...table.matchAll(/^\| (.+?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([a-z-]+)`/g)].map(([, code = '']) => code),
  ),
)

test('every code that spillway check can give is explained on its page', () => {
  assert.ok(used.size >= 25, [...used].join())
  assert.deepEqual(
    [...used].filter((code) => !told.has(code)),
    [],
  )
})

test('the page explains no code that spillway check never gives', () => {
  assert.deepEqual(
    [...told].filter((code) => !used.has(code)),
    [],
  )
})

test('every code that is given has a page in docs/findings', () => {
  const given = sources.flatMap((text) => [...text.matchAll(/code: '([a-z-]+)'/g)].map(([, code = '']) => code))
  // A cause has a code of its own, from which that of the finding is made.
  const causes = new Set(['stalled', 'unknown'])
  assert.deepEqual(
    given.filter((code) => !pages.has(code) && !causes.has(code)),
    [],
  )
})
