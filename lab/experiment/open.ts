/** Opens the folder of a run, whole or cut off. */
import fs from 'node:fs'
import path from 'node:path'
import { Failure, UsageError } from '#common/errors.ts'
import { reasonOf } from '#common/system-errors.ts'
import { type Run, readFolder, VERDICT, writeFolder } from './folder.ts'
import { JOURNAL, readHead, readJournal } from './journal.ts'
import type { Recording } from './recording.ts'
import { summaryOf } from './summary.ts'
import type { Verdict } from './verdict.ts'

/**
 * Reads a run. One that was cut off is finished first: its tables are written, and a verdict that judges nothing. Its
 * journal stays, since the run may still be under way. Throws a UsageError for a folder that holds no run, or a damaged one.
 */
export async function openRun(folder: string): Promise<Run> {
  const journal = path.join(folder, JOURNAL)
  try {
    if (isCutOff(folder)) await recover(folder, journal)
    const run = await readFolder(folder)
    check(run.verdict)
    return run
  } catch (error) {
    if (error instanceof UsageError) throw error
    // Any other failure comes from the contents of the files.
    const why =
      error instanceof Failure
        ? error.message
        : (reasonOf(error) ?? `${JOURNAL} or a table has contents that no run writes`)
    throw new UsageError(`The run in ${folder} is damaged: ${why}`, 'Run the experiment again')
  }
}

/** Whether a folder has a run in it, be it cut off. */
export const holdsRun = (folder: string): boolean =>
  [VERDICT, JOURNAL].some((file) => fs.existsSync(path.join(folder, file)))

/** A journal that is newer than the verdict has more to say than the verdict. */
function isCutOff(folder: string): boolean {
  const [journal, verdict] = [JOURNAL, VERDICT].map((file) =>
    fs.statSync(path.join(folder, file), { bigint: true, throwIfNoEntry: false }),
  )
  if (journal === undefined && verdict === undefined)
    throw new UsageError(
      `There is no run in ${folder}: neither ${VERDICT} nor ${JOURNAL}`,
      'Name a folder that spillway run has written, or one that holds such folders',
    )
  return journal !== undefined && (verdict === undefined || journal.mtimeNs > verdict.mtimeNs)
}

async function recover(folder: string, journal: string): Promise<void> {
  const head = readHead(journal)
  if (head === undefined)
    throw new UsageError(`The run in ${folder} was cut off before anything was written`, 'Run the experiment again')
  const recordings = readJournal(journal)
  const verdict: Verdict = {
    ...head,
    status: 'not judged',
    reason: `the run was cut off ${placeOf(recordings)}`,
    expectations: [],
    durationMs: Math.max(0, lastMoment(recordings.at(-1)) - (recordings[0]?.listeners.atMs[0] ?? 0)),
    lagMs: null,
    cases: recordings.map(summaryOf),
  }
  await writeFolder(folder, verdict, recordings)
}

/** Where it was cut off: `in phase burst of case small`. */
function placeOf(recordings: readonly Recording[]): string {
  const last = recordings.at(-1)
  if (last === undefined) return 'before its first lab was ready'
  const of = recordings.length > 1 ? ` of case ${last.case}` : ''
  const phase = last.phases.at(-1)
  if (phase === undefined) return `before the first phase${of}`
  return `${Number.isNaN(phase.endedMs) ? 'in' : 'after'} phase ${phase.name}${of}`
}

const lastMoment = (recording: Recording | undefined): number =>
  Math.max(recording?.listeners.atMs.at(-1) ?? 0, recording?.events.at(-1)?.atMs ?? 0)

/** What the report relies on. A verdict is written by this program: more than its form need not be checked. */
function check(verdict: Verdict): void {
  if (typeof verdict !== 'object' || verdict === null) throw new Failure(`${VERDICT} does not contain a verdict`)
  if (verdict.format !== 1)
    throw new Failure(`${VERDICT} has format ${JSON.stringify(verdict.format)}; this Spillway reads format 1`)
  if (!Array.isArray(verdict.expectations) || !Array.isArray(verdict.cases) || typeof verdict.machine !== 'object')
    throw new Failure(`${VERDICT} lacks expectations, cases or machine`)
  // Runs of before lateness was kept.
  for (const one of verdict.cases) one.lateness ??= []
  for (const one of verdict.expectations) one.notJudged ??= null
}
