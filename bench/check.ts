/**
 * What `spillway check` costs on a host with many listeners, beside `ss -ltnp`, which lists the same sockets and whose they
 * are. Runs inside a network namespace of its own; prints its rows as JSON. Usage: node check.ts ss|no-ss quick|full
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { median } from '#common/quantile.ts'
import { Held } from './held.ts'
import { childrenCpuSeconds } from './process-cost.ts'
import { notMeasured, type Row } from './rows.ts'

const [ss, speed] = process.argv.slice(2)
const LISTENERS = 10_000
const rounds = speed === 'quick' ? 3 : 9

/** Runs a command and gives its CPU time, and how long it took. */
function run([command, ...words]: readonly [string, ...string[]]): { cpu: number; wall: number } {
  const before = childrenCpuSeconds()
  const beganMs = performance.now()
  const { status, error } = spawnSync(command, words, { stdio: ['ignore', 'ignore', 'inherit'] })
  if (error !== undefined || status !== 0) throw new Error(`${command} ${words.join(' ')} ended with status ${status}`)
  return { cpu: childrenCpuSeconds() - before, wall: (performance.now() - beganMs) / 1000 }
}

const check = [path.resolve(import.meta.dirname, '../bin/spillway'), 'check', '--fail-on', 'never'] as const
const list = ['ss', '-ltnp'] as const

await using _listeners = await Held.script('./listeners.ts', '127.0.0.1', '10000', String(LISTENERS))
run(check) // compiles, and keeps that for the next
const checks: ReturnType<typeof run>[] = []
const lists: ReturnType<typeof run>[] = []
for (let round = 0; round < rounds; round++) {
  checks.push(run(check))
  if (ss === 'ss') lists.push(run(list))
}
const cpu = median(checks.map((one) => one.cpu))
const wall = median(checks.map((one) => one.wall))
const listed = median(lists.map((one) => one.cpu))
const rows: Row[] = [
  {
    what: 'check: CPU time with 10,000 listeners',
    value: cpu,
    unit: 's',
    target: { most: 1 },
    note: 'all of it, the start of Node included; nobody waits',
  },
  {
    what: 'check: until it has ended, the same',
    value: wall,
    unit: 's',
    target: { most: 1 },
    note: 'half a second of it lies between its two looks',
  },
  ss === 'ss'
    ? {
        what: 'check : ss -ltnp, the same',
        value: cpu / listed,
        unit: '×',
        note: `ss takes ${listed.toFixed(2)} s of CPU time, ${median(lists.map((one) => one.wall)).toFixed(2)} s in all; it looks once, and judges nothing`,
      }
    : notMeasured('check : ss -ltnp', 'ss is missing'),
]
console.log(JSON.stringify(rows))
