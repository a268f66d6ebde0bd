/**
 * What sampling three listeners once a millisecond costs, as a share of one core: the exporter, a C loop with the same
 * dumps, and a C loop that only sleeps. Runs inside a network namespace of its own; prints its rows as JSON.
 * Usage: node sampling.ts C-PROGRAM|none quick|full FOLDER
 */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { median } from '#common/quantile.ts'
import { startExporter } from '#services/exporter/exporter.ts'
import { Held } from './held.ts'
import { notMeasured, type Row } from './rows.ts'

const [program = 'none', speed, folder = '/tmp'] = process.argv.slice(2)
const [rounds, seconds] = speed === 'quick' ? [3, 2] : [5, 8]
const run = promisify(execFile)

await using _listeners = await Held.script('./listeners.ts', '127.0.0.1', '8080', '3')

/** The whole process is counted: the sampler thread, what stands around it, and nothing else, since this one waits. */
async function exporterShare(): Promise<number> {
  const listen = { path: path.join(folder, 'exporter.sock') }
  await using exporter = await startExporter({ listen, pace: { sampleIntervalMs: 1 }, log: () => {} })
  await sleep(2000) // until the code is compiled and the caches are warm
  const samplesBefore = exporter.snapshot()?.sampler.samples ?? 0
  const before = process.cpuUsage()
  const begin = performance.now()
  await sleep(seconds * 1000)
  const elapsedMs = performance.now() - begin
  const used = process.cpuUsage(before)
  samplesTaken.push((((exporter.snapshot()?.sampler.samples ?? 0) - samplesBefore) / elapsedMs) * 1000)
  return (used.user + used.system) / 1000 / elapsedMs
}
const samplesTaken: number[] = []

const cShare = async (what: 'sleep' | 'dump'): Promise<number> =>
  Number((await run(program, [String(seconds), what])).stdout)

const shares = { ours: [0].slice(1), dump: [0].slice(1), sleep: [0].slice(1) }
for (let round = 0; round < rounds; round++) {
  shares.ours.push(await exporterShare())
  if (program === 'none') continue
  shares.dump.push(await cShare('dump'))
  shares.sleep.push(await cShare('sleep'))
}
fs.rmSync(path.join(folder, 'exporter.sock'), { force: true })

const target = { most: 2 }
const share = (what: string, values: number[], note: string, goal: { target?: { most: number } } = {}): Row =>
  values.length === 0
    ? notMeasured(what, 'cc is missing')
    : { what, value: median(values) * 100, unit: '%', note, ...goal }
const rows: Row[] = [
  share('exporter sampling at 1 ms : a core', shares.ours, `${Math.round(median(samplesTaken))} samples a second`, {
    target,
  }),
  share('C, same dumps at 1 ms : a core', shares.dump, 'no runtime, no HTTP, nothing kept'),
  share('C, only sleeping 1 ms : a core', shares.sleep, 'what this machine takes for 1,000 wake-ups a second'),
]
console.log(JSON.stringify(rows))
