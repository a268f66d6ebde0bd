/**
 * The install for hosts (`npm run slim`), made, unpacked and run without this checkout: what it takes of a disk, and its exporter of
 * memory. Runs inside a network namespace of its own; prints its rows as JSON. Usage: node slim.ts
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '#common/waiting.ts'
import { rssMB } from './process-cost.ts'
import type { Row } from './rows.ts'

/** After a minute in which nothing waited the exporter reads less often, and has collected the garbage of its start. */
const settleMs = 65_000
const root = path.resolve(import.meta.dirname, '..')
const port = 10_511

const megabytesIn = (folder: string): number =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + fs.statSync(path.join(parentPath, name)).size, 0) / 1e6

using folder = fs.mkdtempDisposableSync(path.join(os.tmpdir(), 'spillway-bench-slim-'))
execFileSync(process.execPath, [path.join(root, 'scripts/slim.ts'), folder.path], { stdio: 'ignore' })
const archive = fs.readdirSync(folder.path).find((name) => name.endsWith('.tar.gz')) ?? ''
const packedMB = fs.statSync(path.join(folder.path, archive)).size / 1e6
execFileSync('tar', ['-xzf', path.join(folder.path, archive), '-C', folder.path])
const unpacked = path.join(folder.path, 'spillway')
const unpackedMB = megabytesIn(unpacked)
const nodeMB = megabytesIn(path.join(unpacked, 'node_modules', `node-linux-${process.arch}`))

/** Resident memory of its exporter some time after it was started, in megabytes. */
async function memoryAfter(ms: number): Promise<number> {
  const exporter = spawn(path.join(unpacked, 'bin/spillway'), ['exporter', '--listen', `127.0.0.1:${port}`], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH ?? '', HOME: folder.path },
  })
  try {
    const scrape = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    await eventually('the exporter answers', scrape)
    await sleep(ms)
    await scrape()
    return rssMB(exporter.pid!)
  } finally {
    exporter.kill()
    await once(exporter, 'exit')
  }
}

// Its code is compiled once, and kept for every later start.
const first = await memoryAfter(1000)
const rss = await memoryAfter(settleMs)
const row = (name: string, value: number, most: number, note: string): Row => ({
  ...{ what: `install for hosts: ${name}`, value, unit: 'MB', target: { most }, note },
})
const rows: Row[] = [
  row('archive', packedMB, 60, archive),
  row('unpacked', unpackedMB, 160, `${Math.round(nodeMB)} MB of it Node`),
  row(
    'RSS of its exporter, idle',
    rss,
    90,
    `${settleMs / 1000} s after a start; ${Math.round(first)} MB at the first start`,
  ),
]
console.log(JSON.stringify(rows))
