/** `spillway report`: one HTML file of one run or of several. */
import type { Run } from '#lab/experiment/folder.ts'
import { openRun } from '#lab/experiment/open.ts'
import { reportHtml } from '#report/report.ts'
import { writePage } from '../page-file.ts'
import { help, readOptions } from './options.ts'

export async function report(args: string[]): Promise<void> {
  const command = readOptions(args)
  if (command === undefined) {
    process.stdout.write(help)
    return
  }
  const { folders, out, json } = command
  const runs: Run[] = []
  for (const folder of folders) runs.push(await openRun(folder))
  writePage(out, reportHtml(runs), '--out')
  const shown = runs.map(({ folder, verdict: { experiment, status, reason } }) => ({
    folder,
    experiment,
    status,
    reason,
  }))
  if (json) process.stdout.write(`${JSON.stringify({ report: out, runs: shown })}\n`)
  else process.stdout.write(`${out}\n`)
}
