/** One name for each load and each switch: nothing that people read calls one otherwise. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { noFaults } from '#services/backend/no-faults.ts'
import { faultsInWords, loadInWords, loadName, loadWords, stateNames, steeringName, switchNames } from './names.ts'
import { LoadName, SwitchOrder } from './orders.ts'

const root = path.resolve(import.meta.dirname, '..')

/** Whatever draws a load or a switch, or tells of one. */
const places = ['live', 'cli/up', 'cli/board', 'services/board/web', 'docs/workshop', 'README.md', 'scripts/pictures']

function filesOf(place: string): string[] {
  const full = path.join(root, place)
  if (fs.statSync(full).isFile()) return [place]
  return fs
    .readdirSync(full, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(place, name))
    .filter((name) => /\.(ts|md|html)$/.test(name) && name !== path.join('live', 'names.test.ts'))
}

/** Names that a load or a switch has had: each is one that somebody could look for and not find. */
const stray: [RegExp, string][] = [
  [/\bNever ACK\b/i, loadWords['half-open'].title],
  [/\bLong bodies\b/i, loadWords['slow-write'].title],
  [/title: '(New connections|Hold)'/, 'the titles of live/names.ts'],
  [/\bhalf-open (flood|load|off)\b/i, loadName('half-open')],
  [/\bslow-(read|write)s? off\b/, loadName('slow-read')],
  [/\bgentle (clients|connections)\b/i, loadName('gentle')],
  [/\bnever reads'/, switchNames.neverRead.toLowerCase()],
  [/\bms per (accept|read|response)\b(?!.*cost)/, switchNames.acceptDelayMs],
  [/Backend [^'`]*(resumes|has resumed)/, stateNames.released],
  [/'(dealt|spread) by (hash|the CPU)/, steeringName({ by: 'hash' })],
]

test('no page, toast, mark, key or chapter calls a load or a switch by another name', () => {
  const found = places.flatMap(filesOf).flatMap((file) => {
    if (file === path.join('live', 'names.ts')) return []
    const text = fs.readFileSync(path.join(root, file), 'utf8')
    return stray.flatMap(([pattern, name]) => {
      const match = pattern.exec(text)
      return match === null ? [] : [`${file} says '${match[0]}', which is called ${name}`]
    })
  })
  assert.deepEqual(found, [])
})

test('no file but the table spells out a title', () => {
  const titles = [...Object.values(loadWords).map(({ title }) => title), ...Object.values(switchNames)]
  // These words mean other things too, and only as titles do they stand in quotes alone.
  const quoted = new RegExp(`'(?:${titles.join('|')})'`)
  const found = ['live', 'cli/up', 'services/board/web']
    .flatMap(filesOf)
    .filter((file) => !/names\.ts$|\.test\.ts$/.test(file))
    .filter((file) => quoted.test(fs.readFileSync(path.join(root, file), 'utf8')))
  assert.deepEqual(found, [])
})

test('every load that can be switched has a name of its own', () => {
  const names = LoadName.anyOf.map((literal) => literal.const)
  assert.deepEqual(Object.keys(loadWords).toSorted(), names.toSorted())
  assert.equal(new Set(names.map(loadName)).size, names.length)
  assert.equal(loadInWords('gentle', 300), 'gentle load 300/s')
  assert.equal(loadInWords('slow-read', 20), 'slow readers 20')
})

test('every fault that an order can set is told by the name of its switch', () => {
  const faults = SwitchOrder.anyOf.flatMap((order) => ('faults' in order.properties ? [order.properties.faults] : []))
  const names = Object.keys(faults[0]?.properties ?? {})
  assert.ok(names.length > 3)
  for (const name of names) {
    const on = faultsInWords({ ...noFaults, [name]: name === 'neverRead' ? true : 20 })
    assert.equal(on.length, 1, name)
    const title = Object.entries(switchNames).find(([key]) => key === name)?.[1] ?? 'no name'
    assert.ok(on[0]?.startsWith(title.toLowerCase()), `${name} is told as ${on[0]}`)
  }
  assert.deepEqual(faultsInWords(noFaults), [])
})
