import fs from 'node:fs'
import path from 'node:path'
import { readFolder } from '#lab/experiment/folder.ts'
import { reportHtml } from './report.ts'

export const REPORT = 'report.html'

/** Writes the report of a run into its folder, from the files there. */
export async function writeReport(folder: string): Promise<void> {
  fs.writeFileSync(path.join(folder, REPORT), reportHtml([await readFolder(folder)]))
}
