/**
 * How long each part of the workshop that runs by itself takes: experiments and solutions, chapter by chapter. Writes
 * docs/workshop/times.json, which the page shows, and the table of docs/workshop/trainer.md.
 *
 * `node scripts/workshop-times.ts [NAME…]` measures these, or all. Of several measurements the quickest is kept, since a busy
 * machine only adds; `--table` writes the table anew and measures nothing.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Verdict } from '#lab/experiment/verdict.ts'

const root = path.resolve(import.meta.dirname, '..')
const folder = path.join(root, 'docs/workshop')
const file = path.join(folder, 'times.json')
const trainer = path.join(folder, 'trainer.md')

interface Times {
  /** In seconds, from the command to its end: lab, phases, report. */
  experiments: Record<string, number>
  /** Where each was measured. */
  machine: { kernel: string; cores: number }
}

interface Part {
  chapter: string
  name: string
  /** What `spillway run` is given. */
  run: string
}

const parts: Part[] = fs
  .readdirSync(folder)
  .filter((name) => /^\d\d-.*\.md$/.test(name))
  .sort()
  .flatMap((chapter) => {
    const text = fs.readFileSync(path.join(folder, chapter), 'utf8')
    const experiments = [...text.matchAll(/<!-- spillway run experiment ([\w-]+) -->/g)].map(([, name = '']) => ({
      chapter,
      name,
      run: name,
    }))
    const [, solution] = /run (docs\/workshop\/solutions\/[\w-]+\.ts)/.exec(text) ?? []
    return solution === undefined
      ? experiments
      : [...experiments, { chapter, name: path.basename(solution, '.ts'), run: solution }]
  })

const known: Partial<Times> = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {}
const times: Times = {
  machine: { kernel: os.release(), cores: os.availableParallelism() },
  experiments: { ...known.experiments },
}
const [first, ...names] = process.argv.slice(2)
if (first !== '--table')
  for (const part of parts) if (first === undefined || [first, ...names].includes(part.name)) measure(part)
writeTable()

function measure({ name, run }: Part): void {
  const out = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-times-'))
  const beganMs = performance.now()
  try {
    const said = execFileSync(path.join(root, 'bin/spillway'), ['run', run, '--json', '--out', out], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const { status, lagMs }: Verdict = JSON.parse(said)
    const seconds = (performance.now() - beganMs) / 1000
    process.stdout.write(`${name} ${seconds.toFixed(1)} s, ${status}, worst lag ${lagMs?.toFixed(0) ?? '–'} ms\n`)
    const before = times.experiments[name] ?? Number.POSITIVE_INFINITY
    times.experiments[name] = Math.round(Math.min(before, seconds) * 10) / 10
    fs.writeFileSync(file, `${JSON.stringify(times, null, 2)}\n`)
  } catch {
    process.stdout.write(`${name} did not pass: its time is not kept\n`)
  } finally {
    fs.rmSync(out, { recursive: true, force: true })
  }
}

/** Between its two marks; what was not measured has a dash. */
function writeTable(): void {
  if (!fs.existsSync(trainer)) return
  const chapters = Map.groupBy(parts, ({ chapter }) => chapter.slice(0, 2))
  const rows = [...chapters].flatMap(([chapter, parts]) => [
    ...parts.map(({ name }) => `| ${chapter} | \`${name}\` | ${secondsOf([name])} |`),
    `| ${chapter} | all of these | ${secondsOf(parts.map(({ name }) => name))} |`,
  ])
  const table = ['| chapter | runs by itself | takes, measured |', '| --- | --- | --- |', ...rows].join('\n')
  const text = fs.readFileSync(trainer, 'utf8')
  const marked = /(<!-- times: begin -->\n)[\s\S]*?(\n<!-- times: end -->)/
  fs.writeFileSync(
    trainer,
    text.replace(marked, (_, before: string, after: string) => `${before}\n${table}\n${after}`),
  )
}

/** Of several together only where each was measured. */
function secondsOf(names: readonly string[]): string {
  const seconds = names.reduce((sum, name) => sum + (times.experiments[name] ?? Number.NaN), 0)
  return Number.isNaN(seconds) ? '–' : `${Math.round(seconds)} s`
}
