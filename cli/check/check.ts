/** `spillway check`: whether this host turns clients away, which socket, whose, why, and what to type. */
import type { HostEvidence } from '#findings/host/evidence.ts'
import { severities } from '#findings/host/finding.ts'
import { evidenceOfHost } from '#live/host/evidence.ts'
import { type HostReport, reportOf } from '#live/host/report.ts'
import { writePage } from '../page-file.ts'
import { stopOnSignal } from '../stop-on-signal.ts'
import { wantsColour } from '../terminal/colour.ts'
import { jsonLines } from './json.ts'
import { junit } from './junit.ts'
import { type CheckOptions, help, readOptions } from './options.ts'
import { reportInWords, type Style } from './text.ts'

export async function check(args: string[]): Promise<void> {
  const options = readOptions(args)
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  const stop = stopOnSignal()
  try {
    const host = await evidenceOf(options, stop.signal)
    const report = reportOf(host, options)
    if (options.junit !== undefined) writePage(options.junit, junit(report, options.failOn), '--junit')
    process.stdout.write(options.json ? jsonLines(report) : reportInWords(report, style()))
    process.exitCode = fails(report, options.failOn) ? 1 : 0
  } catch (error) {
    if (!stop.signal.aborted) throw error
    process.exitCode = 130
  }
}

/** Prometheus and its client are loaded only for those who ask for them. */
async function evidenceOf({ from, namespaces }: CheckOptions, signal: AbortSignal): Promise<HostEvidence> {
  if (from === undefined) return evidenceOfHost({ namespaces, signal })
  const { evidenceOfPrometheus } = await import('#live/host/from-prometheus.ts')
  const { Prometheus } = await import('#planner/inputs/prometheus.ts')
  const { credentialsFrom } = await import('../plan/credentials.ts')
  return evidenceOfPrometheus(new Prometheus(from.url, credentialsFrom(undefined)), from.rangeMs)
}

const style = (): Style => ({
  colour: wantsColour(process.stdout),
  columns: Math.max(60, process.stdout.isTTY === true ? process.stdout.columns : 80),
})

export function fails({ findings, expectations }: HostReport, failOn: CheckOptions['failOn']): boolean {
  if (expectations.some(({ met }) => !met)) return true
  if (failOn === 'never') return false
  return findings.some(({ severity }) => severities.indexOf(severity) <= severities.indexOf(failOn))
}
