/**
 * `npm test`: all tests, or those of the files and folders that are named. First those that stand beside their units, as
 * many files at a time as there are CPUs; then, one at a time, those in test/, which start labs, containers and browsers.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { spec } from 'node:test/reporters'
import { parseArgs } from 'node:util'
import { describeError, UsageError } from '#common/errors.ts'
import { parseDurationMs } from '#common/parse.ts'
import { runPasses, type TestEvent } from './passes.ts'
import { descendantsOf, signalAll } from './process-tree.ts'

const usage = 'Write: npm test -- [--limit=5m] FILE|FOLDER…'
/** None of our tests are in these. */
const skipped = new Set(['node_modules', 'dist', 'runs', 'results'])

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    signalAll(descendantsOf(process.pid), 'SIGTERM')
    process.exit(128 + os.constants.signals[signal])
  })

try {
  const { files, limitMs } = readArguments(process.argv.slice(2))
  const [together, alone] = [files.filter((file) => !wantsTheMachine(file)), files.filter(wantsTheMachine)]
  const passes = [
    { files: together, concurrency: os.availableParallelism() },
    { files: alone, concurrency: 1 },
  ]
  await pipeline(runPasses(passes, limitMs), failures, new spec(), process.stdout, { end: false })
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`)
  process.exitCode = 2
}

/** Lets everything through; the command ends with status 1 if a test fails. */
async function* failures(events: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  for await (const event of events) {
    const { type, data } = event
    if (type === 'test:fail' && data.todo === undefined) process.exitCode = 1
    yield event
  }
}

/** Labs, containers and browsers load the machine, and what crosses rooms may share ports and names. */
function wantsTheMachine(file: string): boolean {
  return path.relative(process.cwd(), file).startsWith(`test${path.sep}`)
}

function readArguments(args: string[]): { files: string[]; limitMs: number } {
  const { values, positionals } = parseArgs({
    args,
    options: { limit: { type: 'string' } },
    allowPositionals: true,
    strict: false,
  })
  const { limit = '5m', ...others } = values
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new UsageError(`npm test has no option --${unknown}`, usage)
  const limitMs = parseDurationMs('--limit', String(limit), { min: 100, max: 3_600_000 })
  const files = (positionals.length > 0 ? positionals : ['.']).flatMap((name) => testsIn(path.resolve(name)))
  return { files: [...new Set(files)], limitMs }
}

/** A test file itself, or those of a folder. */
function testsIn(place: string): string[] {
  const stats = fs.statSync(place, { throwIfNoEntry: false })
  const files = stats?.isDirectory() ? below(place) : stats?.isFile() ? [place] : []
  if (files.length === 0) throw new UsageError(`${path.relative(process.cwd(), place) || '.'} contains no tests`, usage)
  return files.sort()
}

function below(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const place = path.join(folder, entry.name)
    if (entry.isDirectory()) return skipped.has(entry.name) || entry.name.startsWith('.') ? [] : below(place)
    return entry.name.endsWith('.test.ts') ? [place] : []
  })
}
