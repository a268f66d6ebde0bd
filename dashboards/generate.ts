/**
 * `node dashboards/generate.ts` writes json/ and the alerts of Prometheus; with --check it only says whether they are up to
 * date.
 */
import fs from 'node:fs'
import { sayFaults } from '#common/entry.ts'
import { type Grammar, readCommandLine } from '#common/options.ts'
import { ruleFiles } from './alerts/rules.ts'
import { boards } from './index.ts'
import { toJson } from './json.ts'

interface Output {
  folder: URL
  name: string
  /** The files as they should be. */
  files: ReadonlyMap<string, string>
  /** Whether others are in the folder that nobody generates. */
  shared: boolean
}

const outputs: Output[] = [
  {
    folder: new URL('./json/', import.meta.url),
    name: 'dashboards/json',
    files: new Map([...boards].map(([name, board]) => [`${name}.json`, toJson(board)])),
    shared: false,
  },
  {
    folder: new URL('../deploy/prometheus/rules/', import.meta.url),
    name: 'deploy/prometheus/rules',
    files: ruleFiles,
    shared: true,
  },
]

sayFaults('dashboards')
const grammar = {
  command: 'npm run dashboards --',
  options: { check: { type: 'boolean', default: false } },
} as const satisfies Grammar
const given = readCommandLine(grammar, process.argv.slice(2), ({ values }) => values)

if (given === undefined) {
  process.stdout.write('Usage: npm run dashboards -- [--check]\n')
} else {
  for (const output of outputs) given.check ? check(output) : write(output)
}

function check(output: Output): void {
  const { folder, name, files } = output
  const there = fs.existsSync(folder) ? fs.readdirSync(folder) : []
  const stale = [...files].filter(([file, text]) => !there.includes(file) || read(folder, file) !== text)
  const wrong = [...stale.map(([file]) => file), ...surplusOf(output)]
  if (wrong.length === 0) return
  console.error(`${name} differs from the code in ${wrong.join(', ')}\nRun \`npm run dashboards\``)
  process.exitCode = 1
}

function write(output: Output): void {
  const { folder, files } = output
  fs.mkdirSync(folder, { recursive: true })
  for (const [file, text] of files) fs.writeFileSync(new URL(file, folder), text)
  for (const file of surplusOf(output)) fs.rmSync(new URL(file, folder))
}

function surplusOf({ folder, files, shared }: Output): string[] {
  if (shared || !fs.existsSync(folder)) return []
  return fs.readdirSync(folder).filter((file) => !files.has(file))
}

function read(folder: URL, file: string): string {
  return fs.readFileSync(new URL(file, folder), 'utf8')
}
