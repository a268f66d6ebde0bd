/** `spillway run`: runs experiments and prints their verdicts. */
import fs from 'node:fs'
import path from 'node:path'
import { experiments } from '#experiments/catalogue.ts'
import { type FinishedRun, runExperiment } from '#lab/experiment/run-experiment.ts'
import { cardHtml } from '#report/card.ts'
import { REPORT, writeReport } from '#report/write.ts'
import { makeFolder } from '../made-folder.ts'
import { progress } from '../progress.ts'
import { help, type RunCommand, readOptions } from './options.ts'
import { listInWords, verdictInWords } from './words.ts'

export async function run(args: string[]): Promise<void> {
  const command = await readOptions(args)
  if (command === 'help') process.stdout.write(help)
  else if (command === 'list') process.stdout.write(`${listInWords(experiments)}\n`)
  else process.exitCode = await runAll(command)
}

/** Runs them one after the other: on few cores two at once would disturb each other. Gives the exit status. */
async function runAll({ experiments, out, driver, json }: RunCommand): Promise<number> {
  await driver.preflight()
  makeFolder(out, '--out')
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => interrupt.abort(new Error(signal)))
  // Nothing reads the verdicts any more. Other errors of the output are reported by runEntry.
  process.stdout.on('error', () => interrupt.abort(new Error('the output was closed')))
  const finished: FinishedRun[] = []
  for (const experiment of experiments) {
    if (interrupt.signal.aborted) break
    const run = await runExperiment(experiment, {
      driver,
      out,
      signal: interrupt.signal,
      onPhase: (name, phase) => progress(`${experiment.name}: ${name === 'lab' ? '' : `${name}, `}${phase}`),
    })
    await writeReport(run.folder)
    progress('')
    finished.push(run)
    process.stdout.write(`${json ? JSON.stringify(run.verdict) : verdictInWords(run.verdict, run.folder)}\n`)
  }
  if (finished.length > 1) writeCard(out, finished)
  if (!json) process.stdout.write(`Reports: ${out}/${finished.length > 1 ? 'index.html' : '*/report.html'}\n`)
  const statuses = new Set(finished.map(({ verdict }) => verdict.status))
  return interrupt.signal.aborted || statuses.has('broken') ? 2 : statuses.has('failed') ? 1 : 0
}

/** One page that leads to the reports. */
function writeCard(out: string, finished: readonly FinishedRun[]): void {
  const lines = finished.map(({ verdict, folder }) => ({ verdict, href: `${path.relative(out, folder)}/${REPORT}` }))
  fs.writeFileSync(path.join(out, 'index.html'), cardHtml(lines))
}
