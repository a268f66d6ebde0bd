/** What `spillway check` prints of the evidence, and how it ends: loaded while the two looks lie apart. */
import type { HostEvidence } from '#findings/host/evidence.ts'
import { severities } from '#findings/host/finding.ts'
import { type HostReport, reportOf } from '#live/host/report.ts'
import { writePage } from '../page-file.ts'
import { wantsColour } from '../terminal/colour.ts'
import { jsonLines } from './json.ts'
import { junit } from './junit.ts'
import type { CheckOptions } from './options.ts'
import { reportInWords, type Style } from './text.ts'

/** Prints the report; true if it fails by what was asked for. */
export function say(host: HostEvidence, options: CheckOptions): boolean {
  const report = reportOf(host, options)
  if (options.junit !== undefined) writePage(options.junit, junit(report, options.failOn), '--junit')
  process.stdout.write(options.json ? jsonLines(report) : reportInWords(report, style()))
  return fails(report, options.failOn)
}

const style = (): Style => ({
  colour: wantsColour(process.stdout),
  columns: Math.max(60, process.stdout.isTTY === true ? process.stdout.columns : 80),
})

function fails({ findings, expectations }: HostReport, failOn: CheckOptions['failOn']): boolean {
  if (expectations.some(({ met }) => !met)) return true
  if (failOn === 'never') return false
  return findings.some(({ severity }) => severities.indexOf(severity) <= severities.indexOf(failOn))
}
