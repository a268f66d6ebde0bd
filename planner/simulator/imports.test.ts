/** A page uses the simulator too: neither it nor what it imports needs Node. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'

const root = path.resolve(import.meta.dirname, '../..')

/** What a file imports, but for types, which are gone when it runs. */
function importsOf(file: string): string[] {
  const text = fs.readFileSync(file, 'utf8')
  return [
    ...text.matchAll(
      /^(?:import|export)\s(?!type\b)[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm,
    ),
  ].map(([, from, bare, later]) => from ?? bare ?? later ?? '')
}

function reachedFrom(first: string): Map<string, string[]> {
  const reached = new Map<string, string[]>()
  const open = [first]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (reached.has(file)) continue
    const imports = importsOf(file)
    reached.set(file, imports)
    for (const one of imports)
      if (one.startsWith('#')) open.push(path.join(root, one.slice(1)))
      else if (one.startsWith('.')) open.push(path.resolve(path.dirname(file), one))
  }
  return reached
}

test('the simulation and all that it imports run without Node: no module of its own, no package, no global', () => {
  const reached = reachedFrom(path.join(import.meta.dirname, 'simulation.ts'))
  assert.ok(reached.size > 10, [...reached.keys()].join('\n'))
  for (const [file, imports] of reached) {
    assert.deepEqual(
      imports.filter((one) => !/^[#.]/.test(one)),
      [],
      file,
    )
    assert.doesNotMatch(
      fs.readFileSync(file, 'utf8'),
      /\b(?:process\.|Buffer\.|require\(|__dirname|globalThis\.process)/,
      file,
    )
  }
})
