/** What `spillway run` prints. */
import { duration, plural } from '#common/quantities.ts'
import type { Experiment } from '#experiments/vocabulary/experiment.ts'
import { bandInWords, seenInWords, type Verdict } from '#lab/experiment/verdict.ts'
import { wrap } from '../terminal/lines.ts'

const WIDTH = 100
const marks = { passed: '✓', failed: '✗', 'not judged': '–', broken: '!' } as const

/** A line for a verdict, and below it a block for whatever did not pass. */
export function verdictInWords(verdict: Verdict, folder: string): string {
  const { status, reason, expectations, experiment, durationMs, lagMs, sources } = verdict
  const passed = expectations.filter((one) => one.passed && one.notJudged === null).length
  const counts = expectations.length === 0 ? '' : `${passed} of ${expectations.length} expectations`
  const line = `${marks[status]} ${experiment.padEnd(24)} ${status.padEnd(10)} ${counts.padEnd(22)} ${duration(durationMs).padStart(9)}`
  const block: string[] = []
  if (reason !== null) block.push(`  ${reason}`)
  const untold = new Set(status === 'passed' ? expectations.map(({ notJudged }) => notJudged) : [])
  untold.delete(null)
  for (const expectation of expectations) {
    const { notJudged } = expectation
    if ((expectation.passed && notJudged === null) || untold.has(notJudged)) continue
    block.push(
      `  ${marks[notJudged === null ? 'failed' : 'not judged']} ${expectation.sentence}`,
      ...(notJudged === null ? [] : [`      not judged: ${notJudged}`]),
      `      expected ${bandInWords(expectation)}`,
      `      seen     ${seenInWords(expectation)} (counted by ${expectation.counted === 'both' ? 'kernel and userspace' : expectation.counted})`,
    )
  }
  // The verdict stands without them.
  for (const reason of untold) block.push(`  ${marks['not judged']} ${untoldInWords(reason, expectations)}`)
  if (block.length > 0 && status !== 'passed' && status !== 'not judged')
    block.push(
      ...sourcesInWords(sources, '  '),
      `  ${lagMs === null ? '' : `at worst ${duration(lagMs)} late; `}see ${folder}/report.html`,
    )
  return [line.trimEnd(), ...block].join('\n')
}

function untoldInWords(reason: string | null, expectations: Verdict['expectations']): string {
  const count = expectations.filter(({ notJudged }) => notJudged === reason).length
  return `${plural(count, 'expectation is', 'expectations are')} not judged: ${reason}`
}

/** What there is to run, what it teaches, and where that comes from. */
export function listInWords(experiments: readonly Experiment[]): string {
  return experiments
    .map(({ name, teaches, sources }) =>
      [name, ...wrap(teaches, WIDTH - 4).map((line) => `    ${line}`), ...sourcesInWords(sources, '    ')].join('\n'),
    )
    .join('\n')
}

/** One source a line: a path or an address in it can be opened as it stands. */
const sourcesInWords = (sources: readonly string[], indent: string): string[] =>
  sources.map((source, at) => `${indent}${at === 0 ? 'sources: ' : '         '}${source}`)
