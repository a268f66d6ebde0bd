/** What runs have left: scripts/kernels/records/. */
import fs from 'node:fs'
import path from 'node:path'
import type { KernelRecord } from './record.ts'

const folder = path.resolve(import.meta.dirname, 'records')

/** Of all kernels that anything is known of, oldest first. */
export function records(): KernelRecord[] {
  if (!fs.existsSync(folder)) return []
  const all = fs.readdirSync(folder).filter((file) => file.endsWith('.json'))
  return all.map(read).toSorted((a, b) => numberOf(a) - numberOf(b) || Number(b.emulated) - Number(a.emulated))
}

/** Keeps what a run has found, and with it what is known of the same kernel from before. */
export function keep(record: KernelRecord): void {
  fs.mkdirSync(folder, { recursive: true })
  const file = `${record.series}${record.emulated ? '' : '-host'}.json`
  const before = fs.existsSync(path.join(folder, file)) ? read(file) : undefined
  fs.writeFileSync(path.join(folder, file), `${JSON.stringify(merged(before, record), null, 2)}\n`)
}

/** What was found later takes the place of what was found before; what is known of another release is not of this one. */
export function merged(before: KernelRecord | undefined, record: KernelRecord): KernelRecord {
  if (before === undefined || before.release !== record.release || before.version !== record.version) return record
  const found = new Set(record.rows.map(({ part, name }) => `${part} ${name}`))
  const rows = [...before.rows.filter(({ part, name }) => !found.has(`${part} ${name}`)), ...record.rows]
  return { ...record, rows: rows.toSorted((a, b) => key(a).localeCompare(key(b))) }
}

const key = ({ part, name }: KernelRecord['rows'][number]): string => `${part} ${name}`

const numberOf = ({ series }: KernelRecord): number => {
  const [major = 0, minor = 0] = series.split('.').map(Number)
  return major * 1000 + minor
}

const read = (file: string): KernelRecord => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8'))
