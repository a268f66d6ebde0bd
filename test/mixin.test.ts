/** The mixin, read by a real jsonnet (github.com/google/go-jsonnet), is the boards and the rules for production. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { parse } from 'yaml'
import { boards } from '#dashboards/index.ts'
import { toJson } from '#dashboards/json.ts'
import { findProgram, skipWithout } from './support/tools.ts'

const root = path.resolve(import.meta.dirname, '..')
const rulesFolder = path.join(root, 'deploy/prometheus/rules')

interface Group {
  name: string
  rules: Record<string, unknown>[]
}

interface Mixin {
  grafanaDashboards: Record<string, unknown>
  prometheusAlerts: { groups: Group[] }
  prometheusRules: { groups: Group[] }
}

/** What a repository that imports the mixin would see, from a folder of its own. */
function evaluated(folder: string): Mixin {
  const program = `local mixin = import '${path.join(root, 'dashboards/mixin.libsonnet')}';
    { [name]: mixin[name] for name in ['grafanaDashboards', 'prometheusAlerts', 'prometheusRules'] }`
  const jsonnet = findProgram('jsonnet')
  assert.ok(jsonnet !== undefined)
  return JSON.parse(execFileSync(jsonnet, ['-e', program], { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 }))
}

/** The rules of the files, those of the lab and of promtool's tests left out. */
function rulesOfFiles(): Record<string, unknown>[] {
  const files = fs.readdirSync(rulesFolder).filter((name) => !name.endsWith('.test.yml') && name !== 'lab.yml')
  return files.flatMap((name) => {
    const { groups }: { groups: Group[] } = parse(fs.readFileSync(path.join(rulesFolder, name), 'utf8'))
    return groups.flatMap(({ rules }) => rules)
  })
}

/** By name, and by expression where two share a name. */
const sorted = (rules: Record<string, unknown>[]): Record<string, unknown>[] => {
  const key = ({ alert, record, expr }: Record<string, unknown>): string => JSON.stringify([alert, record, expr])
  return rules.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}

test('the mixin holds every board under the name that its address has', { skip: skipWithout('jsonnet') }, (context) => {
  const { grafanaDashboards } = evaluated(emptyFolder(context))
  assert.deepEqual(
    grafanaDashboards,
    Object.fromEntries([...boards.values()].map((board) => [`${board.uid}.json`, JSON.parse(toJson(board))])),
  )
})

test('the mixin holds every rule for production once, and Prometheus takes it', {
  skip: skipWithout('jsonnet') || skipWithout('promtool'),
}, (context) => {
  const folder = emptyFolder(context)
  const { prometheusAlerts, prometheusRules } = evaluated(folder)
  const rulesIn = ({ groups }: { groups: Group[] }) => groups.flatMap(({ rules }) => rules)
  assert.ok(rulesIn(prometheusAlerts).every((rule) => 'alert' in rule))
  assert.ok(rulesIn(prometheusRules).every((rule) => 'record' in rule))
  assert.deepEqual(sorted([...rulesIn(prometheusAlerts), ...rulesIn(prometheusRules)]), sorted(rulesOfFiles()))
  for (const [name, rules] of Object.entries({ prometheusAlerts, prometheusRules })) {
    const file = path.join(folder, `${name}.json`)
    fs.writeFileSync(file, JSON.stringify(rules))
    execFileSync(findProgram('promtool') ?? '', ['check', 'rules', file], { stdio: 'pipe' })
  }
})

function emptyFolder(context: { after(done: () => void): void }): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-mixin-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}
