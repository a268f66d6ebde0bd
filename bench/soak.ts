/**
 * Whether the exporter's memory returns: listeners that come and go all the time, and processes that are killed while
 * they listen. Runs inside a network namespace of its own; prints its rows as JSON. Usage: node soak.ts quick|full
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Exporter } from './exporter-process.ts'
import { Held } from './held.ts'
import { rssMB } from './process-cost.ts'
import type { Row } from './rows.ts'

const seconds = process.argv[2] === 'quick' ? 40 : 600
const BATCH = 300
const VICTIMS = 5

const victim = new URL('../services/exporter/fixtures/stalled-child.ts', import.meta.url).pathname

const of = (text: string, name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])

/** Least squares: what is added a second. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (at: 0 | 1): number => points.reduce((sum, point) => sum + point[at], 0) / points.length
  const [meanX, meanY] = [mean(0), mean(1)]
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}

/** One after the other listens and is killed. */
async function storm(until: AbortSignal): Promise<number> {
  let killed = 0
  while (!until.aborted) {
    const children = Array.from({ length: VICTIMS }, (): ChildProcess => {
      const words = [victim, '127.0.0.1', '0', '16']
      return spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] })
    })
    await Promise.all(children.map((child) => once(child.stdout!, 'data')))
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(children.map((child) => once(child, 'exit')))
    killed += children.length
    await sleep(500)
  }
  return killed
}

await using exporter = await Exporter.start()
const churn = await Held.script('./churn.ts', String(BATCH))
const end = new AbortController()
const storming = storm(end.signal)
const points: [seconds: number, rssMB: number][] = []
const began = performance.now()
let text = ''
while (performance.now() - began < seconds * 1000) {
  await sleep(1000)
  if (points.length % 5 === 0) text = await exporter.get('/metrics')
  points.push([(performance.now() - began) / 1000, rssMB(exporter.pid)])
}
end.abort()
const killed = await storming
await churn[Symbol.asyncDispose]()
const settled = points.slice(Math.floor(points.length / 2))
const perMinute = slope(settled) * 60
const opened = Math.round((seconds / 0.2) * BATCH)
const rows: Row[] = [
  {
    what: 'soak: memory gained a minute, second half',
    value: perMinute,
    unit: 'MB',
    note: `${seconds} s, about ${opened.toLocaleString('en')} listeners opened and closed, ${killed} processes killed; RSS ${Math.round(settled[0]![1])} to ${Math.round(settled.at(-1)![1])} MB; sampler restarts: ${of(text, 'spillway_exporter_sampler_restarts_total')}`,
  },
]
console.log(JSON.stringify(rows))
