/** `spillway run`: runs experiments and prints their verdicts. */
import fs from 'node:fs'
import path from 'node:path'
import { experiments } from '#experiments/catalogue.ts'
import { type Experiment, ONLY_CASE } from '#experiments/vocabulary/experiment.ts'
import { AFTERWARDS } from '#lab/experiment/recording.ts'
import { type FinishedRun, runExperiment } from '#lab/experiment/run-experiment.ts'
import { cardHtml } from '#report/card.ts'
import { REPORT, writeReport } from '#report/write.ts'
import { makeFolder } from '../made-folder.ts'
import { openPage } from '../open-page.ts'
import { ticking } from '../progress.ts'
import { quoted } from '../quoted.ts'
import { pointLatest } from './latest.ts'
import { help, type RunCommand, readOptions } from './options.ts'
import { listInWords, verdictInWords } from './words.ts'

export async function run(args: string[]): Promise<void> {
  const command = await readOptions(args)
  if (command === 'help') process.stdout.write(help)
  else if (command === 'list') process.stdout.write(`${listInWords(experiments)}\n`)
  else process.exitCode = await runAll(command)
}

/** Runs them one after the other: on few cores two at once would disturb each other. Gives the exit status. */
async function runAll({ asked, out, driver, own, json, open }: RunCommand): Promise<number> {
  await driver.preflight()
  makeFolder(out, '--out')
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => interrupt.abort(new Error(signal)))
  // Nothing reads the verdicts any more. Other errors of the output are reported by runEntry.
  process.stdout.on('error', () => interrupt.abort(new Error('the output was closed')))
  const finished: FinishedRun[] = []
  // A program that reads JSON wants nothing else; a person, or the log of one, sees each phase.
  using stages = ticking({ lines: !json })
  for (const { word, experiment } of asked) {
    if (interrupt.signal.aborted) break
    stages.say(`${experiment.name}: starting its lab …`)
    const run = await runExperiment(experiment, {
      driver,
      asked: quoted(word),
      own: own?.wish,
      askedOf: own?.typed ?? '',
      out,
      signal: interrupt.signal,
      onPhase: (name, phase) => stages.say(phaseInWords(experiment, name, phase)),
    })
    stages.say(`${experiment.name}: writing its report …`)
    await writeReport(run.folder)
    stages.say('')
    finished.push(run)
    process.stdout.write(`${json ? JSON.stringify(run.verdict) : verdictInWords(run.verdict, run.folder)}\n`)
  }
  if (finished.length > 1) writeCard(out, finished)
  const newest = finished.length === 1 ? finished[0]!.folder : out
  const page = path.join(newest, finished.length === 1 ? REPORT : 'index.html')
  if (finished.length > 0) {
    if (!json) process.stdout.write(`Report${finished.length === 1 ? '' : 's'}: ${page}\n`)
    complain(pointLatest(newest))
    if (open) complain(await openPage(page))
  }
  const statuses = new Set(finished.map(({ verdict }) => verdict.status))
  return interrupt.signal.aborted || statuses.has('broken') ? 2 : statuses.has('failed') ? 1 : 0
}

/** What happens now: `sharding, two: burst (2 of 3)`. */
function phaseInWords({ name, phases }: Experiment, lab: string, phase: string): string {
  const place = lab === ONLY_CASE ? name : `${name}, ${lab}`
  if (phase === AFTERWARDS) return `${place}: waiting for its clients to end …`
  const all = Object.keys(phases)
  return `${place}: ${phase} (${all.indexOf(phase) + 1} of ${all.length})`
}

/** The run has its verdict, whatever becomes of the rest. */
const complain = (sentence: string | undefined): boolean =>
  sentence === undefined || process.stderr.write(`spillway: ${sentence}\n`)

/** One page that leads to the reports. */
function writeCard(out: string, finished: readonly FinishedRun[]): void {
  const lines = finished.map(({ verdict, folder }) => ({ verdict, href: `${path.relative(out, folder)}/${REPORT}` }))
  fs.writeFileSync(path.join(out, 'index.html'), cardHtml(lines))
}
