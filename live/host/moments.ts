/** A host moment by moment: snapshot, rows and findings, from a sampler of our own or from an exporter. */
import os from 'node:os'
import { duration, plural } from '#common/quantities.ts'
import type { HostEvidence } from '#findings/host/evidence.ts'
import type { HostFound } from '#findings/host/finding.ts'
import type { Snapshot } from '#services/exporter/snapshot.ts'
import type { ExporterAddress } from './exporter-address.ts'
import { ExporterFindings, type Finder, HostFindings } from './findings.ts'
import { type FollowOptions, followHost } from './follow.ts'
import { HostRows, type HostView } from './rows.ts'

export interface HostMoment {
  snapshot: Snapshot
  view: HostView
  findings: readonly HostFound[]
  /** What they were found in; undefined before the second look. */
  evidence: HostEvidence | undefined
  /** Who reads, and how often: `Linux 6.12, read every 10 ms`. */
  source: string
}

/** Hears that none come for now, and why. */
export type OnGap = (words: string) => void

/** Starts to watch a host, until `signal` ends it. */
export type MomentSource = (signal: AbortSignal, onGap: OnGap) => AsyncIterable<HostMoment>

/** This host, read by a sampler in this process. */
export async function* momentsHere(
  options: Omit<FollowOptions, 'owners'>,
  signal: AbortSignal,
): AsyncGenerator<HostMoment> {
  const findings = new HostFindings()
  const release = /^\d+\.\d+/.exec(os.release())?.[0] ?? os.release()
  const snapshots = followHost({ ...options, owners: findings.owners }, signal)
  yield* momentsOf(snapshots, new HostRows(), findings, `Linux ${release}`)
}

/** Whatever host an exporter reads. Throws a UsageError if none answers at first. */
export async function* momentsFrom(
  exporter: ExporterAddress,
  everyMs: number,
  signal: AbortSignal,
  onGap: OnGap,
): AsyncGenerator<HostMoment> {
  const { followExporter } = await import('./follow-exporter.ts')
  const rows = new HostRows()
  const snapshots = followExporter(exporter, everyMs, signal, (words) => {
    rows.forget()
    onGap(words)
  })
  yield* momentsOf(snapshots, rows, new ExporterFindings(exporter.host), `exporter at ${exporter}`)
}

/** What is not shown, because it may not be read. */
function unreadWords({ unread }: Snapshot): string {
  if (unread === undefined) return ''
  const { namespaces, processes, processesOfListeners } = unread
  const hidden = Math.max(processes, processesOfListeners)
  return [
    ...(namespaces === 0 ? [] : [`${plural(namespaces, 'namespace', 'namespaces')} not read`]),
    ...(hidden === 0 ? [] : [`${plural(hidden, 'process', 'processes')} hidden`]),
  ]
    .map((words) => `, ${words}`)
    .join('')
}

async function* momentsOf(
  snapshots: AsyncIterable<Snapshot>,
  rows: HostRows,
  finder: Finder,
  who: string,
): AsyncGenerator<HostMoment> {
  for await (const snapshot of snapshots) {
    const findings = finder.see(snapshot)
    const view = rows.see(snapshot)
    yield {
      snapshot,
      view,
      findings,
      evidence: finder.evidence,
      source: `${who}, ${view.peaksAreExact ? 'peaks exact, ' : ''}read every ${duration(view.sampleIntervalMs)}${unreadWords(snapshot)}`,
    }
  }
}
