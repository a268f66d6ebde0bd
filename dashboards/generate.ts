/** `node dashboards/generate.ts` writes json/; with --check it only says whether json/ is up to date. */
import fs from 'node:fs'
import { sayFaults } from '#common/entry.ts'
import { type Grammar, readCommandLine } from '#common/options.ts'
import { boards } from './index.ts'
import { toJson } from './json.ts'

const folder = new URL('./json/', import.meta.url)

/** The files of json/ as they should be. */
const files = new Map([...boards].map(([name, board]) => [`${name}.json`, toJson(board)]))
const there = fs.existsSync(folder) ? fs.readdirSync(folder) : []
const surplus = there.filter((name) => !files.has(name))

sayFaults('dashboards')
const grammar = {
  command: 'npm run dashboards --',
  options: { check: { type: 'boolean', default: false } },
} as const satisfies Grammar
const given = readCommandLine(grammar, process.argv.slice(2), ({ values }) => values)

if (given === undefined) {
  process.stdout.write('Usage: npm run dashboards -- [--check]\n')
} else if (given.check) {
  const stale = [...files].filter(([name, text]) => !there.includes(name) || read(name) !== text).map(([name]) => name)
  const wrong = [...stale, ...surplus]
  if (wrong.length > 0) {
    console.error(`dashboards/json differs from the code in ${wrong.join(', ')}\nRun \`npm run dashboards\``)
    process.exitCode = 1
  }
} else {
  fs.mkdirSync(folder, { recursive: true })
  for (const [name, text] of files) fs.writeFileSync(new URL(name, folder), text)
  for (const name of surplus) fs.rmSync(new URL(name, folder))
}

function read(name: string): string {
  return fs.readFileSync(new URL(name, folder), 'utf8')
}
