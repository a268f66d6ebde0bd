/**
 * `npm run bench`: what the instrument costs, always as a ratio to something measured in the same run. Prints a table
 * and writes it to bench/results/ as Markdown and JSON. `--quick` takes fewer and shorter rounds; `--strict` makes a
 * missed target an error.
 */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { runEntry } from '#common/entry.ts'
import { describeError, UsageError } from '#common/errors.ts'
import { type Grammar, readCommandLine } from '#common/options.ts'
import { inNamespace } from './namespace.ts'
import { markdown, notMeasured, type Row, verdict } from './rows.ts'
import { compile, has, versionOf } from './tools.ts'

process.env.PATH += ':/usr/sbin:/sbin' // where Debian keeps hping3, and a plain user's shell does not look

const run = promisify(execFile)
const planner = path.join(import.meta.dirname, 'planner.ts')
const results = path.join(import.meta.dirname, 'results')

const grammar = {
  command: 'npm run bench --',
  options: { quick: { type: 'boolean', default: false }, strict: { type: 'boolean', default: false } },
} as const satisfies Grammar

const help = `Usage: npm run bench -- [OPTION…]

Measures what the instrument costs, as ratios, and writes them to bench/results/.

  --quick    fewer and shorter rounds
  --strict   a missed target is an error
  --help     this text
`

await runEntry('bench', async () => {
  const options = readCommandLine(grammar, process.argv.slice(2), ({ values }) => values)
  if (options === undefined) process.stdout.write(help)
  else process.exitCode = await bench(options)
})

/** 2 if something could not be measured although its tools are there; with --strict 1 if a target was missed; else 0. */
async function bench({ quick, strict }: { quick: boolean; strict: boolean }): Promise<number> {
  const speed = quick ? 'quick' : 'full'
  const tools = { cc: has('cc'), ss: has('ss'), hping3: has('hping3'), chromium: has('chromium') }
  if (!has('unshare') || !has('ip')) throw new UsageError('Without network namespaces nothing can be measured')

  using folder = fs.mkdtempDisposableSync(path.join(os.tmpdir(), 'spillway-bench-'))
  const rows: Row[] = []
  let broken = false
  const add = async (what: string, work: () => Promise<string>): Promise<void> => {
    console.error(`Measuring ${what} …`)
    try {
      const more: Row[] = JSON.parse(await work())
      rows.push(...more)
    } catch (error) {
      console.error(describeError(error))
      rows.push(notMeasured(what, 'it failed, see above'))
      broken = true
    }
  }

  if (tools.cc)
    await add('dumps, with up to 21,000 connections open', () =>
      inNamespace(
        new URL('./dumps.ts', import.meta.url),
        compile('dump', folder.path),
        speed,
        tools.ss ? 'ss' : 'no-ss',
      ),
    )
  else rows.push(notMeasured('dumps', 'cc is missing'))

  await add('sampling once a millisecond and every 10 ms', () =>
    inNamespace(new URL('./sampling.ts', import.meta.url), tools.cc ? compile('sampler', folder.path) : 'none', speed),
  )

  await add('the exporter on hosts of several sizes', () =>
    inNamespace(
      new URL('./scale.ts', import.meta.url),
      speed,
      has('prometheus-node-exporter') ? 'prometheus-node-exporter' : 'none',
    ),
  )
  await add('the lag of counters beside 60 busy processes', () =>
    inNamespace(new URL('./stress.ts', import.meta.url), speed),
  )
  await add('what spillway top sees and costs', () =>
    inNamespace(new URL('./top.ts', import.meta.url), tools.cc ? compile('spikes', folder.path) : 'none', speed),
  )
  await add('what exact readings cost', () => inNamespace(new URL('./exact.ts', import.meta.url), speed))
  await add('spillway check with 10,000 listeners', () =>
    inNamespace(new URL('./check.ts', import.meta.url), tools.ss ? 'ss' : 'no-ss', speed),
  )
  await add('the memory of the exporter while listeners come and go', () =>
    inNamespace(new URL('./soak.ts', import.meta.url), speed),
  )

  await add('the install for hosts', () => inNamespace(new URL('./slim.ts', import.meta.url)))

  if (tools.hping3) await add('SYNs a second', () => inNamespace(new URL('./flood.ts', import.meta.url), speed))
  else rows.push(notMeasured('SYNs a second, half-open client : hping3 --flood', 'hping3 is missing'))

  if (tools.chromium)
    await add('frames of the live board', () => inNamespace(new URL('./board.ts', import.meta.url), 'chromium', speed))
  else rows.push(notMeasured('live board: a frame', 'chromium is missing'))

  await add('a million simulated connections', async () => (await run(process.execPath, [planner, speed])).stdout)

  report(rows, speed)
  if (broken) return 2
  // A busy machine misses a target by chance, so a miss is shown always and an error only when asked for.
  return strict && rows.some((row) => verdict(row) === 'missed') ? 1 : 0
}

function report(rows: Row[], speed: string): void {
  const machine = {
    kernel: os.release(),
    cpus: `${os.availableParallelism()} × ${os.cpus()[0]?.model ?? 'unknown'}`,
    node: process.version,
    ss: versionOf('ss', '-V'),
    speed,
    time: new Date().toISOString(),
  }
  const about = `Linux ${machine.kernel}, ${machine.cpus}, Node ${machine.node}, ${speed} run, ${machine.time}`
  const table = markdown(rows)
  fs.mkdirSync(results, { recursive: true })
  fs.writeFileSync(path.join(results, 'bench.md'), `# What the instrument costs\n\n${about}\n\n${table}\n`)
  const judged = rows.map((row) => ({ ...row, verdict: verdict(row) }))
  fs.writeFileSync(path.join(results, 'bench.json'), `${JSON.stringify({ machine, rows: judged }, null, 2)}\n`)
  console.log(`${table}\n\n${about}\nWritten to ${path.relative(process.cwd(), results)}/bench.md and bench.json`)
}
