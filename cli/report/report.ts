/** `spillway report`: one HTML file of one run or of several. */
import fs from 'node:fs'
import { UsageError } from '#common/errors.ts'
import type { Run } from '#lab/experiment/folder.ts'
import { openRun } from '#lab/experiment/open.ts'
import { reportHtml } from '#lab/report/report.ts'
import { help, readOptions } from './options.ts'

export async function report(args: string[]): Promise<void> {
  const command = readOptions(args)
  if (command === 'help') {
    process.stdout.write(help)
    return
  }
  const { folders, out, json } = command
  const runs: Run[] = []
  for (const folder of folders) runs.push(await openRun(folder))
  write(out, reportHtml(runs))
  const shown = runs.map(({ folder, verdict: { experiment, status, reason } }) => ({
    folder,
    experiment,
    status,
    reason,
  }))
  if (json) process.stdout.write(`${JSON.stringify({ report: out, runs: shown })}\n`)
  else process.stdout.write(`${out}\n`)
}

function write(file: string, text: string): void {
  try {
    fs.writeFileSync(file, text)
  } catch (error) {
    throw new UsageError(
      `Cannot write ${file}: ${(error as NodeJS.ErrnoException).code}`,
      'Name another file with --out FILE',
    )
  }
}
