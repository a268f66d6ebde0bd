/**
 * `node scripts/kernels/inside.ts WORD…`: finds out on the kernel that it runs on what each word names (`exact`, a file of tests, an
 * experiment), and prints it as one JSON object a line as soon as it is known.
 */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { run } from 'node:test'
import { promisify } from 'node:util'
import { sayFaults } from '#common/entry.ts'
import { describeError, Failure } from '#common/errors.ts'
import { duration } from '#common/quantities.ts'
import { bandInWords, seenInWords, type Verdict } from '#lab/experiment/verdict.ts'
import { whysHere } from '#services/exporter/sampler/exact.ts'
import { type Found, type Line, saidIn } from './record.ts'

const root = path.resolve(import.meta.dirname, '../..')
/** In an emulated machine everything takes ten times as long. */
const TEST_LIMIT_MS = 300_000
/** By the clock of the machine: what hangs must not take the time of what is asked after it. */
const EXPERIMENT_LIMIT_MS = 600_000

const print = (line: Line): boolean => process.stdout.write(`${JSON.stringify(line)}\n`)
const found = (row: Found): boolean =>
  print({ is: 'found', ...row, says: row.says.map((words) => saidIn(root, words)) })

sayFaults('kernels')
// Each file of tests starts processes of the same modules, which an emulated machine compiles in seconds.
process.env.NODE_COMPILE_CACHE ??= path.join(root, 'node_modules/.cache/node')
print({ is: 'kernel', release: os.release(), version: os.version(), node: process.version })
const [tests, others] = [true, false].map((ofTests) =>
  process.argv.slice(2).filter((word) => word.endsWith('.test.ts') === ofTests),
)
for (const word of others!) {
  if (word === 'exact') exactFeatures()
  else found(await experimentOf(word))
}
// As `npm test` runs what stands beside its unit.
const queue = tests!.values()
await Promise.all(Array.from({ length: os.availableParallelism() }, () => testsInTurn()))

async function testsInTurn(): Promise<void> {
  for (const file of queue) found(await testsOf(file))
}

function exactFeatures(): void {
  for (const [name, why] of Object.entries(whysHere()))
    found({ part: 'exact', name, outcome: why === null ? 'on' : 'off', says: why === null ? [] : [why] })
}

async function testsOf(file: string): Promise<Found> {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const says = new Set<string>()
  const events = run({
    files: [path.join(root, file)],
    isolation: 'process',
    execArgv: [`--test-timeout=${TEST_LIMIT_MS}`],
  })
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    if (type === 'test:fail') {
      counts.failed++
      says.add(`${path.isAbsolute(data.name) ? 'the file as a whole' : data.name}: ${firstLines(data.details.error)}`)
    } else if (data.skip !== undefined) {
      counts.skipped++
      if (typeof data.skip === 'string' && data.skip !== '') says.add(data.skip)
    } else counts.passed++
  }
  const { passed, failed } = counts
  const outcome = failed > 0 ? 'failed' : passed > 0 ? 'passed' : 'not judged'
  return { part: 'tests', name: file, outcome, counts, says: [...says] }
}

/** What failed, of an error that Node's runner has wrapped. */
function firstLines(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause.message : String(error.cause ?? error.message)
  return cause.trim().split('\n').slice(0, 6).join(' ').replaceAll(/\s+/g, ' ')
}

async function experimentOf(name: string): Promise<Found> {
  const out = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-kernels-'))
  const row = { part: 'experiments', name } as const
  try {
    const verdict = verdictIn(await printedBy(['run', name, '--json', '--out', out]))
    if (verdict === undefined) return { ...row, outcome: 'failed', says: ['it gave no verdict'] }
    const { status, reason, expectations } = verdict
    const judged = expectations.filter(({ notJudged }) => notJudged === null)
    return {
      ...row,
      outcome: status === 'broken' ? 'failed' : status,
      says: [
        ...(reason === null ? [] : [reason]),
        ...judged
          .filter(({ passed }) => !passed)
          .map((one) => `${one.sentence}: expected ${bandInWords(one)}, seen ${seenInWords(one)}`),
      ],
      seen: Object.fromEntries(judged.map(({ sentence, seen }) => [sentence, seen])),
    }
  } catch (error) {
    return { ...row, outcome: 'failed', says: [describeError(error)] }
  } finally {
    fs.rmSync(out, { recursive: true, force: true })
  }
}

/** A verdict that failed is one too: its status is 1. */
async function printedBy(args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(path.join(root, 'bin/spillway'), args, {
      maxBuffer: 1 << 28,
      timeout: EXPERIMENT_LIMIT_MS,
    })
    return stdout
  } catch (error) {
    if (error instanceof Error && 'killed' in error && error.killed === true)
      throw new Failure(`it did not come to its end within ${duration(EXPERIMENT_LIMIT_MS)} of its machine`)
    if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string' && error.stdout !== '')
      return error.stdout
    if (error instanceof Error && 'stderr' in error && error.stderr !== '')
      throw new Failure(String(error.stderr).trim())
    throw error
  }
}

function verdictIn(printed: string): Verdict | undefined {
  const line = printed.split('\n').find((text) => text.startsWith('{'))
  return line === undefined ? undefined : JSON.parse(line)
}
