/** What runs have left: lab/servers/records/NAME.json. */
import fs from 'node:fs'
import path from 'node:path'
import type { ServerRecord } from '#lab/servers/recipe.ts'

const folder = path.resolve(import.meta.dirname, '../../lab/servers/records')

export function records(): ServerRecord[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder).filter(isRecord).map(read) : []
}

/** Keeps what a run has left, together with what an earlier one of the same day had found out beyond that. */
export function keep(record: ServerRecord): void {
  fs.mkdirSync(folder, { recursive: true })
  const file = `${record.name}.json`
  const before = fs.existsSync(path.join(folder, file)) ? read(file) : undefined
  fs.writeFileSync(path.join(folder, file), `${JSON.stringify(merged(before, record), null, 2)}\n`)
}

/**
 * A run with the gaps filled that a busy machine left in it, by answers of an earlier run of the same version on the same
 * kernel and day: each question is asked for itself.
 */
export function merged(before: ServerRecord | undefined, record: ServerRecord): ServerRecord {
  const same = (['version', 'kernel', 'date'] as const).every((field) => before?.[field] === record[field])
  if (before === undefined || !same) return record
  const earlier = new Map(before.answers.map((one) => [one.asks, one]))
  const answers = record.answers.map((one) => (one.found === null ? (earlier.get(one.asks) ?? one) : one))
  return { ...record, answers }
}

const isRecord = (file: string): boolean => file.endsWith('.json')

const read = (file: string): ServerRecord => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8'))
