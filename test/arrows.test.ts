/** Rooms import only from rooms below them: docs/architecture.md draws what this table says. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'

const root = path.resolve(import.meta.dirname, '..')

/** What each room may import, itself apart. A room that is not named here does not exist. */
const mayImport: Record<string, readonly string[]> = {
  common: [],
  kernel: [],
  load: ['common', 'kernel'],
  'services/backend': ['common', 'kernel'],
  'services/exporter': ['common', 'kernel'],
  'services/keeper': ['common', 'kernel'],
  vocabulary: ['kernel', 'load', 'services/backend'],
  findings: ['common'],
  planner: ['common', 'load'],
  lab: [
    'common',
    'kernel',
    'load',
    'services/backend',
    'services/exporter',
    'services/keeper',
    'vocabulary',
    'planner',
  ],
  experiments: ['common', 'kernel', 'vocabulary'],
  report: ['common', 'kernel', 'vocabulary', 'load', 'planner', 'lab'],
  live: [
    'common',
    'kernel',
    'load',
    'services/backend',
    'services/exporter',
    'vocabulary',
    'findings',
    'planner',
    'lab',
    'report',
  ],
  'services/board': ['common', 'live'],
  cli: [
    'common',
    'load',
    'services/backend',
    'services/exporter',
    'services/board',
    'vocabulary',
    'findings',
    'planner',
    'lab',
    'experiments',
    'report',
    'live',
  ],
  dashboards: ['common', 'findings', 'services/exporter'],
}

/** Of the load generators the planner knows the arrivals alone. */
const plannersLoad = /^load\/(arrivals|random)\.ts$/

interface Arrow {
  from: string
  to: string
}

test('a room imports only from the rooms that the table allows', () => {
  const wrong = arrows().filter(({ from, to }) => {
    const [fromRoom, toRoom] = [roomOf(from), roomOf(to)]
    if (fromRoom === toRoom) return false
    if (fromRoom === 'planner' && toRoom === 'load' && !plannersLoad.test(to)) return true
    return mayImport[fromRoom]?.includes(toRoom) !== true
  })
  assert.deepEqual(
    wrong.map(({ from, to }) => `${from} imports ${to}`),
    [],
  )
})

test('the table has no circle, and allows nothing that nobody uses', () => {
  const below = (room: string, seen: readonly string[]): void => {
    assert.ok(!seen.includes(room), `a circle: ${[...seen, room].join(' → ')}`)
    for (const next of mayImport[room] ?? []) below(next, [...seen, room])
  }
  for (const room of Object.keys(mayImport)) below(room, [])
  const used = new Set(arrows().map(({ from, to }) => `${roomOf(from)} → ${roomOf(to)}`))
  const idle = Object.entries(mayImport).flatMap(([from, rooms]) =>
    rooms.map((to) => `${from} → ${to}`).filter((arrow) => !used.has(arrow)),
  )
  assert.deepEqual(idle, [])
})

test('files of a room import each other without a circle', () => {
  const imports = new Map<string, string[]>()
  for (const { from, to, type } of arrows()) if (!type) imports.set(from, [...(imports.get(from) ?? []), to])
  const done = new Set<string>()
  const visit = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file)
    assert.equal(at, -1, `a circle: ${[...way.slice(at), file].join(' → ')}`)
    if (done.has(file)) return
    for (const next of imports.get(file) ?? []) visit(next, [...way, file])
    done.add(file)
  }
  for (const file of imports.keys()) visit(file, [])
})

test('no room holds more than a quarter of the code', () => {
  const lines = new Map<string, number>()
  for (const file of sources()) {
    const count = fs.readFileSync(path.join(root, file), 'utf8').split('\n').length
    lines.set(roomOf(file), (lines.get(roomOf(file)) ?? 0) + count)
  }
  const all = [...lines.values()].reduce((sum, count) => sum + count, 0)
  for (const [room, count] of lines)
    assert.ok(count <= all / 4, `${room} has ${count} of ${all} lines: ${Math.round((count / all) * 100)} %`)
})

/** The product's own sources: what only tests need may reach anywhere. */
function sources(): string[] {
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => fs.existsSync(path.join(root, file)) && roomOf(file) in mayImport)
    .filter((file) => !/\.test\.ts$|\/(testing|fixtures)\/|\.d\.ts$/.test(file))
}

function roomOf(file: string): string {
  const [first = '', second = ''] = file.split('/')
  if (first === 'services') return `${first}/${second}`
  if (first === 'experiments' && second.replace('.ts', '') === 'vocabulary') return 'vocabulary'
  return first
}

function arrows(): (Arrow & { type: boolean })[] {
  const statement = /^\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|\bimport\('([^']+)'\)/gm
  return sources().flatMap((from) =>
    [...fs.readFileSync(path.join(root, from), 'utf8').matchAll(statement)].flatMap(([, type, named, dynamic]) => {
      const to = target(from, named ?? dynamic ?? '')
      return to === undefined ? [] : [{ from, to, type: type !== undefined || dynamic !== undefined }]
    }),
  )
}

/** The file that a specifier means; undefined for a package. */
function target(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1)
  return specifier.startsWith('.') ? path.posix.join(path.posix.dirname(from), specifier) : undefined
}
